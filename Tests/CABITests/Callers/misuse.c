/* Does what callers should not do, or do rarely, and expects what contenttrust.h promises.
 *
 *     misuse PART POLICY STATE [REFERENCE]
 */
#include <arpa/inet.h>
#include <contenttrust.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXPECT(condition)                                                                                                       \
    do {                                                                                                                        \
        if (!(condition)) {                                                                                                     \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                             \
            exit(70);                                                                                                           \
        }                                                                                                                       \
    } while (0)

static const char *policy, *state, *reference;

/* What happened to the callbacks. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int completions, records, releases;
static char last_reason[64];

static void count(int *counter)
{
    pthread_mutex_lock(&lock);
    ++*counter;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* Waits until a counter has a value, a minute at most. */
static void await(int *counter, int value)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 60;
    pthread_mutex_lock(&lock);
    while (*counter < value)
        EXPECT(pthread_cond_timedwait(&changed, &lock, &end) == 0);
    EXPECT(*counter == value);
    pthread_mutex_unlock(&lock);
}

static void audited(const char *record, void *context)
{
    EXPECT(context == &records && strncmp(record, "{\"at\":\"", 7) == 0);
    count(&records);
}

static void released(void *context)
{
    EXPECT(context == &records);
    count(&releases);
}

static void completed(contenttrust_decision *decision, void *context)
{
    EXPECT(context == &completions);
    pthread_mutex_lock(&lock);
    snprintf(last_reason, sizeof last_reason, "%s", contenttrust_decision_reason(decision));
    pthread_mutex_unlock(&lock);
    contenttrust_decision_free(decision);
    count(&completions);
}

static contenttrust_options valid(void)
{
    contenttrust_options options = CONTENTTRUST_OPTIONS_INIT;
    options.policy_path = policy;
    options.state_path = state;
    return options;
}

static contenttrust_verifier *made(const contenttrust_options *options)
{
    contenttrust_verifier *verifier = NULL;
    contenttrust_error *error = contenttrust_verifier_create(options, &verifier);
    if (error != NULL)
        fprintf(stderr, "%s\n", contenttrust_error_message(error));
    EXPECT(error == NULL && verifier != NULL);
    return verifier;
}

/* Expects an error with a reason and a word of its text, and frees it. */
static void refused(contenttrust_error *error, const char *reason, const char *word)
{
    EXPECT(error != NULL);
    if (strcmp(contenttrust_error_reason(error), reason) != 0 || strstr(contenttrust_error_message(error), word) == NULL) {
        fprintf(stderr, "expected [%s] %s: %s\n", reason, word, contenttrust_error_message(error));
        exit(70);
    }
    EXPECT(contenttrust_error_exit_code(error) != 0);
    contenttrust_error_free(error);
}

static void refused_options(contenttrust_options options, const char *reason, const char *word)
{
    contenttrust_verifier *verifier = (contenttrust_verifier *)&options;
    contenttrust_error *error = contenttrust_verifier_create(&options, &verifier);
    EXPECT(verifier == NULL);
    refused(error, reason, word);
    EXPECT(releases == 0);
}

