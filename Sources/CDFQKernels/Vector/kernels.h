/* All kernels over the vectors of one instruction set: each is static in the file of its
 * instruction set. */
#include "repeat.h"
#include "vec_common.h"

#include "plane.h"
#include "plane_fill.h"

#include "conv_tile.h"
#include "conv_engine.h"
#include "conv_geometry.h"

#include "conv_gradient_phases.h"
#include "conv_narrow_gradient.h"
#include "conv_narrow_outputs.h"
#include "conv_forward.h"
#include "conv_data_gradient.h"
#include "conv_weight_tile.h"
#include "conv_weight_gradient.h"

#include "elementwise.h"
#include "products.h"
#include "../logistic_constants.h"
#include "logistic.h"
#include "activation_value.h"
#include "activation.h"

#include "pooling.h"
#include "code_pooling.h"

#include "winograd_lines.h"
#include "winograd_geometry.h"
#include "winograd_input.h"
#include "winograd_output.h"
#include "winograd_prefetch.h"
#include "winograd_product.h"
#include "winograd.h"
#include "winograd_sum.h"
#include "winograd_weight_gradient.h"
#include "winograd_gradient.h"
#include "winograd_input_gradient.h"
#include "winograd_backward.h"

#include "depthwise_tile.h"
#include "depthwise.h"
#include "depthwise_weight_gradient.h"
#include "conv_scratch.h"

#include "code_ending.h"
#include "fixed_ending.h"
#include "code_sums.h"
#include "integer_words.h"
#include "integer.h"

#include "activation_backward.h"
#include "moments.h"
#include "optimizers.h"
#include "quantization.h"
#include "quantize_codes.h"
#include "learned_steps.h"
#define DROP_NAME(name) vector_##name
#include "drop.h"
#undef DROP_NAME
#include "sampled_statistics.h"
#include "peak.h"

#define VECTOR_KERNELS                                             \
  .conv_forward = vector_conv_forward,                             \
  .conv_data_gradient = vector_conv_data_gradient,                 \
  .conv_weight_gradient = vector_conv_weight_gradient,             \
  .conv_scratch = vector_conv_scratch,                             \
  .winograd_weight_floats = vector_winograd_weight_floats,         \
  .winograd_transform_weights = vector_winograd_transform_weights, \
  .winograd_convolve = vector_winograd_convolve,                   \
  .winograd_backward = vector_winograd_backward,                   \
  .winograd_scratch = vector_winograd_scratch,                     \
  .depthwise_forward = vector_depthwise_forward,                   \
  .depthwise_data_gradient = vector_depthwise_data_gradient,       \
  .depthwise_weight_gradient = vector_depthwise_weight_gradient,   \
  .max_pool = vector_max_pool,                                     \
  .max_pool_gradient = vector_max_pool_gradient,                   \
  .affine_activation = vector_affine_activation,                   \
  .affine_activation_backward = vector_affine_activation_backward, \
  .moments = vector_moments,                                       \
  .add_channel_affine = vector_add_channel_affine,                 \
  .fake_quantize = vector_fake_quantize,                           \
  .quantize_codes = vector_quantize_codes,                         \
  .fake_quantize_channels = vector_fake_quantize_channels,         \
  .fake_quantize_dots = vector_fake_quantize_dots,                 \
  .learned_steps_backward = vector_learned_steps_backward,         \
  .clipped_backward = vector_clipped_backward,                     \
  .fixed_ending = vector_fixed_ending,                             \
  .codes_of_bytes = vector_codes_of_bytes,                         \
  .code_sums = vector_code_sums,                                   \
  .sampled_statistics = vector_sampled_statistics,                 \
  .sampled_code_statistics = vector_sampled_code_statistics,       \
  .keep_elements = vector_keep_elements,                           \
  .clear_elements = vector_clear_elements,                         \
  .axpy = vector_axpy,                                             \
  .add_products = vector_add_products,                             \
  .dot = vector_dot,                                               \
  .dots = vector_dots,                                             \
  .logistic = vector_logistic,                                     \
  .logistic_slopes = vector_logistic_slopes,                       \
  .minimum_maximum = vector_minimum_maximum,                       \
  .sgd = vector_sgd,                                               \
  .adam = vector_adam,                                             \
  .code_max_pool = vector_code_max_pool,                           \
  .multiply_add_loop = vector_multiply_add_loop
