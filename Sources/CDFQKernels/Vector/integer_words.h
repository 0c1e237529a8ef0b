/* Codes as 16-bit words, whose products in pairs are exact (those of bytes saturate without
 * VNNI). */
#define CODE_BYTES 2
typedef int16_t weight_code;
#define INTEGER_SIGNED_CODES 0
#define INTEGER_LANES 0

V_INLINE vi integer_dot(vi sum, vi codes, vi weights) {
  return vi_add_word_products(sum, codes, weights);
}
#define dense_dot integer_dot

/* Two products of 16-bit words per lane; sums are modulo 2^32. */
V_INLINE vi word_dot(vi sum, vi a, vi b) { return vi_add_word_products(sum, a, b); }

/* Stores CELL codes. */
V_INLINE void integer_store_cell(uint8_t *cell, vcell codes) {
  _mm256_storeu_si256((__m256i *)cell, _mm256_cvtepu8_epi16(codes));
}
#define dense_store_cell integer_store_cell

V_INLINE vi integer_bundle(vi codes) { return codes; }
