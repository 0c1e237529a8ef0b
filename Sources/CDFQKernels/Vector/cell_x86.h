/* Cells of 16 codes, for both vector widths of x86. */
typedef __m128i vcell;
V_INLINE vcell cell_set(uint8_t x) { return _mm_set1_epi8((char)x); }
V_INLINE vcell cell_load(const uint8_t *p) { return _mm_loadu_si128((const __m128i *)p); }
V_INLINE void cell_store(uint8_t *p, vcell a) { _mm_storeu_si128((__m128i *)p, a); }
V_INLINE vcell cell_max(vcell a, vcell b) { return _mm_max_epu8(a, b); } /* without sign */

/* Keeps the compiler from knowing a vector. */
#define V_HIDE(a) __asm__("" : "+x"(a))
