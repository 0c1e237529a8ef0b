#include "include/dfq_kernels.h"

#include <limits.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

/* glibc takes blocks of some megabytes from the system and gives them back when they are freed: each is then cleared anew, page by
 * page. */
void dfq_keep_large_blocks(void) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}
