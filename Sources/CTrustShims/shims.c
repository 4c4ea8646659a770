#include "CTrustShims.h"