static void refuse_options(void)
{
    refused(contenttrust_verifier_create(NULL, NULL), "usage", "verifier");
    contenttrust_verifier *verifier = (contenttrust_verifier *)&verifier;
    refused(contenttrust_verifier_create(NULL, &verifier), "usage", "options");
    EXPECT(verifier == NULL);
    contenttrust_options options = valid();
    refused(contenttrust_verifier_create(&options, NULL), "usage", "verifier");

    const size_t sizes[] = {0, 1, 8, sizeof options - 1, 5000, SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        options = valid();
        options.size = sizes[i];
        refused_options(options, "usage", "size");
    }
    /* A caller that was compiled against a later version. */
    struct {
        contenttrust_options known;
        uint64_t further[2];
    } later = {valid(), {0, 0}};
    later.known.size = sizeof later;
    contenttrust_verifier_free(made(&later.known));
    later.further[1] = 1;
    refused(contenttrust_verifier_create(&later.known, &verifier), "usage", "does not know");

#define WITH(member, value, reason, word)                                                                                       \
    do {                                                                                                                        \
        options = valid();                                                                                                      \
        options.audit = audited;                                                                                                \
        options.audit_context = &records;                                                                                       \
        options.audit_release = released;                                                                                       \
        options.member = value;                                                                                                 \
        refused_options(options, reason, word);                                                                                 \
    } while (0)
    char path[8192];
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = 0;
    const char *proxies[] = {"https://proxy.example.com", "http://", "http://a b:1", "socks5://p:1"};
    WITH(policy_path, NULL, "usage", "policy_path");
    WITH(policy_path, "", "usage", "policy_path");
    WITH(policy_path, path, "usage", "policy_path");
    WITH(policy_path, "\xff\xfe", "usage", "UTF-8");
    WITH(policy_path, "/nowhere/policy.json", "usage", "no such file");
    WITH(policy_path, "/proc", "storage", "/proc");
    WITH(state_path, NULL, "usage", "state_path");
    WITH(certificate_authorities_path, "/nowhere/ca.pem", "usage", "no such file");
    WITH(certificate_authorities_path, policy, "usage", "PEM");
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
        WITH(https_proxy, proxies[i], "usage", "https_proxy");
        WITH(http_proxy, proxies[i], "usage", "http_proxy");
    }
    WITH(user_agent, "a\nb", "usage", "user_agent");
    WITH(maximum_age, -1, "usage", "maximum_age");
    WITH(maximum_age, 3601, "usage", "maximum_age");
    WITH(timeout_ms, -1, "usage", "timeout_ms");
    WITH(timeout_ms, INT64_MAX, "usage", "timeout_ms");
    WITH(flags, 4, "usage", "flags");
    WITH(flags, UINT64_MAX, "usage", "flags");
    const char *const environment[] = {"PATH=/bin", NULL};
    WITH(helper_environment, environment, "usage", "credentials_path");
}

/* A question that is none, by each function that asks. */
static void refused_question(contenttrust_verifier *verifier, const char *asked, const char *platform, const char *requester,
                             const char *word)
{
    contenttrust_decision *decision = (contenttrust_decision *)&decision;
    contenttrust_request *request = (contenttrust_request *)&request;
    refused(contenttrust_decide(verifier, asked, platform, requester, &decision), "usage", word);
    EXPECT(decision == NULL);
    refused(contenttrust_decide_async(verifier, asked, platform, requester, completed, &completions, &request), "usage", word);
    EXPECT(request == NULL && completions == 0);
}

