#include <string.h>

#include "include/dfq_kernels.h"

/* One row of columns is one output pixel's window: KH x KW x C. */
void dfq_im2col(const dfq_conv_shape *shape, const float *input, float *columns) {
  const int32_t channels = shape->in_channels;
  const size_t bytes = (size_t)channels * sizeof(float);
  for (int32_t oy = 0; oy < shape->out_height; oy++) {
    for (int32_t ox = 0; ox < shape->out_width; ox++) {
      for (int32_t kh = 0; kh < shape->kernel_height; kh++) {
        const int32_t y = oy * shape->stride_height - shape->pad_top + kh;
        for (int32_t kw = 0; kw < shape->kernel_width; kw++, columns += channels) {
          const int32_t x = ox * shape->stride_width - shape->pad_left + kw;
          if (y < 0 || y >= shape->in_height || x < 0 || x >= shape->in_width) {
            memset(columns, 0, bytes);
          } else {
            memcpy(columns, input + ((size_t)y * shape->in_width + x) * channels, bytes);
          }
        }
      }
    }
  }
}

void dfq_col2im(const dfq_conv_shape *shape, const float *columns, float *input_gradient) {
  const int32_t channels = shape->in_channels;
  for (int32_t oy = 0; oy < shape->out_height; oy++) {
    for (int32_t ox = 0; ox < shape->out_width; ox++) {
      for (int32_t kh = 0; kh < shape->kernel_height; kh++) {
        const int32_t y = oy * shape->stride_height - shape->pad_top + kh;
        for (int32_t kw = 0; kw < shape->kernel_width; kw++, columns += channels) {
          const int32_t x = ox * shape->stride_width - shape->pad_left + kw;
          if (y < 0 || y >= shape->in_height || x < 0 || x >= shape->in_width) continue;
          float *to = input_gradient + ((size_t)y * shape->in_width + x) * channels;
          for (int32_t c = 0; c < channels; c++) to[c] += columns[c];
        }
      }
    }
  }
}
