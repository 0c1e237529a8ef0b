#include <math.h>

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

void dfq_scalar_axpy(float a, const float *x, size_t count, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = __builtin_fmaf(a, x[i], y[i]);
}

void dfq_scalar_add_products(const dfq_products *p, int32_t rows, int32_t terms, size_t count) {
  for (int32_t r = 0; r < rows; r++) {
    for (size_t i = 0; i < count && p->from_zero; i++) p->y[r * p->y_row + i] = 0;
    for (int32_t t = 0; t < terms; t++) {
      dfq_scalar_axpy(p->a[r * p->a_row + t * p->a_term], p->x + t * p->x_term, count,
                      p->y + r * p->y_row);
    }
  }
}

double dfq_scalar_dot(const float *x, const float *y, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)x[i] * y[i];
  return sum;
}

void dfq_scalar_dots(const float *x, const float *y, size_t y_row, int32_t rows, size_t count,
                     double *sums) {
  for (int32_t r = 0; r < rows; r++) sums[r] = dfq_scalar_dot(x, y + r * y_row, count);
}

void dfq_scalar_minimum_maximum(const float *x, size_t count, float *low, float *high) {
  float least = INFINITY, most = -INFINITY;
  int unordered = 0;
  for (size_t i = 0; i < count; i++) {
    least = x[i] < least ? x[i] : least;
    most = x[i] > most ? x[i] : most;
    unordered |= x[i] != x[i];
  }
  /* + 0 turns -0 into +0, so that the result does not depend on the order of the elements. */
  *low = unordered ? NAN : least + 0.0f;
  *high = unordered ? NAN : most + 0.0f;
}

void dfq_scalar_sgd(float *w, float *velocity, const float *g, size_t count, float rate,
                    float momentum, float decay, int32_t nesterov) {
  for (size_t i = 0; i < count; i++) {
    const float gradient = __builtin_fmaf(decay, w[i], g[i]);
    const float v = __builtin_fmaf(momentum, velocity[i], gradient);
    const float step = nesterov ? __builtin_fmaf(momentum, v, gradient) : v;
    velocity[i] = v;
    w[i] = __builtin_fmaf(-rate, step, w[i]);
  }
}

void dfq_scalar_adam(float *w, float *m, float *v, const float *g, size_t count, float rate,
                     float beta1, float beta2, float epsilon, float correction1,
                     float correction2) {
  for (size_t i = 0; i < count; i++) {
    m[i] = __builtin_fmaf(beta1, m[i], (1 - beta1) * g[i]);
    v[i] = __builtin_fmaf(beta2, v[i], (1 - beta2) * g[i] * g[i]);
    const float deviation = sqrtf(v[i] / correction2) + epsilon;
    w[i] = w[i] - rate * (m[i] / correction1) / deviation;
  }
}

size_t dfq_scalar_multiply_add_loop(size_t repetitions, float *sink) {
  enum { CHAINS = 8 };
  float sums[CHAINS];
  for (int i = 0; i < CHAINS; i++) sums[i] = sink[2];
  for (size_t r = 0; r < repetitions; r++) {
    for (int i = 0; i < CHAINS; i++) sums[i] = sums[i] * sink[0] + sink[1];
  }
  float total = 0;
  for (int i = 0; i < CHAINS; i++) total += sums[i];
  sink[2] = total;
  return repetitions * CHAINS * 2;
}

size_t dfq_scalar_code_product_loop(size_t repetitions, int32_t *sink) {
  enum { CHAINS = 8 };
  uint32_t sums[CHAINS];
  for (int i = 0; i < CHAINS; i++) sums[i] = (uint32_t)sink[2];
  for (size_t r = 0; r < repetitions; r++) {
    for (int i = 0; i < CHAINS; i++) sums[i] = sums[i] * (uint32_t)sink[0] + (uint32_t)sink[1];
  }
  uint32_t total = 0;
  for (int i = 0; i < CHAINS; i++) total |= sums[i];
  sink[2] = (int32_t)total;
  return repetitions * CHAINS * 2;
}
