#include "include/dfq_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
enum { HAS_DOT_PRODUCTS = 1 << 20 }; /* HWCAP_ASIMDDP */
#endif

#if defined(__x86_64__)
/* __builtin_cpu_supports also asks the operating system whether it saves the wide registers. */
static int supports_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("fma");
}

static int supports_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

int32_t dfq_supports(dfq_isa isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (isa == DFQ_ISA_AVX2) return supports_avx2();
  if (isa == DFQ_ISA_AVX_VNNI) return supports_avx2() && __builtin_cpu_supports("avxvnni");
  if (isa == DFQ_ISA_AVX512) return supports_avx512();
  if (isa == DFQ_ISA_AVX512_VNNI) return supports_avx512() && __builtin_cpu_supports("avx512vnni");
#endif
#if defined(__aarch64__) && defined(__linux__)
  if (isa == DFQ_ISA_NEON_DOTPROD) return (getauxval(AT_HWCAP) & HAS_DOT_PRODUCTS) != 0;
#endif
  return isa == DFQ_ISA_SCALAR;
}

dfq_isa dfq_best_isa(void) {
  const dfq_isa fastest_first[] = {DFQ_ISA_AVX512_VNNI, DFQ_ISA_AVX512, DFQ_ISA_AVX_VNNI,
                                   DFQ_ISA_AVX2, DFQ_ISA_NEON_DOTPROD};
  for (size_t i = 0; i < sizeof fastest_first / sizeof *fastest_first; i++) {
    if (dfq_supports(fastest_first[i])) return fastest_first[i];
  }
  return DFQ_ISA_SCALAR;
}

int32_t dfq_halves_wide_vectors(void) {
#if defined(__x86_64__)
  /* Zen 4; the other processors of its family do not have these vectors. */
  __builtin_cpu_init();
  return supports_avx512() && __builtin_cpu_is("amdfam19h");
#else
  return 0;
#endif
}

void dfq_fetch(const uint8_t *start, const int32_t *offsets, int32_t count, int32_t bytes) {
  const int32_t line = 64;
  for (int32_t k = 0; k < count; k++) {
    for (int32_t byte = 0; byte < bytes; byte += line) {
      __builtin_prefetch(start + offsets[k] + byte);
    }
  }
}

void dfq_relax(void) {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
