/* The ending in integers (dfq_fixed_ending) of vectors of sums: even and odd lanes are computed apart, in 64 bits. Where the
 * vectors have no 64-bit shifts and comparisons (AVX2), the scalar ending is taken. */
#if VL == 16
typedef struct {
  __m512i even, odd;
} fixed_pair;

/* Factors stay where they are: products read the low halves of 64-bit lanes. */
V_INLINE fixed_pair fixed_factors(const int32_t *p, vmask lanes) {
  const __m512i all = _mm512_maskz_loadu_epi32(lanes, p);
  return (fixed_pair){all, _mm512_srli_epi64(all, 32)};
}

V_INLINE fixed_pair fixed_addends(const int64_t *p, vmask lanes) {
  const __m512i low = _mm512_maskz_loadu_epi64((__mmask8)lanes, p);
  const __m512i high =
      lanes >> 8 ? _mm512_maskz_loadu_epi64((__mmask8)(lanes >> 8), p + 8) : _mm512_setzero_si512();
  const __m512i even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
  const __m512i odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
  return (fixed_pair){_mm512_permutex2var_epi64(low, even, high),
                      _mm512_permutex2var_epi64(low, odd, high)};
}

/* The constants of up to VL channels. */
typedef struct {
  fixed_pair multiplier, residual_multiplier, addend, shift;
  fixed_pair negative_multiplier, negative_residual_multiplier, negative_addend;
  __m512i low, high;
} fixed_channels;

V_INLINE fixed_channels fixed_channels_at(const dfq_fixed_ending *e, int32_t o, vmask lanes) {
  fixed_channels c = {.multiplier = fixed_factors(e->multiplier + o, lanes),
                      .residual_multiplier = fixed_factors(e->residual_multiplier + o, lanes),
                      .addend = fixed_addends(e->addend + o, lanes),
                      .shift = fixed_factors(e->shift + o, lanes),
                      .low = _mm512_set1_epi64(e->low),
                      .high = _mm512_set1_epi64(e->high)};
  c.shift.even = _mm512_and_si512(c.shift.even, _mm512_set1_epi64(0xffffffff));
  if (e->negative_multiplier) {
    c.negative_multiplier = fixed_factors(e->negative_multiplier + o, lanes);
    c.negative_residual_multiplier = fixed_factors(e->negative_residual_multiplier + o, lanes);
    c.negative_addend = fixed_addends(e->negative_addend + o, lanes);
  }
  return c;
}

V_INLINE __m512i fixed_sum(__m512i sum, __m512i multiplier, __m512i residual,
                           __m512i residual_multiplier, __m512i addend) {
  return _mm512_add_epi64(_mm512_add_epi64(_mm512_mul_epi32(sum, multiplier), addend),
                          _mm512_mul_epi32(residual, residual_multiplier));
}

/* Half of the lanes: HALF is even or odd. */
#define FIXED_HALF(HALF, SUM, RESIDUAL)                                                            \
  __m512i HALF = fixed_sum(SUM, c->multiplier.HALF, RESIDUAL, c->residual_multiplier.HALF,         \
                           c->addend.HALF);                                                        \
  if (e->negative_multiplier) {                                                                    \
    HALF = _mm512_max_epi64(                                                                       \
        HALF, fixed_sum(SUM, c->negative_multiplier.HALF, RESIDUAL,                                \
                        c->negative_residual_multiplier.HALF, c->negative_addend.HALF));           \
  }                                                                                                \
  HALF = _mm512_srav_epi64(HALF, c->shift.HALF);                                                   \
  HALF = _mm512_min_epi64(_mm512_max_epi64(HALF, c->low), c->high)

V_INLINE void fixed_vector(const dfq_fixed_ending *e, const fixed_channels *c, __m512i sums,
                           size_t at, vmask lanes) {
  __m512i residual = _mm512_setzero_si512();
  if (e->residual_codes) {
    const __m128i codes = _mm_maskz_loadu_epi8(lanes, e->residual_codes + at);
    residual = _mm512_slli_epi32(_mm512_cvtepu8_epi32(codes), 16);
  } else if (e->residual_numbers) {
    residual = _mm512_maskz_loadu_epi32(lanes, e->residual_numbers + at);
  }
  FIXED_HALF(even, sums, residual);
  FIXED_HALF(odd, _mm512_srli_epi64(sums, 32), _mm512_srli_epi64(residual, 32));
  const __m512i all = _mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32));
  if (e->codes) {
    _mm_mask_storeu_epi8(e->codes + at, lanes, _mm512_cvtepi32_epi8(all));
  } else {
    _mm512_mask_storeu_epi32(e->numbers + at, lanes, all);
  }
}
#endif

/* n <= VL channels from o on of `pixels` pixels, whose sums are sum_step and whose results pixel_step apart. */
static void fixed_pixels(const dfq_fixed_ending *e, const int32_t *sums, size_t sum_step, size_t pixels,
                         int32_t o, int32_t n, size_t at, size_t pixel_step) {
#if VL == 16
  const vmask lanes = v_first(n);
  const fixed_channels c = fixed_channels_at(e, o, lanes);
  for (size_t p = 0; p < pixels; p++, sums += sum_step, at += pixel_step) {
    fixed_vector(e, &c, _mm512_maskz_loadu_epi32(lanes, sums), at, lanes);
  }
#else
  for (size_t p = 0; p < pixels; p++, sums += sum_step, at += pixel_step) {
    for (int32_t k = 0; k < n; k++) dfq_scalar_fixed_element(e, sums[k], o + k, at + k);
  }
#endif
}

static inline void vector_fixed_ending(const int32_t *sums, size_t pixels, int32_t channels,
                                const dfq_fixed_ending *e) {
  for (int32_t o = 0; o < channels; o += VL) {
    fixed_pixels(e, sums + o, channels, pixels, o, smaller(channels - o, VL), o, channels);
  }
}
