/* The tables of the instruction sets; dfq_kernels_for chooses among them. */
#ifndef DFQ_TABLES_H
#define DFQ_TABLES_H

#include "include/dfq_kernels.h"

extern const dfq_kernel_table dfq_scalar_table;

#if defined(__x86_64__)
extern const dfq_kernel_table dfq_avx2_table;
extern const dfq_kernel_table dfq_avx512_table;
extern const dfq_kernel_table dfq_avx512_vnni_table;
extern const dfq_kernel_table dfq_avx_vnni_table;
#endif

#if defined(__aarch64__)
extern const dfq_kernel_table dfq_neon_dotprod_table;
#endif

#endif
