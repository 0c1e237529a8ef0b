/* Codes as bytes, for VNNI: four products per lane, without saturation. */
#define CODE_BYTES 1
typedef int8_t weight_code;

V_INLINE vi integer_dot(vi sum, vi codes, vi weights) {
  return _mm512_dpbusd_epi32(sum, codes, weights);
}

/* Two products of 16-bit words per lane; sums are modulo 2^32. */
V_INLINE vi word_dot(vi sum, vi a, vi b) { return _mm512_dpwssd_epi32(sum, a, b); }

/* Stores CELL codes. */
V_INLINE void integer_store_cell(uint8_t *cell, __m128i codes) {
  _mm_storeu_si128((__m128i *)cell, codes);
}