static void refuse_questions(void)
{
    contenttrust_options options = valid();
    options.flags = CONTENTTRUST_OFFLINE;
    contenttrust_verifier *verifier = made(&options);
    contenttrust_decision *decision;
    char length[4098];
    memset(length, 'a', sizeof length);
    length[sizeof length - 1] = 0;
    refused_question(NULL, "r.io/a:1", NULL, NULL, "verifier");
    refused_question((contenttrust_verifier *)&options, "r.io/a:1", NULL, NULL, "handle");
    refused_question(verifier, NULL, NULL, NULL, "reference");
    refused_question(verifier, "", NULL, NULL, "reference");
    refused_question(verifier, length, NULL, NULL, "longer");
    refused_question(verifier, "r.io/\xc3(:1", NULL, NULL, "UTF-8");
    refused_question(verifier, "r.io/A B:1", NULL, NULL, "reference");
    refused_question(verifier, "r.io/a:1", "", NULL, "platform");
    refused_question(verifier, "r.io/a:1", "linux", NULL, "platform");
    refused_question(verifier, "r.io/a:1", "linux/\xff", NULL, "UTF-8");
    refused_question(verifier, "r.io/a:1", length, NULL, "longer");
    refused_question(verifier, "r.io/a:1", NULL, length, "longer");
    refused(contenttrust_decide(verifier, "r.io/a:1", NULL, NULL, NULL), "usage", "decision");
    refused(contenttrust_decide_async(verifier, "r.io/a:1", NULL, NULL, NULL, NULL, NULL), "usage", "completion");

    /* What can be asked has a decision, and off line nobody has looked. */
    contenttrust_error *error = contenttrust_decide(verifier, "r.io/a:1", NULL, NULL, &decision);
    EXPECT(error == NULL && !contenttrust_decision_is_admitted(decision));
    EXPECT(contenttrust_decision_image(decision) == NULL && contenttrust_decision_size(decision) == -1);

    /* Twice freed, and used after that. */
    refused(contenttrust_request_result((contenttrust_request *)decision, &decision), "usage", "handle");
    EXPECT(decision == NULL);
    EXPECT(contenttrust_decide(verifier, "r.io/a:1", NULL, NULL, &decision) == NULL);
    contenttrust_decision *again = decision;
    contenttrust_decision_free(decision);
    contenttrust_decision_free(again);
    EXPECT(strcmp(contenttrust_decision_reason(again), "usage") == 0 && contenttrust_decision_exit_code(again) == 64);
    EXPECT(!contenttrust_decision_is_admitted(again) && contenttrust_decision_json(again) == NULL);
    EXPECT(!contenttrust_decision_is_admitted(NULL) && contenttrust_decision_image(NULL) == NULL);
    EXPECT(strcmp(contenttrust_decision_reason(NULL), "usage") == 0);
    contenttrust_verifier *former = verifier;
    contenttrust_verifier_free(verifier);
    contenttrust_verifier_free(former);
    refused_question(former, "r.io/a:1", NULL, NULL, "freed");
    EXPECT(contenttrust_request_descriptor(NULL) == -1);
    EXPECT(strcmp(contenttrust_error_reason(NULL), "usage") == 0 && contenttrust_error_message(NULL) != NULL);
    contenttrust_request_cancel(NULL);
    contenttrust_request_free(NULL);
    contenttrust_decision_free(NULL);
    contenttrust_verifier_free(NULL);
    contenttrust_error_free(NULL);
}

/* A server that takes connections and never answers; sets the reference of an image on it. */
static void listen_and_say_nothing(char *name, size_t size)
{
    int server = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    EXPECT(bind(server, (struct sockaddr *)&address, length) == 0 && listen(server, 64) == 0);
    EXPECT(getsockname(server, (struct sockaddr *)&address, &length) == 0);
    snprintf(name, size, "127.0.0.1:%d/team/app:1", ntohs(address.sin_port));
}

