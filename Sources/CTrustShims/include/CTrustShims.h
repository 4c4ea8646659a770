#ifndef TRUSTCTL_CTRUSTSHIMS_H
#define TRUSTCTL_CTRUSTSHIMS_H

#include "CProcess.h"

#include <openssl/evp.h>

// What Swift cannot see of OpenSSL: macros that are computed.

/// Selects the public half in EVP_PKEY_fromdata.
static inline int trustctl_EVP_PKEY_PUBLIC_KEY(void) { return EVP_PKEY_PUBLIC_KEY; }

/// Selects both halves in EVP_PKEY_fromdata.
static inline int trustctl_EVP_PKEY_KEYPAIR(void) { return EVP_PKEY_KEYPAIR; }

// The terminal while a passphrase is typed. Signal handlers have to be C: they may touch nothing that could be locked.

/// Turns off the echo of the terminal `fd`, and sees to it that a signal that ends or stops the process turns it on
/// again first. One prompt at a time; the caller excludes others. Returns 0, or -1 with errno.
int trustctl_echo_off(int fd);

/// Whether a signal for the whole process arrived since `trustctl_echo_off`, and the process lived on.
int trustctl_echo_interrupted(void);

/// Puts the terminal and the signal handlers back as they were.
void trustctl_echo_restore(void);

#endif
