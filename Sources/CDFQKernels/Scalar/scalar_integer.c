#include <math.h>
#include <string.h>

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

size_t dfq_scalar_integer_weight_bytes(const dfq_conv_shape *s) {
  return (size_t)s->kernel_height * s->kernel_width * s->in_channels * s->out_channels;
}

void dfq_scalar_integer_pack_weights(const dfq_conv_shape *s, const int8_t *weight,
                                     int8_t *packed) {
  memcpy(packed, weight, dfq_scalar_integer_weight_bytes(s));
}

size_t dfq_scalar_integer_scratch(const dfq_conv_shape *shape) {
  (void)shape;
  return 0;
}

/* The sum of one output; consecutive weights of its channel are s->out_channels apart. */
static int32_t sum_of_products(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
                               const int8_t *w, int32_t top, int32_t left) {
  int32_t sum = 0;
  for (int32_t y = top; y < top + s->kernel_height; y++) {
    for (int32_t x = left; x < left + s->kernel_width; x++) {
      const int inside = y >= 0 && y < s->in_height && x >= 0 && x < s->in_width;
      const uint8_t *codes =
          inside ? input + ((size_t)y * s->in_width + x) * s->in_channels : NULL;
      for (int32_t i = 0; i < s->in_channels; i++, w += s->out_channels) {
        sum += (codes ? codes[i] : pad_code) * *w;
      }
    }
  }
  return sum;
}

void dfq_scalar_integer_conv(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
                             const int8_t *packed, const float *scale, const float *offset,
                             int32_t first_row, int32_t end_row, float *output, void *scratch) {
  (void)scratch;
  for (int32_t oy = first_row; oy < end_row; oy++) {
    for (int32_t ox = 0; ox < s->out_width; ox++, output += s->out_channels) {
      const int32_t top = oy * s->stride_height - s->pad_top;
      const int32_t left = ox * s->stride_width - s->pad_left;
      for (int32_t o = 0; o < s->out_channels; o++) {
        const int32_t sum = sum_of_products(s, input, pad_code, packed + o, top, left);
        output[o] = fmaf((float)sum, scale[o], offset[o]);
      }
    }
  }
}