static void in_flight(void)
{
    char name[64];
    listen_and_say_nothing(name, sizeof name);
    contenttrust_options options = valid();
    options.audit = audited;
    options.audit_context = &records;
    options.audit_release = released;
    contenttrust_verifier *verifier = made(&options);
    contenttrust_request *request;
    contenttrust_decision *decision;

    /* Cancelled at once, and some time later. */
    for (int i = 0; i < 20; i++) {
        EXPECT(contenttrust_decide_async(verifier, name, NULL, NULL, completed, &completions, &request) == NULL);
        if (i % 2)
            usleep(10000 * i);
        EXPECT(contenttrust_request_result(request, &decision) == NULL && decision == NULL);
        contenttrust_request_cancel(request);
        contenttrust_request_cancel(request);
        struct pollfd event = {contenttrust_request_descriptor(request), POLLIN, 0};
        EXPECT(poll(&event, 1, 60000) == 1 && event.revents == POLLIN);
        for (int twice = 0; twice < 2; twice++) {
            EXPECT(contenttrust_request_result(request, &decision) == NULL && decision != NULL);
            EXPECT(strcmp(contenttrust_decision_reason(decision), "unreachable") == 0);
            contenttrust_decision_free(decision);
        }
        await(&completions, i + 1);
        contenttrust_request_free(request);
        contenttrust_request_free(request);
    }
    EXPECT(strcmp(last_reason, "unreachable") == 0);

    /* Freed while under way: the completion comes all the same, and the descriptor is closed now. */
    EXPECT(contenttrust_decide_async(verifier, name, NULL, NULL, completed, &completions, &request) == NULL);
    int descriptor = contenttrust_request_descriptor(request);
    EXPECT(descriptor >= 0 && contenttrust_request_descriptor(request) == descriptor);
    contenttrust_request_free(request);
    struct pollfd closed = {descriptor, POLLIN, 0};
    EXPECT(poll(&closed, 1, 0) == 1 && closed.revents == POLLNVAL);
    await(&completions, 21);

    /* The verifier is freed while they are under way: it stays for them, and its context until the last has ended. */
    contenttrust_request *requests[8];
    for (int i = 0; i < 8; i++)
        EXPECT(contenttrust_decide_async(verifier, name, NULL, NULL, completed, &completions, &requests[i]) == NULL);
    contenttrust_verifier_free(verifier);
    usleep(100000);
    EXPECT(completions == 21 && releases == 0);
    for (int i = 0; i < 8; i++)
        contenttrust_request_free(requests[i]);
    await(&completions, 29);
    await(&releases, 1);
    EXPECT(records == 29);

    /* And with a limit of time, nobody needs to cancel. */
    options.timeout_ms = 200;
    verifier = made(&options);
    EXPECT(contenttrust_decide(verifier, name, NULL, NULL, &decision) == NULL);
    EXPECT(strcmp(contenttrust_decision_reason(decision), "unreachable") == 0);
    contenttrust_decision_free(decision);
    EXPECT(contenttrust_decide_async(verifier, name, NULL, NULL, completed, &completions, NULL) == NULL);
    contenttrust_verifier_free(verifier);
    await(&completions, 30);
    await(&releases, 2);
}

static contenttrust_verifier *shared;

static void *ask(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        contenttrust_decision *decision;
        EXPECT(contenttrust_decide(shared, reference, NULL, NULL, &decision) == NULL);
        EXPECT(contenttrust_decision_is_admitted(decision) && contenttrust_decision_image(decision) != NULL);
        contenttrust_decision_free(decision);
    }
    return NULL;
}

static void many_threads(void)
{
    contenttrust_options options = valid();
    shared = made(&options);
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        EXPECT(pthread_create(&threads[i], NULL, ask, NULL) == 0);
    for (int i = 0; i < 8; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    contenttrust_verifier_free(shared);
}

/* The library has left the process as it was, and says so in the child of a fork, which has none of its threads. */
static void leave_the_process_alone(void)
{
    /* Whoever started this may have had some ignored. */
    for (int number = 1; number < 32; number++)
        signal(number, SIG_DFL);
    contenttrust_options options = valid();
    contenttrust_verifier *verifier = made(&options);
    contenttrust_decision *decision;
    EXPECT(contenttrust_decide(verifier, reference, NULL, NULL, &decision) == NULL);
    EXPECT(contenttrust_decision_is_admitted(decision));
    for (int number = 1; number < 32; number++) {
        struct sigaction action;
        EXPECT(sigaction(number, NULL, &action) == 0);
        if (action.sa_handler != SIG_DFL)
            fprintf(stderr, "signal %d is handled\n", number);
        EXPECT(action.sa_handler == SIG_DFL);
    }
    sigset_t mask;
    EXPECT(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0 && !sigismember(&mask, SIGPIPE) && !sigismember(&mask, SIGTERM));
    pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        contenttrust_decision *none = decision;
        refused(contenttrust_decide(verifier, reference, NULL, NULL, &none), "usage", "fork");
        EXPECT(none == NULL && !contenttrust_decision_is_admitted(decision));
        contenttrust_verifier *second;
        refused(contenttrust_verifier_create(&options, &second), "usage", "fork");
        contenttrust_verifier_free(verifier);
        _exit(0);
    }
    int status;
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
    EXPECT(contenttrust_decision_is_admitted(decision));
    contenttrust_decision_free(decision);
    contenttrust_verifier_free(verifier);
}

