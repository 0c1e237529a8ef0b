/* The scalar kernels: plain loops, the reference of the vector kernels. Contracts:
 * dfq_kernels.h. */
#ifndef DFQ_SCALAR_H
#define DFQ_SCALAR_H

#include "../include/dfq_kernels.h"

/* Element (y, x, 0) of an H W C image, or NULL outside of it. */
static inline const float *dfq_pixel(const float *image, int32_t height, int32_t width,
                                     int32_t channels, int32_t y, int32_t x) {
  if (y < 0 || y >= height || x < 0 || x >= width) return NULL;
  return image + ((size_t)y * width + x) * channels;
}

void dfq_scalar_conv_forward(const dfq_conv_shape *shape, const float *input, const float *weight,
                             const float *bias, float *output, float *scratch);
void dfq_scalar_conv_data_gradient(const dfq_conv_shape *shape, const float *output_gradient,
                                   const float *weight_transposed, float *input_gradient,
                                   dfq_store store, float *scratch);
void dfq_scalar_conv_weight_gradient(const dfq_conv_shape *shape, const float *input,
                                     const float *output_gradient, float *weight_gradient,
                                     float *bias_gradient, float *scratch);
size_t dfq_scalar_conv_scratch(const dfq_conv_shape *shape);

size_t dfq_scalar_integer_weight_bytes(const dfq_conv_shape *shape);
void dfq_scalar_integer_pack_weights(const dfq_conv_shape *shape, const int8_t *weight,
                                     int8_t *packed);
size_t dfq_scalar_integer_scratch(const dfq_conv_shape *shape);
void dfq_scalar_integer_conv(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                             const int8_t *packed, const float *scale, const float *offset,
                             int32_t first_row, int32_t end_row, float *output, void *scratch);

void dfq_scalar_depthwise_forward(const dfq_conv_shape *shape, const float *input,
                                  const float *weight, const float *bias, float *output,
                                  float *scratch);
void dfq_scalar_depthwise_data_gradient(const dfq_conv_shape *shape, const float *output_gradient,
                                        const float *weight, float *input_gradient,
                                        dfq_store store, float *scratch);
void dfq_scalar_depthwise_weight_gradient(const dfq_conv_shape *shape, const float *input,
                                          const float *output_gradient, float *weight_gradient,
                                          float *bias_gradient, float *scratch);

void dfq_scalar_max_pool(const dfq_conv_shape *shape, const float *input, float *output);
void dfq_scalar_max_pool_gradient(const dfq_conv_shape *shape, const float *input, const float *g,
                                  float *gradient);

void dfq_scalar_affine_activation(const float *x, const float *scale, const float *shift,
                                  const float *residual, float negative_slope, float upper_bound, int32_t pixels,
                                  int32_t channels, float *y, uint8_t *activation_mask);
void dfq_scalar_affine_activation_backward(const float *g, const float *x, const float *scale,
                                           const float *shift, const float *residual,
                                           const float *y, const uint8_t *activation_mask, float negative_slope,
                                           float upper_bound, int32_t pixels, int32_t channels,
                                           float *x_gradient, float *residual_gradient,
                                           dfq_store residual_store, const float *offset,
                                           const float *slope, float *scale_gradient,
                                           float *shift_gradient);
void dfq_scalar_moments(const float *x, int32_t pixels, int32_t channels, double *sum,
                        double *square_sum);
void dfq_scalar_add_channel_affine(const float *x, const float *a, const float *b, int32_t pixels,
                                   int32_t channels, dfq_store store, float *g);

void dfq_scalar_fake_quantize(const float *x, size_t count, float levels_per_unit, float zero,
                              float qmin, float qmax, float *y);
void dfq_scalar_quantize_codes(const float *x, size_t count, float levels_per_unit, float zero,
                               float qmin, float qmax, uint8_t *codes, float *y);
void dfq_scalar_fake_quantize_channels(const float *x, size_t rows, int32_t channels,
                                       const float *levels_per_unit, const float *zero, float qmin,
                                       float qmax, float *y);
void dfq_scalar_fake_quantize_dots(const float *x, const float *g, size_t count,
                                   int32_t candidates, const float *levels_per_unit,
                                   const float *zero, const float *qmin, const float *qmax,
                                   double *dots);
