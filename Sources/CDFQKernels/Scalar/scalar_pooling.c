#include <math.h>

#include "scalar.h"

void dfq_scalar_max_pool(const dfq_conv_shape *s, const float *input, float *output) {
  for (int32_t y = 0; y < s->out_height; y++) {
    for (int32_t x = 0; x < s->out_width; x++, output += s->in_channels) {
      for (int32_t c = 0; c < s->in_channels; c++) output[c] = -INFINITY;
      for (int32_t kh = 0; kh < s->kernel_height; kh++) {
        for (int32_t kw = 0; kw < s->kernel_width; kw++) {
          const float *from =
              dfq_pixel(input, s->in_height, s->in_width, s->in_channels,
                        y * s->stride_height - s->pad_top + kh,
                        x * s->stride_width - s->pad_left + kw);
          if (!from) continue;
          for (int32_t c = 0; c < s->in_channels; c++) {
            /* NaN propagates. */
            if (!(from[c] <= output[c]) && !isnan(output[c])) output[c] = from[c];
          }
        }
      }
    }
  }
}

void dfq_scalar_max_pool_gradient(const dfq_conv_shape *s, const float *input, const float *g,
                                  float *gradient) {
  for (int32_t y = 0; y < s->out_height; y++) {
    for (int32_t x = 0; x < s->out_width; x++, g += s->in_channels) {
      for (int32_t c = 0; c < s->in_channels; c++) {
        const float *best = NULL;
        for (int32_t kh = 0; kh < s->kernel_height; kh++) {
          for (int32_t kw = 0; kw < s->kernel_width; kw++) {
            const float *from =
                dfq_pixel(input, s->in_height, s->in_width, s->in_channels,
                          y * s->stride_height - s->pad_top + kh,
                          x * s->stride_width - s->pad_left + kw);
            if (from && (!best || from[c] > *best)) best = from + c;
          }
        }
        gradient[best - input] += g[c];
      }
    }
  }
}
