#include "Scalar/scalar.h"
#include "tables.h"

const dfq_kernel_table dfq_scalar_table = {
    .isa = DFQ_ISA_SCALAR,
    .name = "scalar",
    .conv_forward = dfq_scalar_conv_forward,
    .conv_data_gradient = dfq_scalar_conv_data_gradient,
    .conv_weight_gradient = dfq_scalar_conv_weight_gradient,
    .conv_scratch = dfq_scalar_conv_scratch,
    .depthwise_forward = dfq_scalar_depthwise_forward,
    .depthwise_data_gradient = dfq_scalar_depthwise_data_gradient,
    .depthwise_weight_gradient = dfq_scalar_depthwise_weight_gradient,
    .affine_activation = dfq_scalar_affine_activation,
    .affine_activation_backward = dfq_scalar_affine_activation_backward,
    .moments = dfq_scalar_moments,
    .add_channel_affine = dfq_scalar_add_channel_affine,
    .fake_quantize = dfq_scalar_fake_quantize,
    .fake_quantize_channels = dfq_scalar_fake_quantize_channels,
    .fake_quantize_dots = dfq_scalar_fake_quantize_dots,
    .learned_step_backward = dfq_scalar_learned_step_backward,
    .clipped_backward = dfq_scalar_clipped_backward,
    .axpy = dfq_scalar_axpy,
    .dot = dfq_scalar_dot,
    .minimum_maximum = dfq_scalar_minimum_maximum,
    .sgd = dfq_scalar_sgd,
    .adam = dfq_scalar_adam,
};
