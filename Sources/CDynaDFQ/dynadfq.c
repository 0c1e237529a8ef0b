// The functions are written in Swift (Sources/DFQRuntimeC), whose compiler checks them against the header. This file shows that
// the header is complete by itself, and pins what callers in other languages rely on.
#include "dynadfq.h"

_Static_assert(sizeof(dynadfq_status) == sizeof(int), "a status is an int");
_Static_assert(sizeof(dynadfq_results) == 4 * sizeof(void *), "results are four pointers");
_Static_assert(offsetof(dynadfq_results, bits) == 3 * sizeof(void *), "the bits come last");
