#include <string.h>

#include "include/dfq_kernels.h"

/* By hand, because _Float16 is missing on some processors; without branches, so that compilers use vectors. */

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint16_t half_of(float value) {
  const uint32_t bits = bits_of(value);
  const uint32_t size = bits & 0x7fffffffu;
  const uint32_t largest = 0x477fe000u; /* 65504 */
  const uint32_t bounded = size > largest ? largest : size;
  /* Ties to even: the bit that stays last decides. */
  const uint32_t normal = (bounded + 0xfffu + (bounded >> 13 & 1) - 0x38000000u) >> 13;
  /* Below 2^-14 the addition rounds: the unit in the last place of a half is 2^-24, that of half a unit 2^-24, too. */
  const uint32_t small = bits_of(float_of(bounded) + 0.5f) - 0x3f000000u;
  uint32_t half = bounded < 0x38800000u ? small : normal;
  half = size > 0x7f800000u ? 0x7e00u : half;
  return (uint16_t)(bits >> 16 & 0x8000u) | (uint16_t)half;
}

static float float_of_half(uint16_t half) {
  const uint32_t shifted = (uint32_t)(half & 0x7fffu) << 13;
  const uint32_t exponent = shifted & 0x0f800000u;
  const uint32_t normal = shifted + 0x38000000u;
  const uint32_t special = shifted + 0x70000000u;
  const uint32_t small = bits_of(float_of(shifted + 0x38800000u) - float_of(0x38800000u));
  uint32_t size = exponent == 0 ? small : normal;
  size = exponent == 0x0f800000u ? special : size;
  return float_of(size | (uint32_t)(half & 0x8000u) << 16);
}

void dfq_halves_of_floats(const float *x, size_t count, uint16_t *y) {
  for (size_t i = 0; i < count; i++) y[i] = half_of(x[i]);
}

void dfq_floats_of_halves(const uint16_t *x, size_t count, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = float_of_half(x[i]);
}
