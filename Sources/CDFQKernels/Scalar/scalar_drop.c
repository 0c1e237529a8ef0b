#include "scalar.h"

#define DROP_NAME(name) plain_##name
#include "../Vector/drop.h"

void dfq_scalar_keep_elements(uint64_t stream, uint32_t threshold, uint32_t first, const float *x,
                              size_t count, float *y) {
  plain_keep_elements(stream, threshold, first, x, count, y);
}

void dfq_scalar_clear_elements(uint64_t stream, uint32_t threshold, uint32_t first,
                               const float *x, size_t count, float *y) {
  plain_clear_elements(stream, threshold, first, x, count, y);
}
