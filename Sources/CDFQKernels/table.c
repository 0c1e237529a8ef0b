#include "tables.h"

const dfq_kernel_table *dfq_kernels_for(dfq_isa isa) {
#if defined(__x86_64__)
  if (isa == DFQ_ISA_AVX512_VNNI) return &dfq_avx512_vnni_table;
  if (isa == DFQ_ISA_AVX512) return &dfq_avx512_table;
  if (isa == DFQ_ISA_AVX_VNNI) return &dfq_avx_vnni_table;
  if (isa == DFQ_ISA_AVX2) return &dfq_avx2_table;
#endif
#if defined(__aarch64__)
  if (isa == DFQ_ISA_NEON_DOTPROD) return &dfq_neon_dotprod_table;
#endif
  (void)isa;
  return &dfq_scalar_table;
}