/* Bytes of all kinds as references and platforms: an error or a decision, and no admission but that of the signed tag. */
static void random_bytes(void)
{
    EXPECT(reference != NULL);
    contenttrust_options options = valid();
    contenttrust_verifier *verifier = made(&options);
    contenttrust_decision *decision;
    /* From here on the state directory has all that the signed tag needs. */
    EXPECT(contenttrust_decide(verifier, reference, NULL, NULL, &decision) == NULL);
    EXPECT(contenttrust_decision_is_admitted(decision));
    contenttrust_decision_free(decision);
    contenttrust_verifier_free(verifier);
    options.flags = CONTENTTRUST_OFFLINE;
    verifier = made(&options);
    const char *const seeds[] = {reference, "alpine@sha256:", "oci:/tmp:1", "linux/arm64/v8", ""};
    static const char alphabet[] = "a/:@.-_0Z%\\ \xc3\xa4\xff\x01";
    uint64_t number = 88172645463325252u;
    int errors = 0, decisions = 0, admissions = 0;
    for (int i = 0; i < 10000; i++) {
        if (i % 100 == 0) {
            EXPECT(contenttrust_decide(verifier, reference, NULL, "random", &decision) == NULL);
            EXPECT(contenttrust_decision_is_admitted(decision) && contenttrust_decision_image(decision) != NULL);
            contenttrust_decision_free(decision);
            admissions++;
        }
        char texts[2][96];
        for (int which = 0; which < 2; which++) {
            size_t length = 0;
            number ^= number << 13, number ^= number >> 7, number ^= number << 17;
            const char *seed = seeds[number % 5];
            for (; *seed != 0 && length < 90; seed++)
                texts[which][length++] = *seed;
            for (int changes = (int)(number >> 32) % 5; changes >= 0 && length < 90; changes--) {
                number ^= number << 13, number ^= number >> 7, number ^= number << 17;
                char byte = number % 3 ? alphabet[(number >> 8) % (sizeof alphabet - 1)] : (char)(number >> 16);
                size_t place = length == 0 ? 0 : (number >> 40) % (length + 1);
                memmove(texts[which] + place + 1, texts[which] + place, length - place);
                texts[which][place] = byte;
                length++;
            }
            texts[which][length] = 0;
        }
        contenttrust_error *error =
            contenttrust_decide(verifier, texts[0], number % 2 ? texts[1] : NULL, texts[1], &decision);
        EXPECT((error == NULL) == (decision != NULL));
        /* A NUL can end what was put in at the end, and leave the good reference. */
        EXPECT(!contenttrust_decision_is_admitted(decision) || strcmp(texts[0], reference) == 0);
        if (error != NULL) {
            EXPECT(strcmp(contenttrust_error_reason(error), "usage") == 0);
            errors++;
        } else {
            decisions++;
        }
        contenttrust_error_free(error);
        contenttrust_decision_free(decision);
    }
    contenttrust_verifier_free(verifier);
    printf("%d errors, %d decisions, %d admissions\n", errors, decisions, admissions);
    EXPECT(errors > 1000 && decisions > 100 && admissions == 100);
}

int main(int count, char **arguments)
{
    EXPECT(count >= 4);
    policy = arguments[2];
    state = arguments[3];
    reference = count > 4 ? arguments[4] : NULL;
    static const struct {
        const char *name;
        void (*run)(void);
    } parts[] = {
        {"options", refuse_options}, {"questions", refuse_questions}, {"flight", in_flight},
        {"threads", many_threads},   {"random", random_bytes},        {"process", leave_the_process_alone},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(parts[i].name, arguments[1]) == 0) {
            parts[i].run();
            printf("good\n");
            return 0;
        }
    }
    return 64;
}
