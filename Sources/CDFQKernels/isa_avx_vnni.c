#if defined(__x86_64__)
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "Scalar/scalar_fixed.h"

#pragma STDC FP_CONTRACT OFF

#include "tiles_avx2.h"

/* The kernels under names that the table of isa_avx2.c knows. */
#define KERNEL
#define vector_integer_weight_bytes dfq_avx_vnni_integer_weight_bytes
#define vector_integer_pack_weights dfq_avx_vnni_integer_pack_weights
#define vector_integer_scratch dfq_avx_vnni_integer_scratch
#define vector_integer_conv dfq_avx_vnni_integer_conv
#define vector_code_product_loop dfq_avx_vnni_code_product_loop
#define vector_code_conv dfq_avx_vnni_code_conv
#define vector_code_pixels_scratch dfq_avx_vnni_code_pixels_scratch
#define vector_code_pixels dfq_avx_vnni_code_pixels
#define vector_code_depthwise_weight_bytes dfq_avx_vnni_code_depthwise_weight_bytes
#define vector_code_depthwise_pack dfq_avx_vnni_code_depthwise_pack
#define vector_code_depthwise_scratch dfq_avx_vnni_code_depthwise_scratch
#define vector_code_depthwise dfq_avx_vnni_code_depthwise
#define vector_code_dense_weight_bytes dfq_avx_vnni_code_dense_weight_bytes
#define vector_code_dense_pack dfq_avx_vnni_code_dense_pack
#define vector_code_dense dfq_avx_vnni_code_dense
#define vector_word_winograd_weight_bytes dfq_avx_vnni_word_winograd_weight_bytes
#define vector_word_winograd_pack dfq_avx_vnni_word_winograd_pack
#define vector_word_winograd_scratch dfq_avx_vnni_word_winograd_scratch
#define vector_word_winograd_conv dfq_avx_vnni_word_winograd_conv
#define vector_code_winograd_weight_bytes dfq_avx_vnni_code_winograd_weight_bytes
#define vector_code_winograd_pack dfq_avx_vnni_code_winograd_pack
#define vector_code_winograd_scratch dfq_avx_vnni_code_winograd_scratch
#define vector_code_winograd_conv dfq_avx_vnni_code_winograd_conv

#pragma clang attribute push(__attribute__((target("avxvnni,avx2,fma"))), apply_to = function)
#include "avx_vnni.h"

#include "Vector/vec_avx2.h"

#include "Vector/repeat.h"
#include "Vector/vec_common.h"

#include "Vector/plane.h"

#include "Vector/conv_geometry.h"

#include "Vector/activation_value.h"
#include "Vector/code_ending.h"
#include "Vector/fixed_ending.h"

#include "Vector/integer_bytes.h"
#include "Vector/integer.h"
#include "Vector/byte_winograd.h"
#pragma clang attribute pop
#endif