void dfq_scalar_learned_steps_backward(const float *x, const float *g, size_t count,
                                       int32_t candidates, const float *levels_per_unit,
                                       const float *qmin, const float *qmax, const float *share,
                                       float *x_gradient, double *dots, double *steps);
void dfq_scalar_clipped_backward(const float *x, const float *g, size_t count, float low,
                                 float high, float *x_gradient);

void dfq_scalar_axpy(float a, const float *x, size_t count, float *y);
void dfq_scalar_add_products(const dfq_products *p, int32_t rows, int32_t terms, size_t count);
double dfq_scalar_dot(const float *x, const float *y, size_t count);
void dfq_scalar_dots(const float *x, const float *y, size_t y_row, int32_t rows, size_t count,
                     double *sums);
void dfq_scalar_logistic(const float *x, size_t count, int32_t multiplies, float *y);
void dfq_scalar_logistic_slopes(const float *x, size_t count, int32_t multiplies, float *g);
void dfq_scalar_minimum_maximum(const float *x, size_t count, float *low, float *high);
void dfq_scalar_sgd(float *w, float *velocity, const float *g, size_t count, float rate,
                    float momentum, float decay, int32_t nesterov);
void dfq_scalar_adam(float *w, float *m, float *v, const float *g, size_t count, float rate,
                     float beta1, float beta2, float epsilon, float correction1,
                     float correction2);

void dfq_scalar_code_conv(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                          const int8_t *packed, const dfq_code_ending *ending, int32_t first_row,
                          int32_t end_row, void *scratch);
size_t dfq_scalar_code_depthwise_weight_bytes(const dfq_conv_shape *shape);
void dfq_scalar_code_depthwise_pack(const dfq_conv_shape *shape, const int8_t *weight,
                                    int8_t *packed);
size_t dfq_scalar_code_depthwise_scratch(const dfq_conv_shape *shape);
void dfq_scalar_code_depthwise(const dfq_conv_shape *shape, const uint8_t *input,
                               uint8_t pad_code, const int8_t *packed,
                               const dfq_code_ending *ending, int32_t first_row, int32_t end_row,
                               void *scratch);
size_t dfq_scalar_code_dense_weight_bytes(int32_t inputs, int32_t outputs, int32_t bits);
void dfq_scalar_code_dense_pack(int32_t inputs, int32_t outputs, int32_t bits,
                                const int8_t *weight, uint8_t *packed);
void dfq_scalar_code_dense(int32_t inputs, int32_t outputs, int32_t bits, const uint8_t *input,
                           const uint8_t *packed, const dfq_code_ending *ending);
void dfq_scalar_code_max_pool(const dfq_conv_shape *shape, const uint8_t *input, uint8_t *output);

void dfq_scalar_fixed_ending(const int32_t *sums, size_t pixels, int32_t channels,
                             const dfq_fixed_ending *ending);

void dfq_scalar_codes_of_bytes(const uint8_t *bytes, size_t count, const float *scale,
                               const float *shift, size_t period, float highest, uint8_t *codes);
void dfq_scalar_code_sums(const uint8_t *codes, size_t pixels, int32_t channels, float offset,
                          float levels_per_unit, float *sums);
size_t dfq_scalar_code_pixels_scratch(const dfq_conv_shape *shape, int32_t count);
void dfq_scalar_code_pixels(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                            const int8_t *packed, const dfq_code_ending *ending,
                            const int32_t *pixels, int32_t count, void *scratch);
void dfq_scalar_sampled_statistics(const float *x, const int32_t *offsets, int32_t count,
                                   int32_t channels, float levels_per_unit, float *means,
                                   float *deviations);
void dfq_scalar_sampled_code_statistics(const uint8_t *codes, const int32_t *offsets,
                                        int32_t count, int32_t channels, float offset,
                                        float levels_per_unit, float *means, float *deviations);

void dfq_scalar_keep_elements(uint64_t stream, uint32_t threshold, uint32_t first, const float *x,
                              size_t count, float *y);
void dfq_scalar_clear_elements(uint64_t stream, uint32_t threshold, uint32_t first,
                               const float *x, size_t count, float *y);

size_t dfq_scalar_code_product_loop(size_t repetitions, int32_t *sink);
size_t dfq_scalar_multiply_add_loop(size_t repetitions, float *sink);

#endif
