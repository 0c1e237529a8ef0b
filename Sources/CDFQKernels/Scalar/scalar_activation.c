#include "scalar.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

/* x * scale + shift (one rounding), then + residual. */
static inline float preactivation(const float *x, const float *scale, const float *shift,
                                  const float *residual, size_t at, int32_t c) {
  const float t = __builtin_fmaf(x[at], scale[c], shift[c]);
  return residual ? t + residual[at] : t;
}

void dfq_scalar_affine_activation(const float *x, const float *scale, const float *shift,
                                  const float *residual, float negative_slope, float upper_bound, int32_t pixels,
                                  int32_t channels, float *y, uint8_t *activation_mask) {
  if (activation_mask) memset(activation_mask, 0, (size_t)pixels * channels / 8);
  size_t at = 0;
  for (int32_t p = 0; p < pixels; p++) {
    for (int32_t c = 0; c < channels; c++, at++) {
      const float t = preactivation(x, scale, shift, residual, at, c);
      /* The comparisons are false for NaN, which therefore propagates; + 0 turns -0 into +0. */
      const float value = t < 0 ? __builtin_fmaf(t, negative_slope, 0.0f) : t;
      y[at] = upper_bound < value ? upper_bound : value;
      if (activation_mask) activation_mask[at / 8] |= (uint8_t)((t <= 0) << at % 8);
    }
  }
}

void dfq_scalar_affine_activation_backward(const float *g, const float *x, const float *scale,
                                           const float *shift, const float *residual,
                                           const float *y, const uint8_t *activation_mask, float negative_slope,
                                           float upper_bound, int32_t pixels, int32_t channels,
                                           float *x_gradient, float *residual_gradient,
                                           dfq_store residual_store, const float *offset,
                                           const float *slope, float *scale_gradient,
                                           float *shift_gradient) {
  for (int32_t c = 0; c < channels; c++) {
    double scale_sum = 0, shift_sum = 0;
    size_t at = c;
    for (int32_t p = 0; p < pixels; p++, at += channels) {
      const float t = activation_mask ? (activation_mask[at / 8] >> at % 8 & 1 ? 0 : 1)
                      : y  ? y[at]
                           : preactivation(x, scale, shift, residual, at, c);
      const float negative_part = negative_slope == 0 ? 0 : g[at] * negative_slope;
      const float masked = t <= 0 ? negative_part : t >= upper_bound ? 0 : g[at];
      scale_sum += (double)masked * x[at];
      shift_sum += masked;
      const float through = masked * scale[c];
      x_gradient[at] =
          offset ? through + __builtin_fmaf(slope[c], x[at], offset[c]) : through;
      if (residual_gradient) {
        residual_gradient[at] =
            residual_store == DFQ_ACCUMULATE ? residual_gradient[at] + masked : masked;
      }
    }
    if (scale_gradient) scale_gradient[c] += (float)scale_sum;
    if (shift_gradient) shift_gradient[c] += (float)shift_sum;
  }
}

void dfq_scalar_moments(const float *x, int32_t pixels, int32_t channels, double *sum,
                        double *square_sum) {
  for (int32_t p = 0; p < pixels; p++, x += channels) {
    for (int32_t c = 0; c < channels; c++) {
      sum[c] += x[c];
      square_sum[c] += (double)x[c] * x[c];
    }
  }
}

void dfq_scalar_add_channel_affine(const float *x, const float *a, const float *b, int32_t pixels,
                                   int32_t channels, dfq_store store, float *g) {
  for (int32_t p = 0; p < pixels; p++, x += channels, g += channels) {
    for (int32_t c = 0; c < channels; c++) {
      const float t = __builtin_fmaf(b[c], x[c], a[c]);
      g[c] = store == DFQ_ACCUMULATE ? g[c] + t : t;
    }
  }
}
