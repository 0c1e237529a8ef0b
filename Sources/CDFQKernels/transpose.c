#include "include/dfq_kernels.h"

/* In squares of 8 x 8, so that both sides use whole cache lines. */
void dfq_transpose_weights(const float *weight, int32_t taps, int32_t in_channels,
                           int32_t out_channels, float *transposed) {
  enum { SIDE = 8 };
  const size_t matrix = (size_t)in_channels * out_channels;
  for (int32_t tap = 0; tap < taps; tap++) {
    const float *from = weight + tap * matrix;
    float *to = transposed + tap * matrix;
    for (int32_t i0 = 0; i0 < in_channels; i0 += SIDE) {
      const int32_t i1 = i0 + SIDE < in_channels ? i0 + SIDE : in_channels;
      for (int32_t o0 = 0; o0 < out_channels; o0 += SIDE) {
        const int32_t o1 = o0 + SIDE < out_channels ? o0 + SIDE : out_channels;
        for (int32_t o = o0; o < o1; o++) {
          for (int32_t i = i0; i < i1; i++) {
            to[(size_t)o * in_channels + i] = from[(size_t)i * out_channels + o];
          }
        }
      }
    }
  }
}
