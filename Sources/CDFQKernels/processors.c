#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#endif
#include <unistd.h>

#include "include/dfq_kernels.h"

int32_t dfq_processor_count(void) {
#if defined(__linux__)
  /* The kernel refuses masks that are too short for its processors. */
  for (int limit = 1024; limit <= 1 << 20; limit *= 4) {
    cpu_set_t *set = CPU_ALLOC(limit);
    if (!set) break;
    const size_t bytes = CPU_ALLOC_SIZE(limit);
    const int found = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (found > 0) return found;
  }
#endif
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int32_t)online : 1;
}
