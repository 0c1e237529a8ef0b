#include <string.h>

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

void dfq_scalar_depthwise_forward(const dfq_conv_shape *s, const float *input, const float *weight,
                                  const float *bias, float *output, float *scratch) {
  (void)scratch;
  const int32_t channels = s->in_channels;
  for (int32_t oy = 0; oy < s->out_height; oy++) {
    for (int32_t ox = 0; ox < s->out_width; ox++, output += channels) {
      for (int32_t c = 0; c < channels; c++) output[c] = bias ? bias[c] : 0;
      const float *w = weight;
      for (int32_t kh = 0; kh < s->kernel_height; kh++) {
        for (int32_t kw = 0; kw < s->kernel_width; kw++, w += channels) {
          const float *x = dfq_pixel(input, s->in_height, s->in_width, channels,
                                     oy * s->stride_height - s->pad_top + kh,
                                     ox * s->stride_width - s->pad_left + kw);
          if (!x) continue;
          for (int32_t c = 0; c < channels; c++) output[c] += x[c] * w[c];
        }
      }
    }
  }
}

void dfq_scalar_depthwise_data_gradient(const dfq_conv_shape *s, const float *output_gradient,
                                        const float *weight, float *input_gradient,
                                        dfq_store store, float *scratch) {
  (void)scratch;
  const int32_t channels = s->in_channels;
  if (store == DFQ_STORE) {
    memset(input_gradient, 0, sizeof(float) * s->in_height * s->in_width * channels);
  }
  const float *g = output_gradient;
  for (int32_t oy = 0; oy < s->out_height; oy++) {
    for (int32_t ox = 0; ox < s->out_width; ox++, g += channels) {
      const float *w = weight;
      for (int32_t kh = 0; kh < s->kernel_height; kh++) {
        for (int32_t kw = 0; kw < s->kernel_width; kw++, w += channels) {
          float *to = (float *)dfq_pixel(input_gradient, s->in_height, s->in_width, channels,
                                         oy * s->stride_height - s->pad_top + kh,
                                         ox * s->stride_width - s->pad_left + kw);
          if (!to) continue;
          for (int32_t c = 0; c < channels; c++) to[c] += g[c] * w[c];
        }
      }
    }
  }
}

void dfq_scalar_depthwise_weight_gradient(const dfq_conv_shape *s, const float *input,
                                          const float *output_gradient, float *weight_gradient,
                                          float *bias_gradient, float *scratch) {
  (void)scratch;
  const int32_t channels = s->in_channels;
  const float *g = output_gradient;
  for (int32_t oy = 0; oy < s->out_height; oy++) {
    for (int32_t ox = 0; ox < s->out_width; ox++, g += channels) {
      for (int32_t c = 0; bias_gradient && c < channels; c++) bias_gradient[c] += g[c];
      float *w = weight_gradient;
      for (int32_t kh = 0; kh < s->kernel_height; kh++) {
        for (int32_t kw = 0; kw < s->kernel_width; kw++, w += channels) {
          const float *x = dfq_pixel(input, s->in_height, s->in_width, channels,
                                     oy * s->stride_height - s->pad_top + kh,
                                     ox * s->stride_width - s->pad_left + kw);
          if (!x) continue;
          for (int32_t c = 0; c < channels; c++) w[c] += x[c] * g[c];
        }
      }
    }
  }
}
