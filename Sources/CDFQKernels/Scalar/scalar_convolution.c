#include <string.h>

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

size_t dfq_scalar_conv_scratch(const dfq_conv_shape *shape) {
  (void)shape;
  return 0;
}

void dfq_scalar_conv_forward(const dfq_conv_shape *s, const float *input, const float *weight,
                             const float *bias, float *output, float *scratch) {
  (void)scratch;
  const int32_t ins = s->in_channels, outs = s->out_channels;
  for (int32_t oy = 0; oy < s->out_height; oy++) {
    for (int32_t ox = 0; ox < s->out_width; ox++, output += outs) {
      for (int32_t o = 0; o < outs; o++) output[o] = bias ? bias[o] : 0;
      for (int32_t kh = 0; kh < s->kernel_height; kh++) {
        for (int32_t kw = 0; kw < s->kernel_width; kw++) {
          const float *x = dfq_pixel(input, s->in_height, s->in_width, ins,
                                     oy * s->stride_height - s->pad_top + kh,
                                     ox * s->stride_width - s->pad_left + kw);
          if (!x) continue;
          const float *w = weight + ((size_t)kh * s->kernel_width + kw) * ins * outs;
          for (int32_t i = 0; i < ins; i++, w += outs) {
            for (int32_t o = 0; o < outs; o++) output[o] += x[i] * w[o];
          }
        }
      }
    }
  }
}

void dfq_scalar_conv_data_gradient(const dfq_conv_shape *s, const float *output_gradient,
                                   const float *weight_transposed, float *input_gradient,
                                   dfq_store store, float *scratch) {
  (void)scratch;
  const int32_t ins = s->in_channels, outs = s->out_channels;
  if (store == DFQ_STORE) {
    memset(input_gradient, 0, sizeof(float) * s->in_height * s->in_width * ins);
  }
  const float *g = output_gradient;
  for (int32_t oy = 0; oy < s->out_height; oy++) {
    for (int32_t ox = 0; ox < s->out_width; ox++, g += outs) {
      for (int32_t kh = 0; kh < s->kernel_height; kh++) {
        for (int32_t kw = 0; kw < s->kernel_width; kw++) {
          float *to = (float *)dfq_pixel(input_gradient, s->in_height, s->in_width, ins,
                                         oy * s->stride_height - s->pad_top + kh,
                                         ox * s->stride_width - s->pad_left + kw);
          if (!to) continue;
          const float *w = weight_transposed + ((size_t)kh * s->kernel_width + kw) * ins * outs;
          for (int32_t o = 0; o < outs; o++, w += ins) {
            for (int32_t i = 0; i < ins; i++) to[i] += g[o] * w[i];
          }
        }
      }
    }
  }
}

void dfq_scalar_conv_weight_gradient(const dfq_conv_shape *s, const float *input,
                                     const float *output_gradient, float *weight_gradient,
                                     float *bias_gradient, float *scratch) {
  (void)scratch;
  const int32_t ins = s->in_channels, outs = s->out_channels;
  const float *g = output_gradient;
  for (int32_t oy = 0; oy < s->out_height; oy++) {
    for (int32_t ox = 0; ox < s->out_width; ox++, g += outs) {
      for (int32_t o = 0; bias_gradient && o < outs; o++) bias_gradient[o] += g[o];
      for (int32_t kh = 0; kh < s->kernel_height; kh++) {
        for (int32_t kw = 0; kw < s->kernel_width; kw++) {
          const float *x = dfq_pixel(input, s->in_height, s->in_width, ins,
                                     oy * s->stride_height - s->pad_top + kh,
                                     ox * s->stride_width - s->pad_left + kw);
          if (!x) continue;
          float *w = weight_gradient + ((size_t)kh * s->kernel_width + kw) * ins * outs;
          for (int32_t i = 0; i < ins; i++, w += outs) {
            for (int32_t o = 0; o < outs; o++) w[o] += x[i] * g[o];
          }
        }
      }
    }
  }
}
