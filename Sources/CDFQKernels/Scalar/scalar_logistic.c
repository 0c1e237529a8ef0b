#include <math.h>
#include <string.h>

#include "../logistic_constants.h"
#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

/* 1 / (1 + e^-x). */
static float logistic(float x) {
  float t = 0 - x;
  if (t != t) return t;
  if (t > LOGISTIC_MOST) return 0;
  t = t > LOGISTIC_LEAST ? t : LOGISTIC_LEAST;
  const float n = rintf(t * LOGISTIC_LOG2E);
  float r = __builtin_fmaf(n, -LOGISTIC_LN2_HIGH, t);
  r = __builtin_fmaf(n, -LOGISTIC_LN2_LOW, r);
  float p = LOGISTIC_P0;
  p = __builtin_fmaf(p, r, LOGISTIC_P1);
  p = __builtin_fmaf(p, r, LOGISTIC_P2);
  p = __builtin_fmaf(p, r, LOGISTIC_P3);
  p = __builtin_fmaf(p, r, LOGISTIC_P4);
  p = __builtin_fmaf(p, r, LOGISTIC_P5);
  p = __builtin_fmaf(r * r, p, r) + 1;
  const int32_t bits = ((int32_t)n + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return 1 / __builtin_fmaf(p, power, 1);
}

void dfq_scalar_logistic(const float *x, size_t count, int32_t multiplies, float *y) {
  for (size_t i = 0; i < count; i++) {
    const float s = logistic(x[i]);
    y[i] = multiplies ? x[i] * s : s;
  }
}

void dfq_scalar_logistic_slopes(const float *x, size_t count, int32_t multiplies, float *g) {
  for (size_t i = 0; i < count; i++) {
    const float s = logistic(x[i]), slope = s * (1 - s);
    g[i] *= multiplies ? __builtin_fmaf(x[i], slope, s) : slope;
  }
}
