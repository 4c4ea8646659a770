/*
 * contenttrust.h: may this image be pulled, and by which digest?
 *
 * The library behind trustctl, for whatever pulls images. A verifier is made from a policy; asked about a reference, it says
 * which digest the tag is signed as today, or why the answer is no. Reasons, exit codes and texts are those of `trustctl verify
 * --policy`. docs/c-abi.md has an example, docs/cli/exit-codes.md the table of reasons.
 *
 * Errors and decisions. A function that can fail returns NULL, or a contenttrust_error that says why there is no answer: wrong
 * arguments (reason "usage"), a policy that cannot be read, and so on. Whatever can be asked gets a decision, also "could not
 * look" (reason "unreachable"). Outputs are set to NULL on failure, and a NULL decision is not admitted: whoever overlooks an
 * error pulls nothing.
 *
 * Handles. All types but the options are opaque, and their pointers must not be followed: they are numbers, which are never
 * given twice. Whatever is given out is freed by its own _free function, which takes NULL too. Using a handle that was freed, or
 * freeing it again, is a mistake of the caller; it is noticed, for as long as 64-bit numbers last, and harms nothing: functions
 * that return errors say "usage", accessors answer as for NULL, _free does nothing.
 *
 * Strings. What comes in is UTF-8 that ends with NUL, and is copied. What goes out is UTF-8 that ends with NUL, belongs to the
 * handle that it was asked of, and is valid until that is freed. It may quote what a registry or a file says, so escape it
 * before it reaches a terminal (contenttrust_decision_json() is escaped). A NUL from outside becomes U+FFFD.
 *
 * Threads. All functions may be called from any thread, on the same handles, at the same time. Freeing a handle while another
 * thread uses it is safe; that thread gets its answer, or what a freed handle gets. A string must not be read after another
 * thread has freed its handle.
 *
 * Processes. The library starts threads of its own, with signals blocked, so it must not be unloaded. It changes no signal
 * handler, prints nothing, reads no environment variable, and keeps files only in the state directory. Once a verifier was made,
 * or was to be made, the child of a fork() has none of the library's threads, and can never use it: there, functions that return
 * errors say so, and all others do nothing. Fork before the library is first used, or call exec().
 */
#ifndef CONTENTTRUST_H
#define CONTENTTRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version that a program is compiled against: contenttrust_abi_version() and contenttrust_version() are those it runs with.
 * The number grows when something that was there changes or goes, and then the soname does too. */
#define CONTENTTRUST_ABI_VERSION 1
#define CONTENTTRUST_VERSION "0.1.0"

#if defined(__GNUC__) || defined(__clang__)
#define CONTENTTRUST_MUST_USE __attribute__((warn_unused_result))
#else
#define CONTENTTRUST_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Decides; made from options. */
typedef struct contenttrust_verifier contenttrust_verifier;
/* What was decided about one image. */
typedef struct contenttrust_decision contenttrust_decision;
/* A question that is under way. */
typedef struct contenttrust_request contenttrust_request;
/* Why there is no answer. */
typedef struct contenttrust_error contenttrust_error;

/* The ABI version of the library that runs. Never fails. */
int contenttrust_abi_version(void);

/* The version of the library that runs, such as "0.1.0". Valid for ever. Never fails. */
const char *contenttrust_version(void);

/* ---- Options ------------------------------------------------------------------------------------------------------------ */

/*
 * Gets the record of a decision: one line of JSON, without a line end, in ASCII (docs/schemas/audit.schema.json: who asked what,
 * the verdict, reason, rule and evidence). `record` is valid during the call only.
 *
 * Called before the decision is handed out, on the thread that asked or one of the library's, from several threads at once. It
 * must not block for long, and must not call contenttrust_decide().
 */
typedef void (*contenttrust_audit_callback)(const char *record, void *context);

/* Called once, on any thread, when a context that was handed over will not be used any more. */
typedef void (*contenttrust_release_callback)(void *context);

/* Flags of the options. */
/* Asks nobody: answers from what the state directory holds. */
#define CONTENTTRUST_OFFLINE 1ull
/* Lets requests go over plain HTTP to servers that are not on this machine. Whoever can change such answers can hide what is
 * new until it expires; what is signed stays signed. */
#define CONTENTTRUST_ALLOW_PLAIN_HTTP 2ull

/*
 * How a verifier is made. Begin with CONTENTTRUST_OPTIONS_INIT, or zero all of it and set `size`. Later versions add members at
 * the end; a library that does not know one refuses it if it is not zero.
 */
