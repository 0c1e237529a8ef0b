/* Vectors of 8 floats; the names of vec_avx512.h. */
#include <immintrin.h>

#define VL 8
typedef __m256 vf;
typedef __m256i vmask;
typedef __m256 vbool;

#define V_INLINE static inline __attribute__((always_inline))

#include "cell_x86.h"

V_INLINE vf v_zero(void) { return _mm256_setzero_ps(); }
V_INLINE vf v_set(float x) { return _mm256_set1_ps(x); }
V_INLINE vf v_load(const float *p) { return _mm256_loadu_ps(p); }
V_INLINE void v_store(float *p, vf a) { _mm256_storeu_ps(p, a); }
/* Non-temporal stores of half a line are slower than ordinary stores. */
#define V_STREAMS 0
V_INLINE void v_stream(float *p, vf a) { v_store(p, a); }
V_INLINE vmask v_first(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
V_INLINE vf v_load_masked(const float *p, vmask m) { return _mm256_maskload_ps(p, m); }
V_INLINE void v_store_masked(float *p, vmask m, vf a) { _mm256_maskstore_ps(p, m, a); }

V_INLINE vf v_add(vf a, vf b) { return _mm256_add_ps(a, b); }
V_INLINE vf v_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
V_INLINE vf v_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
V_INLINE vf v_div(vf a, vf b) { return _mm256_div_ps(a, b); }
V_INLINE vf v_sqrt(vf a) { return _mm256_sqrt_ps(a); }
V_INLINE vf v_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
V_INLINE vf v_min(vf a, vf b) { return _mm256_min_ps(a, b); }
V_INLINE vf v_max(vf a, vf b) { return _mm256_max_ps(a, b); }
V_INLINE vf v_round(vf a) {
  return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

V_INLINE vbool v_less(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
V_INLINE vbool v_at_most(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
/* Equal or unordered. */
V_INLINE vbool v_same(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_EQ_UQ); }
V_INLINE vbool v_unordered(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_UNORD_Q); }
V_INLINE vbool v_and(vbool a, vbool b) { return _mm256_and_ps(a, b); }
V_INLINE vbool v_or(vbool a, vbool b) { return _mm256_or_ps(a, b); }
V_INLINE vbool v_never(void) { return _mm256_setzero_ps(); }
V_INLINE int v_any(vbool a) { return _mm256_movemask_ps(a) != 0; }
V_INLINE void v_store_bits(uint8_t *p, vbool a) { *p = (uint8_t)_mm256_movemask_ps(a); }
V_INLINE vbool v_load_bits(const uint8_t *p) {
  const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const __m256i set = _mm256_and_si256(_mm256_set1_epi32(*p), bits);
  return _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, bits));
}
V_INLINE vf v_select(vbool condition, vf yes, vf no) {
  return _mm256_blendv_ps(no, yes, condition);
}

V_INLINE void v_store_bytes_n(uint8_t *p, int n, vf a) {
  const __m256i whole = _mm256_cvttps_epi32(a);
  const __m128i words =
      _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
  uint8_t bytes[VL];
  _mm_storel_epi64((__m128i *)bytes, _mm_packus_epi16(words, words));
  memcpy(p, bytes, n < VL ? n : VL);
}

