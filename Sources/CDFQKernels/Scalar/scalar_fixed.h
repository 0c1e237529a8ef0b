/* The ending in integers of one sum. */
#ifndef DFQ_SCALAR_FIXED_H
#define DFQ_SCALAR_FIXED_H

#include "../include/dfq_kernels.h"

/* Output channel `o` of element `at` of the output image. */
static inline void dfq_scalar_fixed_element(const dfq_fixed_ending *e, int32_t sum, int32_t o,
                                            size_t at) {
  const int64_t residual = e->residual_codes     ? e->residual_codes[at] << 16
                           : e->residual_numbers ? e->residual_numbers[at]
                                                 : 0;
  int64_t a = (int64_t)sum * e->multiplier[o] + residual * e->residual_multiplier[o] + e->addend[o];
  if (e->negative_multiplier) {
    const int64_t below = (int64_t)sum * e->negative_multiplier[o] +
                          residual * e->negative_residual_multiplier[o] + e->negative_addend[o];
    a = below > a ? below : a;
  }
  const int64_t q = a >> e->shift[o];
  const int64_t above = q > e->low ? q : e->low;
  const int32_t result = (int32_t)(above < e->high ? above : e->high);
  if (e->codes) {
    e->codes[at] = (uint8_t)result;
  } else {
    e->numbers[at] = result;
  }
}

#endif
