#ifndef TRUSTCTL_CSODIUM_SHIM_H
#define TRUSTCTL_CSODIUM_SHIM_H

#include <sodium.h>

#endif
