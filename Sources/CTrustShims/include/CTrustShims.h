#ifndef TRUSTCTL_CTRUSTSHIMS_H
#define TRUSTCTL_CTRUSTSHIMS_H

#include "CProcess.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

// What Swift cannot see of OpenSSL: macros that are computed, and those that look like functions.

/// Selects the public half in EVP_PKEY_fromdata.
static inline int trustctl_EVP_PKEY_PUBLIC_KEY(void) { return EVP_PKEY_PUBLIC_KEY; }

/// Selects both halves in EVP_PKEY_fromdata.
static inline int trustctl_EVP_PKEY_KEYPAIR(void) { return EVP_PKEY_KEYPAIR; }

/// Frees what libcrypto allocated.
static inline void trustctl_OPENSSL_free(void *memory) { OPENSSL_free(memory); }

// Lists of certificates. They do not own what is in them.

static inline STACK_OF(X509) *trustctl_sk_X509_new_null(void) { return sk_X509_new_null(); }
static inline void trustctl_sk_X509_free(STACK_OF(X509) *list) { sk_X509_free(list); }
static inline int trustctl_sk_X509_push(STACK_OF(X509) *list, X509 *certificate) {
    return sk_X509_push(list, certificate);
}
static inline int trustctl_sk_X509_num(const STACK_OF(X509) *list) { return sk_X509_num(list); }
static inline X509 *trustctl_sk_X509_value(const STACK_OF(X509) *list, int index) { return sk_X509_value(list, index); }

/// The digest (NID) that the only signer of a signed message used; NID_undef when it has none or several.
static inline int trustctl_PKCS7_signer_digest(PKCS7 *message) {
    STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(message);
    if (signers == NULL || sk_PKCS7_SIGNER_INFO_num(signers) != 1) return NID_undef;
    const PKCS7_SIGNER_INFO *signer = sk_PKCS7_SIGNER_INFO_value(signers, 0);
    return signer->digest_alg == NULL ? NID_undef : OBJ_obj2nid(signer->digest_alg->algorithm);
}

// The terminal while a passphrase is typed. Signal handlers have to be C: they may touch nothing that could be locked.

/// Turns off the echo of the terminal `fd`, and sees to it that a signal that ends or stops the process turns it on
/// again first. One prompt at a time; the caller excludes others. Returns 0, or -1 with errno.
int trustctl_echo_off(int fd);

/// Whether a signal for the whole process arrived since `trustctl_echo_off`, and the process lived on.
int trustctl_echo_interrupted(void);

/// Puts the terminal and the signal handlers back as they were.
void trustctl_echo_restore(void);

#endif
