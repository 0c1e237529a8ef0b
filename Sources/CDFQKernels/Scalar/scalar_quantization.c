#include <math.h>

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

/* The product is rounded before zero is subtracted, as PyTorch does; NaN propagates. */
static inline float on_grid(float x, float levels_per_unit, float zero, float qmin, float qmax) {
  const float level = rintf(levels_per_unit * x - zero);
  const float below = qmax < level ? qmax : level;
  const float inside = qmin > below ? qmin : below;
  return (inside + zero) / levels_per_unit;
}

void dfq_scalar_fake_quantize(const float *x, size_t count, float levels_per_unit, float zero,
                              float qmin, float qmax, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = on_grid(x[i], levels_per_unit, zero, qmin, qmax);
}

/* Clamps from below first, which maps NaN to the lowest level. */
void dfq_scalar_quantize_codes(const float *x, size_t count, float levels_per_unit, float zero,
                               float qmin, float qmax, uint8_t *codes, float *y) {
  for (size_t i = 0; i < count; i++) {
    const float level = rintf(levels_per_unit * x[i] - zero);
    const float above = level > qmin ? level : qmin;
    codes[i] = (uint8_t)((above < qmax ? above : qmax) - qmin);
  }
  if (y) dfq_scalar_fake_quantize(x, count, levels_per_unit, zero, qmin, qmax, y);
}

void dfq_scalar_fake_quantize_channels(const float *x, size_t rows, int32_t channels,
                                       const float *levels_per_unit, const float *zero, float qmin,
                                       float qmax, float *y) {
  for (size_t row = 0; row < rows; row++, x += channels, y += channels) {
    for (int32_t c = 0; c < channels; c++) {
      y[c] = on_grid(x[c], levels_per_unit[c], zero[c], qmin, qmax);
    }
  }
}

void dfq_scalar_fake_quantize_dots(const float *x, const float *g, size_t count,
                                   int32_t candidates, const float *levels_per_unit,
                                   const float *zero, const float *qmin, const float *qmax,
                                   double *dots) {
  for (int32_t j = 0; j < candidates; j++) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
      sum += (double)g[i] * on_grid(x[i], levels_per_unit[j], zero[j], qmin[j], qmax[j]);
    }
    dots[j] += sum;
  }
}

void dfq_scalar_learned_steps_backward(const float *x, const float *g, size_t count,
                                       int32_t candidates, const float *levels_per_unit,
                                       const float *qmin, const float *qmax, const float *share,
                                       float *x_gradient, double *dots, double *steps) {
  if (dots) {
    const float zero = 0;
    for (int32_t j = 0; j < candidates; j++) {
      dfq_scalar_fake_quantize_dots(x, g, count, 1, levels_per_unit + j, &zero, qmin + j, qmax + j,
                                    dots + j);
    }
  }
  for (size_t i = 0; i < count; i++) {
    const float gradient = g[i];
    float inside = 0;
    for (int32_t j = 0; j < candidates; j++) {
      const float v = x[i] * levels_per_unit[j];
      const int below = v < qmin[j], above = v > qmax[j];
      steps[j] += (double)gradient * (below ? qmin[j] : above ? qmax[j] : rintf(v) - v);
      inside += below || above ? 0 : share[j];
    }
    if (x_gradient) x_gradient[i] = gradient * inside;
  }
}

void dfq_scalar_clipped_backward(const float *x, const float *g, size_t count, float low,
                                 float high, float *x_gradient) {
  for (size_t i = 0; i < count; i++) x_gradient[i] = low <= x[i] && x[i] <= high ? g[i] : 0;
}

void dfq_scalar_sampled_code_statistics(const uint8_t *codes, const int32_t *offsets,
                                        int32_t count, int32_t channels, float offset,
                                        float levels_per_unit, float *means, float *deviations) {
  const float step = 1 / levels_per_unit;
  for (int32_t c = 0; c < channels; c++) {
    float sum = 0, square_sum = 0;
    for (int32_t k = 0; k < count; k++) {
      const float code = (float)codes[offsets[k] + c];
      sum += code;
      square_sum += code * code;
    }
    const float mean = sum / (float)count;
    const float variance = square_sum / (float)count - mean * mean;
    if (means) means[c] = (mean + offset) * step;
    if (deviations) deviations[c] = sqrtf(variance > 0 ? variance : 0) * step;
  }
}

void dfq_scalar_sampled_statistics(const float *x, const int32_t *offsets, int32_t count,
                                   int32_t channels, float levels_per_unit, float *means,
                                   float *deviations) {
  const float step = 1 / levels_per_unit;
  for (int32_t c = 0; c < channels; c++) {
    float sum = 0, square_sum = 0;
    for (int32_t k = 0; k < count; k++) {
      const float level = x[offsets[k] + c] * levels_per_unit;
      const float above = level > -128 ? level : -128;
      const float code = rintf(above < 255 ? above : 255);
      sum += code;
      square_sum += code * code;
    }
    const float mean = sum / (float)count;
    const float variance = square_sum / (float)count - mean * mean;
    if (means) means[c] = mean * step;
    if (deviations) deviations[c] = sqrtf(variance > 0 ? variance : 0) * step;
  }
}
