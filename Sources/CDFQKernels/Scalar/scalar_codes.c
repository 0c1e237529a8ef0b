#include "scalar_codes.h"

#include <string.h>

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

static int32_t end_output(const dfq_code_ending *e, int32_t outputs) {
  return e->end_output ? e->end_output : outputs;
}

/* The sum of the products of one window; consecutive codes of a tap's inputs and weights are 1 and weight_step apart. */
static int32_t window_sum(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
                          const int8_t *w, int32_t first, int32_t inputs, int32_t weight_step,
                          int32_t top, int32_t left) {
  int32_t sum = 0;
  for (int32_t y = top; y < top + s->kernel_height; y++) {
    for (int32_t x = left; x < left + s->kernel_width; x++) {
      const int inside = y >= 0 && y < s->in_height && x >= 0 && x < s->in_width;
      const size_t pixel = inside ? ((size_t)y * s->in_width + x) * s->in_channels : 0;
      for (int32_t i = first; i < first + inputs; i++, w += weight_step) {
        sum += (inside ? input[pixel + i] : pad_code) * *w;
      }
    }
  }
  return sum;
}

/* Both convolutions: output o reads all inputs, or input o alone. */
static void convolve(const dfq_conv_shape *s, int depthwise, const uint8_t *input,
                     uint8_t pad_code, const int8_t *packed, const dfq_code_ending *ending,
                     int32_t first_row, int32_t end_row) {
  const int32_t outputs = s->out_channels;
  for (int32_t oy = first_row; oy < end_row; oy++) {
    for (int32_t ox = 0; ox < s->out_width; ox++) {
      const int32_t top = oy * s->stride_height - s->pad_top;
      const int32_t left = ox * s->stride_width - s->pad_left;
      const size_t at = ((size_t)oy * s->out_width + ox) * outputs;
      for (int32_t o = ending->first_output; o < end_output(ending, outputs); o++) {
        const int32_t sum = window_sum(s, input, pad_code, packed + o, depthwise ? o : 0,
                                       depthwise ? 1 : s->in_channels, outputs, top, left);
        dfq_scalar_code_ending(ending, sum, o, at + o);
      }
    }
  }
}

void dfq_scalar_code_conv(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
                          const int8_t *packed, const dfq_code_ending *ending, int32_t first_row,
                          int32_t end_row, void *scratch) {
  (void)scratch;
  convolve(s, 0, input, pad_code, packed, ending, first_row, end_row);
}

size_t dfq_scalar_code_pixels_scratch(const dfq_conv_shape *shape, int32_t count) {
  return (size_t)count * shape->out_channels * sizeof(float);
}

void dfq_scalar_code_pixels(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
                            const int8_t *packed, const dfq_code_ending *ending,
                            const int32_t *pixels, int32_t count, void *scratch) {
  const int32_t outputs = s->out_channels;
  dfq_code_ending e = *ending;
  if (e.residual_codes) e.residual_codes = scratch;
  if (e.residual) e.residual = scratch;
  for (int32_t k = 0; k < count; k++) {
    const int32_t top = pixels[k] / s->out_width * s->stride_height - s->pad_top;
    const int32_t left = pixels[k] % s->out_width * s->stride_width - s->pad_left;
    for (int32_t o = 0; o < outputs; o++) {
      const size_t from = (size_t)pixels[k] * outputs + o, at = (size_t)k * outputs + o;
      if (ending->residual_codes) ((uint8_t *)scratch)[at] = ending->residual_codes[from];
      if (ending->residual) ((float *)scratch)[at] = ending->residual[from];
      const int32_t sum = window_sum(s, input, pad_code, packed + o, 0, s->in_channels, outputs,
                                     top, left);
      dfq_scalar_code_ending(&e, sum, o, at);
    }
  }
}

size_t dfq_scalar_code_depthwise_weight_bytes(const dfq_conv_shape *s) {
  return (size_t)s->kernel_height * s->kernel_width * s->in_channels;
}

