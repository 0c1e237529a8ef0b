#if defined(__x86_64__)
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "Scalar/scalar.h"
#include "Scalar/scalar_fixed.h"
#include "avx_vnni.h"
#include "tables.h"

#pragma STDC FP_CONTRACT OFF

#include "tiles_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "Vector/vec_avx2.h"
#include "Vector/kernels.h"
#pragma clang attribute pop

const dfq_kernel_table dfq_avx2_table = {.isa = DFQ_ISA_AVX2, .name = "avx2", VECTOR_KERNELS,
                                         INTEGER_KERNELS};

#define AVX_VNNI_KERNEL(NAME) .NAME = dfq_avx_vnni_##NAME,
const dfq_kernel_table dfq_avx_vnni_table = {.isa = DFQ_ISA_AVX_VNNI, .name = "avx2 vnni",
                                             VECTOR_KERNELS,
                                             FOR_AVX_VNNI_KERNELS(AVX_VNNI_KERNEL)
                                             .code_winograd_most_code = {63}};
#endif
