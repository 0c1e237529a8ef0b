/* Vectors of 16 floats. The vector kernels use these names, which vec_avx2.h defines as well. */
#include <immintrin.h>

#define VL 16
typedef __m512 vf;
typedef __mmask16 vmask; /* lanes of a partial load or store */
typedef __mmask16 vbool; /* outcome of a comparison */

#define V_INLINE static inline __attribute__((always_inline))

#include "cell_x86.h"

V_INLINE vf v_zero(void) { return _mm512_setzero_ps(); }
V_INLINE vf v_set(float x) { return _mm512_set1_ps(x); }
V_INLINE vf v_load(const float *p) { return _mm512_loadu_ps(p); }
V_INLINE void v_store(float *p, vf a) { _mm512_storeu_ps(p, a); }
/* A non-temporal store; p is aligned to a cache line. */
#define V_STREAMS 1
V_INLINE void v_stream(float *p, vf a) { _mm512_stream_ps(p, a); }
V_INLINE vmask v_first(int n) {
  return n >= VL ? (vmask)0xffff : n <= 0 ? (vmask)0 : (vmask)((1u << n) - 1);
}
V_INLINE vf v_load_masked(const float *p, vmask m) { return _mm512_maskz_loadu_ps(m, p); }
V_INLINE void v_store_masked(float *p, vmask m, vf a) { _mm512_mask_storeu_ps(p, m, a); }

