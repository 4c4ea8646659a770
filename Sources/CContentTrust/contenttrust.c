// The functions are written in Swift (Sources/ContentTrustABI). This file is what C makes of their header.
#include "contenttrust.h"

// Gaps between members would be compared with zero where a later version has put something.
_Static_assert(sizeof(void *) != 8 || sizeof(contenttrust_options) == 16 * 8, "the options have gaps");