typedef struct contenttrust_options {
    /* sizeof(contenttrust_options). */
    size_t size;
    /* The policy (docs/policy.md). Required; it and what it names must belong to the user or root, and be written by nobody else. */
    const char *policy_path;
    /* The directory for state: what was seen of each repository, which later answers may not fall behind, and what was
     * downloaded. Made when it is missing. Required. Processes may share one. */
    const char *state_path;
    /* A file of registry credentials as docker's config.json. NULL asks as nobody. */
    const char *credentials_path;
    /* The environment for credential helpers that this file names, NAME=value each and a NULL at the end, such as `environ`;
     * they are looked for in its PATH. NULL runs none: a repository that needs one is answered "unauthorized". */
    const char *const *helper_environment;
    /* PEM certificates of authorities to trust for TLS beside those of the system. NULL for none. */
    const char *certificate_authorities_path;
    /* http://[user:password@]host:port for requests by plain HTTP and by HTTPS, and the hosts that are reached without. NULL for
     * none; the library does not read http_proxy and the like by itself. */
    const char *http_proxy;
    const char *https_proxy;
    const char *no_proxy;
    /* What registries see in User-Agent; NULL for one of the library's own. Printable ASCII, 1 to 256 characters. */
    const char *user_agent;
    /* How many seconds ago a registry may have been asked for an answer from memory, 0 to 3600. 0 asks it every time. */
    int64_t maximum_age;
    /* The longest that a decision may take, in milliseconds; after it the reason is "unreachable". 0 sets no such limit: each
     * request has one of its own. At most 86400000. */
    int64_t timeout_ms;
    /* Gets a record of each decision; NULL for none. */
    contenttrust_audit_callback audit;
    /* Handed to `audit`, and to `audit_release` when it will not be called any more: after contenttrust_verifier_free(), once
     * all questions that were under way have ended. Not called when contenttrust_verifier_create() fails. */
    void *audit_context;
    contenttrust_release_callback audit_release;
    /* CONTENTTRUST_OFFLINE and the like. */
    uint64_t flags;
} contenttrust_options;

/* The defaults: no policy and no state directory, which must be set, and answers from memory for a minute. */
#define CONTENTTRUST_OPTIONS_INIT                                                                                               \
    {                                                                                                                           \
        sizeof(contenttrust_options), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 60, 0, NULL, NULL, NULL, 0          \
    }

/* ---- Verifiers ---------------------------------------------------------------------------------------------------------- */

/*
 * Makes a verifier. The policy, and the files of certificates, are read now; nobody is asked yet. The file of credentials is read
 * when a registry wants some; that it is one is seen to now.
 *
 * Sets `*verifier`, which the caller frees. Errors: "usage" for wrong options and a policy with mistakes (the text has line and
 * column), "storage" when a file cannot be read or others can write the policy, "unauthorized" when the file of credentials is none.
 */
CONTENTTRUST_MUST_USE contenttrust_error *contenttrust_verifier_create(const contenttrust_options *options,
                                                                       contenttrust_verifier **verifier);

/*
 * Frees a verifier; never waits. Questions that are under way go on with it, and end as if it had not been freed; its connections
 * are closed when the last of them has ended.
 */
void contenttrust_verifier_free(contenttrust_verifier *verifier);

/*
 * Decides whether an image may be pulled, and waits for it. An answer from memory takes microseconds; otherwise registries are
 * asked. Must not be called from an audit callback; from a completion it may.
 *
 *   reference  REPO[:TAG][@DIGEST] as docker writes it, or oci:PATH[:TAG]; at most 4096 bytes. With tag and digest the digest must
 *              be what the tag is signed as ("tag-moved" otherwise); a digest alone must be what some tag is signed as.
 *   platform   OS/ARCH[/VARIANT]: the answer is the digest of that platform's manifest in the signed index. NULL for the signed
 *              digest itself.
 *   requester  who asks, for the record; at most 1024 bytes. NULL leaves it out.
 *
 * Sets `*decision`, which the caller frees. Errors: "usage" when the question is none.
 */
CONTENTTRUST_MUST_USE contenttrust_error *contenttrust_decide(contenttrust_verifier *verifier, const char *reference,
                                                              const char *platform, const char *requester,
                                                              contenttrust_decision **decision);

/* Gets a decision, which it must free. */
typedef void (*contenttrust_completion_callback)(contenttrust_decision *decision, void *context);

/*
 * As contenttrust_decide(), without waiting. The answer comes to `completion`, to `*request`, or both; one may be NULL.
 *
 *   completion  called exactly once, on a thread of the library, possibly before this function returns; also after
 *               contenttrust_request_cancel() and the freeing of request or verifier. Completions of one verifier are called one
 *               after the other, so one that blocks holds up the others, and nothing else.
 *   context     handed to `completion`. It is not used after that was called.
 *   request     set to a request, which the caller frees.
 *
 * Errors: as contenttrust_decide(); then `completion` is not called.
 */