typedef __m256i vi;
V_INLINE vi vi_zero(void) { return _mm256_setzero_si256(); }
V_INLINE vi vi_set(int32_t x) { return _mm256_set1_epi32(x); }
V_INLINE vi vi_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
/* Copies 64 bytes. */
V_INLINE void vi_copy(uint8_t *to, const uint8_t *from) {
  const __m256i low = _mm256_loadu_si256((const __m256i *)from);
  const __m256i high = _mm256_loadu_si256((const __m256i *)(from + 32));
  _mm256_storeu_si256((__m256i *)to, low);
  _mm256_storeu_si256((__m256i *)(to + 32), high);
}
V_INLINE void vi_store(void *p, vi a) { _mm256_storeu_si256((__m256i *)p, a); }
V_INLINE vi vi_quarter(vi a) { return _mm256_srai_epi32(a, 2); }
V_INLINE vf v_from_whole(vi a) { return _mm256_cvtepi32_ps(a); }
V_INLINE vi vi_set_words(int16_t x) { return _mm256_set1_epi16(x); }
V_INLINE vi vi_set_bytes(uint8_t x) { return _mm256_set1_epi8((char)x); }
V_INLINE vi v_to_whole(vf a) { return _mm256_cvtps_epi32(a); }
V_INLINE vi vi_max_bytes(vi a, vi b) { return _mm256_max_epu8(a, b); }
V_INLINE vi vi_min_bytes(vi a, vi b) { return _mm256_min_epu8(a, b); }
V_INLINE vi vi_of_bits(vf a) { return _mm256_castps_si256(a); }
V_INLINE vf v_of_bits(vi a) { return _mm256_castsi256_ps(a); }
V_INLINE vi vi_and(vi a, vi b) { return _mm256_and_si256(a, b); }
V_INLINE vi vi_or(vi a, vi b) { return _mm256_or_si256(a, b); }
V_INLINE vi vi_shift_left(vi a, const int bits) { return _mm256_slli_epi32(a, bits); }
V_INLINE vi vi_shift_words_right(vi a, const int bits) { return _mm256_srli_epi16(a, bits); }
V_INLINE vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
V_INLINE vi vi_subtract(vi a, vi b) { return _mm256_sub_epi32(a, b); }
V_INLINE vi vi_add_words(vi a, vi b) { return _mm256_add_epi16(a, b); }
V_INLINE vi vi_subtract_words(vi a, vi b) { return _mm256_sub_epi16(a, b); }
V_INLINE vi vi_shift_words_left(vi a, const int bits) { return _mm256_slli_epi16(a, bits); }
V_INLINE vi vi_multiply(vi a, vi b) { return _mm256_mullo_epi32(a, b); }
V_INLINE vi vi_divide_power(vi a, const int bits) { return _mm256_srai_epi32(a, bits); }
V_INLINE vi vi_words_of_bytes_n(const uint8_t *p, int n) {
  uint8_t bytes[2 * VL] = {0};
  memcpy(bytes, p, n < 2 * VL ? n : 2 * VL);
  return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)bytes));
}
V_INLINE vi vi_from_bytes_n(const uint8_t *p, int n) {
  uint8_t bytes[VL] = {0};
  memcpy(bytes, p, n < VL ? n : VL);
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)bytes));
}
V_INLINE vi vi_pack_bytes(const vi *a, vi words) {
  const vi low = _mm256_subs_epi16(_mm256_packs_epi32(a[0], a[1]), words);
  const vi high = _mm256_subs_epi16(_mm256_packs_epi32(a[2], a[3]), words);
  const vi order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order);
}
V_INLINE void vi_store_part_n(uint8_t *p, int n, vi a, const int k) {
  const __m128i half = k < 2 ? _mm256_castsi256_si128(a) : _mm256_extracti128_si256(a, 1);
  uint8_t bytes[VL];
  _mm_storel_epi64((__m128i *)bytes, k % 2 ? _mm_unpackhi_epi64(half, half) : half);
  memcpy(p, bytes, n < VL ? n : VL);
}
V_INLINE void vi_store_half(void *p, vi a, const int k) {
  const __m128i half = k ? _mm256_extracti128_si256(a, 1) : _mm256_castsi256_si128(a);
  _mm_storeu_si128((__m128i *)p, half);
}
V_INLINE vi vi_set_long(int64_t x) { return _mm256_set1_epi64x(x); }
V_INLINE vi vi_interleave(vi a, vi b, const int half) {
  const vi low = _mm256_unpacklo_epi32(a, b), high = _mm256_unpackhi_epi32(a, b);
  return half ? _mm256_permute2x128_si256(low, high, 0x31) : _mm256_permute2x128_si256(low, high, 0x20);
}
V_INLINE vi vi_every_second(vi a, vi b, const int second) {
  const __m256 x = _mm256_castsi256_ps(a), y = _mm256_castsi256_ps(b);
  return _mm256_castps_si256(second ? _mm256_shuffle_ps(x, y, 0xDD) : _mm256_shuffle_ps(x, y, 0x88));
}
V_INLINE vi vi_add_word_products(vi sum, vi a, vi b) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}

V_INLINE double v_sum(vf a) {
  const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(a));
  const __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1));
  const __m256d sum = _mm256_add_pd(low, high);
  const __m128d half = _mm_add_pd(_mm256_castpd256_pd128(sum), _mm256_extractf128_pd(sum, 1));
  return _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)));
}

V_INLINE void v_add_to_doubles(double *p, int n, vf a) {
  float lanes[VL];
  v_store(lanes, a);
  for (int i = 0; i < n && i < VL; i++) p[i] += (double)lanes[i];
}
