#if defined(__x86_64__)
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "Scalar/scalar.h"
#include "tables.h"

#pragma STDC FP_CONTRACT OFF

/* Of 32 registers, accumulators may take 28. */
#define CONV_REGISTERS 28
#define REPEAT_TILE_1 REPEAT_28
#define REPEAT_TILE_2 REPEAT_14
#define REPEAT_TILE_4 REPEAT_6
#define REPEAT_ROW_TILE_1 REPEAT_26
#define REPEAT_WEIGHT_TILE_1 REPEAT_16
#define REPEAT_WEIGHT_TILE_2 REPEAT_12

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#include "Vector/vec_avx512.h"
#include "Vector/kernels.h"
#pragma clang attribute pop

const dfq_kernel_table dfq_avx512_table = {.isa = DFQ_ISA_AVX512, .name = "avx512", VECTOR_KERNELS};
#endif
