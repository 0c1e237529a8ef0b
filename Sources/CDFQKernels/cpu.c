#include "include/dfq_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* __builtin_cpu_supports also asks the operating system whether it saves the wide registers. */
dfq_isa dfq_best_isa(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("fma")) {
    return __builtin_cpu_supports("avx512vnni") ? DFQ_ISA_AVX512_VNNI : DFQ_ISA_AVX512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return DFQ_ISA_AVX2;
#endif
  return DFQ_ISA_SCALAR;
}

void dfq_relax(void) {
#if defined(__x86_64__)
  _mm_pause();
#endif
}
