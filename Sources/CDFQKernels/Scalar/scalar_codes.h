/* The ending of the scalar operations on codes. */
#ifndef DFQ_SCALAR_CODES_H
#define DFQ_SCALAR_CODES_H

#include <math.h>

#include "../include/dfq_kernels.h"
#include "scalar_fixed.h"

/* The ending of one sum: output channel `o` of element `at` of the output image. */
static inline void dfq_scalar_code_ending(const dfq_code_ending *e, int32_t sum, int32_t o,
                                          size_t at) {
#pragma STDC FP_CONTRACT OFF
  if (e->fixed) {
    dfq_scalar_fixed_element(e->fixed, sum, o, at);
    return;
  }
  float t = fmaf((float)sum, e->scale[o], e->offset[o]);
  if (e->norm_scale) t = fmaf(t, e->norm_scale[o], e->norm_shift[o]);
  if (e->residual) {
    t += e->residual[at];
  } else if (e->residual_codes) {
    t += ((float)e->residual_codes[at] + e->residual_offset) / e->residual_levels;
  }
  const float active = t < 0 ? fmaf(t, e->negative_slope, 0.0f) : t;
  const float y = e->upper_bound < active ? e->upper_bound : active;
  if (e->values) e->values[at] = y;
  if (!e->codes) return;
  const float level = rintf(e->levels_per_unit * y - e->zero);
  const float above = level > e->qmin ? level : e->qmin;
  e->codes[at] = (uint8_t)((above < e->qmax ? above : e->qmax) - e->qmin);
}

#endif
