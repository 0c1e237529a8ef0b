#include "scalar_fixed.h"

#include "scalar.h"

void dfq_scalar_fixed_ending(const int32_t *sums, size_t pixels, int32_t channels,
                             const dfq_fixed_ending *ending) {
  for (size_t pixel = 0; pixel < pixels; pixel++) {
    for (int32_t o = 0; o < channels; o++) {
      const size_t at = pixel * channels + o;
      dfq_scalar_fixed_element(ending, sums[at], o, at);
    }
  }
}