void dfq_scalar_code_depthwise_pack(const dfq_conv_shape *s, const int8_t *weight,
                                    int8_t *packed) {
  memcpy(packed, weight, dfq_scalar_code_depthwise_weight_bytes(s));
}

size_t dfq_scalar_code_depthwise_scratch(const dfq_conv_shape *shape) {
  (void)shape;
  return 0;
}

void dfq_scalar_code_depthwise(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
                               const int8_t *packed, const dfq_code_ending *ending,
                               int32_t first_row, int32_t end_row, void *scratch) {
  (void)scratch;
  convolve(s, 1, input, pad_code, packed, ending, first_row, end_row);
}

/* Weight k = i * outputs + o takes the bits k * bits ..< (k + 1) * bits, in two's complement. */
size_t dfq_scalar_code_dense_weight_bytes(int32_t inputs, int32_t outputs, int32_t bits) {
  return ((size_t)inputs * outputs * bits + 7) / 8;
}

void dfq_scalar_code_dense_pack(int32_t inputs, int32_t outputs, int32_t bits,
                                const int8_t *weight, uint8_t *packed) {
  memset(packed, 0, dfq_scalar_code_dense_weight_bytes(inputs, outputs, bits));
  for (size_t k = 0; k < (size_t)inputs * outputs; k++) {
    const uint8_t code = (uint8_t)weight[k] & ((1u << bits) - 1);
    packed[k * bits / 8] |= (uint8_t)(code << k * bits % 8);
  }
}

void dfq_scalar_code_dense(int32_t inputs, int32_t outputs, int32_t bits, const uint8_t *input,
                           const uint8_t *packed, const dfq_code_ending *ending) {
  for (int32_t o = ending->first_output; o < end_output(ending, outputs); o++) {
    int32_t sum = 0;
    for (int32_t i = 0; i < inputs; i++) {
      const size_t k = (size_t)i * outputs + o;
      const uint8_t code = (uint8_t)(packed[k * bits / 8] >> k * bits % 8);
      sum += input[i] * ((int8_t)(uint8_t)(code << (8 - bits)) >> (8 - bits));
    }
    dfq_scalar_code_ending(ending, sum, o, o);
  }
}

void dfq_scalar_codes_of_bytes(const uint8_t *bytes, size_t count, const float *scale,
                               const float *shift, size_t period, float highest, uint8_t *codes) {
  for (size_t i = 0; i < count; i++) {
    const float level = fmaf((float)bytes[i], scale[i % period], shift[i % period]);
    const float above = level > 0 ? level : 0;
    codes[i] = (uint8_t)rintf(above < highest ? above : highest);
  }
}

void dfq_scalar_code_sums(const uint8_t *codes, size_t pixels, int32_t channels, float offset,
                          float levels_per_unit, float *sums) {
  for (size_t i = 0; i < pixels; i++, codes += channels) {
    for (int32_t c = 0; c < channels; c++) sums[c] += ((float)codes[c] + offset) / levels_per_unit;
  }
}

void dfq_scalar_code_max_pool(const dfq_conv_shape *s, const uint8_t *input, uint8_t *output) {
  const int32_t channels = s->in_channels;
  for (int32_t oy = 0; oy < s->out_height; oy++) {
    for (int32_t ox = 0; ox < s->out_width; ox++, output += channels) {
      memset(output, 0, channels);
      for (int32_t kh = 0; kh < s->kernel_height; kh++) {
        for (int32_t kw = 0; kw < s->kernel_width; kw++) {
          const int32_t y = oy * s->stride_height - s->pad_top + kh;
          const int32_t x = ox * s->stride_width - s->pad_left + kw;
          if (y < 0 || y >= s->in_height || x < 0 || x >= s->in_width) continue;
          const uint8_t *from = input + ((size_t)y * s->in_width + x) * channels;
          for (int32_t c = 0; c < channels; c++) {
            if (from[c] > output[c]) output[c] = from[c];
          }
        }
      }
    }
  }
}