V_INLINE vf v_add(vf a, vf b) { return _mm512_add_ps(a, b); }
V_INLINE vf v_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
V_INLINE vf v_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
V_INLINE vf v_div(vf a, vf b) { return _mm512_div_ps(a, b); }
V_INLINE vf v_sqrt(vf a) { return _mm512_sqrt_ps(a); }
V_INLINE vf v_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); } /* a * b + c */
/* Where the operands are unordered, the result is the second one: a NaN in the second propagates. */
V_INLINE vf v_min(vf a, vf b) { return _mm512_min_ps(a, b); }
V_INLINE vf v_max(vf a, vf b) { return _mm512_max_ps(a, b); }
V_INLINE vf v_round(vf a) { /* half to even */
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

V_INLINE vbool v_less(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
V_INLINE vbool v_at_most(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
/* Equal or unordered. */
V_INLINE vbool v_same(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_UQ); }
V_INLINE vbool v_unordered(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q); }
V_INLINE vbool v_and(vbool a, vbool b) { return a & b; }
V_INLINE vbool v_or(vbool a, vbool b) { return a | b; }
V_INLINE vbool v_never(void) { return 0; }
V_INLINE int v_any(vbool a) { return a != 0; }
/* Stores one bit per lane. */
V_INLINE void v_store_bits(uint8_t *p, vbool a) { memcpy(p, &a, sizeof a); }
V_INLINE vbool v_load_bits(const uint8_t *p) {
  vbool a;
  memcpy(&a, p, sizeof a);
  return a;
}
V_INLINE vf v_select(vbool condition, vf yes, vf no) {
  return _mm512_mask_blend_ps(condition, no, yes);
}

/* Looks up values by the low bits of whole numbers, in one or two tables of V_TABLE values. */
#define V_TABLE 16
V_INLINE vf v_look_up_at(const vf *table, const int TABLES, __m512i at) {
  return TABLES == 1 ? _mm512_permutexvar_ps(at, table[0])
                     : _mm512_permutex2var_ps(table[0], at, table[1]);
}
V_INLINE vf v_look_up(const vf *table, const int TABLES, vf number) {
  return v_look_up_at(table, TABLES, _mm512_cvtps_epi32(number));
}

/* The first n lanes, whole numbers from 0 to 255, as bytes. */
V_INLINE void v_store_bytes_n(uint8_t *p, int n, vf a) {
  const __m128i bytes = _mm512_cvtusepi32_epi8(_mm512_cvttps_epi32(a));
  if (n >= VL) {
    _mm_storeu_si128((__m128i *)p, bytes);
  } else {
    _mm_mask_storeu_epi8(p, v_first(n), bytes);
  }
}

/* Vectors of whole numbers, as many as floats. */
typedef __m512i vi;
V_INLINE vi vi_zero(void) { return _mm512_setzero_si512(); }
V_INLINE vi vi_set(int32_t x) { return _mm512_set1_epi32(x); }
V_INLINE vi vi_load(const void *p) { return _mm512_loadu_si512(p); }
/* Copies 64 bytes. */
V_INLINE void vi_copy(uint8_t *to, const uint8_t *from) {
  _mm512_storeu_si512(to, _mm512_loadu_si512(from));
}
V_INLINE void vi_store(void *p, vi a) { _mm512_storeu_si512(p, a); }
V_INLINE vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
V_INLINE vi vi_subtract(vi a, vi b) { return _mm512_sub_epi32(a, b); }
V_INLINE vf v_from_whole(vi a) { return _mm512_cvtepi32_ps(a); }
V_INLINE vi vi_set_words(int16_t x) { return _mm512_set1_epi16(x); }
/* Quarters of a, then quarters of b, as the shuffle says. */
#define vi_quarters(a, b, order) _mm512_shuffle_i64x2(a, b, order)
V_INLINE vi vi_set_bytes(uint8_t x) { return _mm512_set1_epi8((char)x); }
/* Half to even; the most negative number for what 32 bits do not hold. */
V_INLINE vi v_to_whole(vf a) { return _mm512_cvtps_epi32(a); }
V_INLINE vi vi_max_bytes(vi a, vi b) { return _mm512_max_epu8(a, b); } /* without sign */
V_INLINE vi vi_min_bytes(vi a, vi b) { return _mm512_min_epu8(a, b); }
V_INLINE vi vi_of_bits(vf a) { return _mm512_castps_si512(a); }
V_INLINE vf v_of_bits(vi a) { return _mm512_castsi512_ps(a); }
V_INLINE vi vi_and(vi a, vi b) { return _mm512_and_si512(a, b); }
V_INLINE vi vi_or(vi a, vi b) { return _mm512_or_si512(a, b); }
V_INLINE vi vi_shift_left(vi a, const int bits) { return _mm512_slli_epi32(a, bits); }
V_INLINE vi vi_shift_words_right(vi a, const int bits) { return _mm512_srli_epi16(a, bits); }
V_INLINE vi vi_xor(vi a, vi b) { return _mm512_xor_si512(a, b); }
V_INLINE vi vi_add_bytes(vi a, vi b) { return _mm512_add_epi8(a, b); }
V_INLINE vi vi_subtract_bytes(vi a, vi b) { return _mm512_sub_epi8(a, b); }
V_INLINE vi vi_add_words(vi a, vi b) { return _mm512_add_epi16(a, b); }
V_INLINE vi vi_subtract_words(vi a, vi b) { return _mm512_sub_epi16(a, b); }
V_INLINE vi vi_shift_words_left(vi a, const int bits) { return _mm512_slli_epi16(a, bits); }
V_INLINE vi vi_multiply(vi a, vi b) { return _mm512_mullo_epi32(a, b); } /* modulo 2^32 */
V_INLINE vi vi_divide_power(vi a, const int bits) { return _mm512_srai_epi32(a, bits); } /* rounds down */
/* The first n of 2 * VL bytes, from 0 to 255, as 16-bit words; the others are 0. */
V_INLINE vi vi_words_of_bytes_n(const uint8_t *p, int n) {
  const __m256i bytes = n >= 2 * VL ? _mm256_loadu_si256((const __m256i *)(const void *)p)
                                    : _mm256_maskz_loadu_epi8((__mmask32)((1u << n) - 1), p);
  return _mm512_cvtepu8_epi16(bytes);
}
/* The first n of VL bytes, from 0 to 255. */
V_INLINE vi vi_from_bytes_n(const uint8_t *p, int n) {
  const __m128i bytes =
      n >= VL ? _mm_loadu_si128((const __m128i *)p) : _mm_maskz_loadu_epi8(v_first(n), p);
  return _mm512_cvtepu8_epi32(bytes);
}
/* a[0 ..< 4] - words[0] as bytes, clamped to 0 ... 255: part k of VL bytes is that of a[k]. */
V_INLINE vi vi_pack_bytes(const vi *a, vi words) {
  const vi low = _mm512_subs_epi16(_mm512_packs_epi32(a[0], a[1]), words);
  const vi high = _mm512_subs_epi16(_mm512_packs_epi32(a[2], a[3]), words);
  const vi order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, _mm512_packus_epi16(low, high));
}
/* Stores the first n bytes of part k. */
V_INLINE void vi_store_part_n(uint8_t *p, int n, vi a, const int k) {
  const __m128i part = k == 0   ? _mm512_castsi512_si128(a)
                       : k == 1 ? _mm512_extracti32x4_epi32(a, 1)
                       : k == 2 ? _mm512_extracti32x4_epi32(a, 2)
                                : _mm512_extracti32x4_epi32(a, 3);
  if (n >= VL) {
    _mm_storeu_si128((__m128i *)p, part);
  } else {
    _mm_mask_storeu_epi8(p, v_first(n), part);
  }
}
/* Stores half k: parts 2k and 2k + 1. */
V_INLINE void vi_store_half(void *p, vi a, const int k) {
  const __m256i half = k ? _mm512_extracti64x4_epi64(a, 1) : _mm512_castsi512_si256(a);
  _mm256_storeu_si256((__m256i *)p, half);
}
V_INLINE vi vi_set_long(int64_t x) { return _mm512_set1_epi64(x); }
/* The lanes of a and b in turn: the first half, or the second. */
V_INLINE vi vi_interleave(vi a, vi b, const int half) {
  const vi first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const vi order = half ? _mm512_add_epi32(first, _mm512_set1_epi32(8)) : first;
  return _mm512_permutex2var_epi32(a, order, b);
}
/* Every second lane, the first or the second: quarter k has those of quarter k of a, and of b. */
V_INLINE vi vi_every_second(vi a, vi b, const int second) {
  const __m512 x = _mm512_castsi512_ps(a), y = _mm512_castsi512_ps(b);
  return _mm512_castps_si512(second ? _mm512_shuffle_ps(x, y, 0xDD) : _mm512_shuffle_ps(x, y, 0x88));
}
/* sum + the two products of the 16-bit halves of each lane. */
V_INLINE vi vi_add_word_products(vi sum, vi a, vi b) {
  return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
}

/* Sum of the lanes, in double. */
V_INLINE double v_sum(vf a) {
  const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(a));
  const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1));
  return _mm512_reduce_add_pd(_mm512_add_pd(low, high));
}

/* p[0 ..< n] += the first n lanes of a, in double. */
V_INLINE void v_add_to_doubles(double *p, int n, vf a) {
  const vmask m = v_first(n);
  const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(a));
  const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1));
  const __mmask8 m0 = (__mmask8)m, m1 = (__mmask8)(m >> 8);
  _mm512_mask_storeu_pd(p, m0, _mm512_add_pd(_mm512_maskz_loadu_pd(m0, p), low));
  if (!m1) return;
  _mm512_mask_storeu_pd(p + 8, m1, _mm512_add_pd(_mm512_maskz_loadu_pd(m1, p + 8), high));
}