CONTENTTRUST_MUST_USE contenttrust_error *contenttrust_decide_async(contenttrust_verifier *verifier, const char *reference,
                                                                    const char *platform, const char *requester,
                                                                    contenttrust_completion_callback completion, void *context,
                                                                    contenttrust_request **request);

/* ---- Requests ----------------------------------------------------------------------------------------------------------- */

/*
 * A file descriptor that poll() reports as readable when the decision is there, for event loops. It belongs to the request: do
 * not read from it, and do not close it; it is closed when the request is freed. -1 when the system has none to give.
 */
int contenttrust_request_descriptor(contenttrust_request *request);

/*
 * Sets `*decision`, which the caller frees, or NULL when it is not there yet. May be asked again; each decision is one to free.
 * Never waits.
 */
CONTENTTRUST_MUST_USE contenttrust_error *contenttrust_request_result(contenttrust_request *request,
                                                                      contenttrust_decision **decision);

/*
 * Ends the question soon. A decision comes all the same: the answer, if it was quicker, else a refusal with "unreachable", for
 * nobody looked to the end.
 */
void contenttrust_request_cancel(contenttrust_request *request);

/* Frees a request. A question that is under way is cancelled; its completion, if it has one, is called all the same. */
void contenttrust_request_free(contenttrust_request *request);

/* ---- Decisions ---------------------------------------------------------------------------------------------------------- */

/* Frees a decision, and all strings that were asked of it. */
void contenttrust_decision_free(contenttrust_decision *decision);

/* Whether the image may be pulled; see contenttrust_decision_image() for what to pull then. false for NULL. */
bool contenttrust_decision_is_admitted(const contenttrust_decision *decision);

/* Why it may: "trusted", or what in the policy lets it through although it is not: "unsigned", "excepted", "audited". NULL when it
 * may not. */
const char *contenttrust_decision_admission(const contenttrust_decision *decision);

/* The reason: "trusted", or that of the refusal, also where the image is admitted all the same. Codes can be added: treat those
 * that you do not know as refusals. Never NULL: "usage" for a NULL decision. */
const char *contenttrust_decision_reason(const contenttrust_decision *decision);

/* The exit status of `trustctl verify --policy`: 0 where the image may be pulled, else the number of the reason; 64 for NULL. */
int contenttrust_decision_exit_code(const contenttrust_decision *decision);

/* REPO@DIGEST to pull by: only a trusted decision has one, NULL otherwise.
 *
 * What is admitted without being trusted has to be pulled by the digest that was in the question. A question with a tag alone may
 * get an admission that rests on a digest, which the registry served at that moment: contenttrust_decision_json() then has the
 * member "admittedDigest". Do not pull the tag, for it may be served otherwise by then: ask again with REPO@DIGEST. Without that
 * member, any digest is let through, that of the tag too. */
const char *contenttrust_decision_image(const contenttrust_decision *decision);

/* The digest in it, the tag that is signed as it, its media type and its length in bytes; NULL, and -1, unless trusted. */
const char *contenttrust_decision_digest(const contenttrust_decision *decision);
const char *contenttrust_decision_tag(const contenttrust_decision *decision);
const char *contenttrust_decision_media_type(const contenttrust_decision *decision);
int64_t contenttrust_decision_size(const contenttrust_decision *decision);

/* The digest of the signed index, when the digest is that of a platform's manifest in it; NULL otherwise. */
const char *contenttrust_decision_index(const contenttrust_decision *decision);

/* A refusal in parts: what was checked and found, what was expected, and the next thing to do. The first two are there for every
 * refusal, the others where there is something to say; NULL otherwise. What to do next is said in the words of the command line:
 * where they name one of its options, --ca-cert for one, contenttrust_options has its like. */
const char *contenttrust_decision_checked(const contenttrust_decision *decision);
const char *contenttrust_decision_found(const contenttrust_decision *decision);
const char *contenttrust_decision_expected(const contenttrust_decision *decision);
const char *contenttrust_decision_next(const contenttrust_decision *decision);

/* All of it as one line of JSON (docs/schemas/decision.schema.json), in ASCII, with what a terminal would act on escaped. NULL for
 * NULL only. */
const char *contenttrust_decision_json(const contenttrust_decision *decision);

/* ---- Errors ------------------------------------------------------------------------------------------------------------- */

/* Frees an error, and all strings that were asked of it. */
void contenttrust_error_free(contenttrust_error *error);

/* The reason, such as "usage" or "storage"; never NULL. */
const char *contenttrust_error_reason(const contenttrust_error *error);

/* The exit status that trustctl has for it. */
int contenttrust_error_exit_code(const contenttrust_error *error);

/* One line for people: what was checked, found and expected, and what to do next; never NULL. */
const char *contenttrust_error_message(const contenttrust_error *error);

#ifdef __cplusplus
}
#endif

#endif
