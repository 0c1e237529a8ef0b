/* Codes as bytes, for VNNI: four products per lane, without saturation. */
#define CODE_BYTES 1
typedef int8_t weight_code;
#define INTEGER_SIGNED_CODES 0
#define INTEGER_LANES 0

V_INLINE vi integer_dot(vi sum, vi codes, vi weights) {
#if VL == 16
  return _mm512_dpbusd_epi32(sum, codes, weights);
#else
  return _mm256_dpbusd_avx_epi32(sum, codes, weights);
#endif
}
#define dense_dot integer_dot

/* Two products of 16-bit words per lane; sums are modulo 2^32. */
V_INLINE vi word_dot(vi sum, vi a, vi b) {
#if VL == 16
  return _mm512_dpwssd_epi32(sum, a, b);
#else
  return _mm256_dpwssd_avx_epi32(sum, a, b);
#endif
}

/* Stores CELL codes. */
V_INLINE void integer_store_cell(uint8_t *cell, vcell codes) { cell_store(cell, codes); }
#define dense_store_cell integer_store_cell

V_INLINE vi integer_bundle(vi codes) { return codes; }
