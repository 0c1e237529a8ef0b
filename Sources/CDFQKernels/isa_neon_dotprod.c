#if defined(__aarch64__)
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "Scalar/scalar.h"
#include "Scalar/scalar_fixed.h"
#include "tables.h"

#pragma STDC FP_CONTRACT OFF

/* Accumulators may take 20 of the 32 registers; a cell of each pixel takes another one. */
#define CONV_REGISTERS 20
#define REPEAT_TILE_1 REPEAT_12
#define REPEAT_TILE_2 REPEAT_9
#define REPEAT_TILE_4 REPEAT_5
#define REPEAT_ROW_TILE_1 REPEAT_6
#define TILES_AT_ONCE 12
#define REPEAT_TILES_AT_ONCE REPEAT_12

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "Vector/vec_neon.h"

#include "Vector/repeat.h"
#include "Vector/vec_common.h"

#include "Vector/plane.h"

#include "Vector/conv_geometry.h"

#include "Vector/elementwise.h"
#include "Vector/activation_value.h"
#include "Vector/code_pooling.h"
#include "Vector/code_ending.h"
#include "Vector/fixed_ending.h"
#include "Vector/code_sums.h"

#include "Vector/integer_signed_bytes.h"
#include "Vector/integer.h"
#include "Vector/byte_winograd.h"

#include "Vector/quantization.h"
#include "Vector/quantize_codes.h"
#include "Vector/sampled_statistics.h"
#pragma clang attribute pop

/* Operations on codes, which networks are deployed with; the others are the scalar kernels. */
const dfq_kernel_table dfq_neon_dotprod_table = {
    .isa = DFQ_ISA_NEON_DOTPROD,
    .name = "neon dotprod",
    INTEGER_KERNELS,
    BYTE_WINOGRAD_KERNELS,
    .code_max_pool = vector_code_max_pool,
    .fixed_ending = vector_fixed_ending,
    .codes_of_bytes = vector_codes_of_bytes,
    .code_sums = vector_code_sums,
    .sampled_statistics = vector_sampled_statistics,
    .sampled_code_statistics = vector_sampled_code_statistics,
    .quantize_codes = vector_quantize_codes,
    .fake_quantize = vector_fake_quantize,
    .fake_quantize_channels = dfq_scalar_fake_quantize_channels,
    .fake_quantize_dots = dfq_scalar_fake_quantize_dots,
    .clipped_backward = dfq_scalar_clipped_backward,
    .keep_elements = dfq_scalar_keep_elements,
    .clear_elements = dfq_scalar_clear_elements,
    .axpy = dfq_scalar_axpy,
    .add_products = dfq_scalar_add_products,
    .dot = dfq_scalar_dot,
    .dots = dfq_scalar_dots,
    .logistic = dfq_scalar_logistic,
    .logistic_slopes = dfq_scalar_logistic_slopes,
    .minimum_maximum = dfq_scalar_minimum_maximum,
    .conv_forward = dfq_scalar_conv_forward,
    .conv_data_gradient = dfq_scalar_conv_data_gradient,
    .conv_weight_gradient = dfq_scalar_conv_weight_gradient,
    .conv_scratch = dfq_scalar_conv_scratch,
    .depthwise_forward = dfq_scalar_depthwise_forward,
    .depthwise_data_gradient = dfq_scalar_depthwise_data_gradient,
    .depthwise_weight_gradient = dfq_scalar_depthwise_weight_gradient,
    .max_pool = dfq_scalar_max_pool,
    .max_pool_gradient = dfq_scalar_max_pool_gradient,
    .affine_activation = dfq_scalar_affine_activation,
    .affine_activation_backward = dfq_scalar_affine_activation_backward,
    .moments = dfq_scalar_moments,
    .add_channel_affine = dfq_scalar_add_channel_affine,
    .learned_steps_backward = dfq_scalar_learned_steps_backward,
    .sgd = dfq_scalar_sgd,
    .adam = dfq_scalar_adam,
    .multiply_add_loop = dfq_scalar_multiply_add_loop,
};
#endif
