/* Codes as 16-bit words, whose products in pairs are exact (those of bytes saturate without
 * VNNI). */
#define CODE_BYTES 2
typedef int16_t weight_code;

V_INLINE vi integer_dot(vi sum, vi codes, vi weights) {
  return vi_add_word_products(sum, codes, weights);
}

/* Two products of 16-bit words per lane; sums are modulo 2^32. */
V_INLINE vi word_dot(vi sum, vi a, vi b) { return vi_add_word_products(sum, a, b); }

/* Stores CELL codes. */
V_INLINE void integer_store_cell(uint8_t *cell, __m128i codes) {
  _mm256_storeu_si256((__m256i *)cell, _mm256_cvtepu8_epi16(codes));
}
