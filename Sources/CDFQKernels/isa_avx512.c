#if defined(__x86_64__)
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "Scalar/scalar.h"
#include "Scalar/scalar_fixed.h"
#include "tables.h"
#include "vnni.h"

#pragma STDC FP_CONTRACT OFF

#include "tiles_avx512.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#include "Vector/vec_avx512.h"
#include "Vector/kernels.h"
#pragma clang attribute pop

const dfq_kernel_table dfq_avx512_table = {.isa = DFQ_ISA_AVX512, .name = "avx512", VECTOR_KERNELS,
                                           INTEGER_KERNELS};

const dfq_kernel_table dfq_avx512_vnni_table = {
    .isa = DFQ_ISA_AVX512_VNNI,
    .name = "avx512 vnni",
    VECTOR_KERNELS,
    .integer_weight_bytes = dfq_vnni_integer_weight_bytes,
    .integer_pack_weights = dfq_vnni_integer_pack_weights,
    .integer_scratch = dfq_vnni_integer_scratch,
    .integer_conv = dfq_vnni_integer_conv,
    .code_conv = dfq_vnni_code_conv,
    .code_pixels_scratch = dfq_vnni_code_pixels_scratch,
    .code_pixels = dfq_vnni_code_pixels,
    .code_winograd_weight_bytes = dfq_vnni_code_winograd_weight_bytes,
    .code_winograd_pack = dfq_vnni_code_winograd_pack,
    .code_winograd_scratch = dfq_vnni_code_winograd_scratch,
    .code_winograd_conv = dfq_vnni_code_winograd_conv,
    .code_winograd_most_code = {63, 31, 15, 63},
    .word_winograd_weight_bytes = dfq_vnni_word_winograd_weight_bytes,
    .word_winograd_pack = dfq_vnni_word_winograd_pack,
    .word_winograd_scratch = dfq_vnni_word_winograd_scratch,
    .word_winograd_conv = dfq_vnni_word_winograd_conv,
    .code_product_loop = dfq_vnni_code_product_loop,
    .code_depthwise_weight_bytes = dfq_vnni_code_depthwise_weight_bytes,
    .code_depthwise_pack = dfq_vnni_code_depthwise_pack,
    .code_depthwise_scratch = dfq_vnni_code_depthwise_scratch,
    .code_depthwise = dfq_vnni_code_depthwise,
    .code_dense_weight_bytes = dfq_vnni_code_dense_weight_bytes,
    .code_dense_pack = dfq_vnni_code_dense_pack,
    .code_dense = dfq_vnni_code_dense,
};
#endif
