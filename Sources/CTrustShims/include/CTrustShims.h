#ifndef TRUSTCTL_CTRUSTSHIMS_H
#define TRUSTCTL_CTRUSTSHIMS_H

#include "CProcess.h"

#include <openssl/evp.h>

// What Swift cannot see of OpenSSL: macros that are computed.

/// Selects the public half in EVP_PKEY_fromdata.
static inline int trustctl_EVP_PKEY_PUBLIC_KEY(void) { return EVP_PKEY_PUBLIC_KEY; }

/// Selects both halves in EVP_PKEY_fromdata.
static inline int trustctl_EVP_PKEY_KEYPAIR(void) { return EVP_PKEY_KEYPAIR; }

#endif
