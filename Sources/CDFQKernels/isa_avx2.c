#if defined(__x86_64__)
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "Scalar/scalar.h"
#include "Scalar/scalar_fixed.h"
#include "tables.h"

#pragma STDC FP_CONTRACT OFF

/* Accumulators may take 12 of the 16 registers. */
#define CONV_REGISTERS 12
#define REPEAT_TILE_1 REPEAT_12
#define REPEAT_TILE_2 REPEAT_6
#define REPEAT_TILE_4 REPEAT_2
#define REPEAT_TILE_WORDS_1 REPEAT_12
#define REPEAT_TILE_WORDS_2 REPEAT_6
#define REPEAT_TILE_WORDS_4 REPEAT_2
#define REPEAT_ROW_TILE_1 REPEAT_12
#define REPEAT_WEIGHT_TILE_1 REPEAT_12
#define REPEAT_WEIGHT_TILE_2 REPEAT_6

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "Vector/vec_avx2.h"
#include "Vector/kernels.h"
#pragma clang attribute pop

const dfq_kernel_table dfq_avx2_table = {.isa = DFQ_ISA_AVX2, .name = "avx2", VECTOR_KERNELS,
                                         INTEGER_KERNELS};
#endif
