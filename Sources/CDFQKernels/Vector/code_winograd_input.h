/* B^T d B of bytes, modulo 256: differences and sums of rows, then of columns. */

/* Four rows of inputs become four rows of taps, for `count` neighbouring bytes. */
V_INLINE void code_winograd_rows(const uint8_t *const *rows, size_t count, uint8_t *to,
                                 size_t step) {
  for (size_t i = 0; i < count; i += 64) {
    const __mmask64 lanes = count - i >= 64 ? ~0ull : (1ull << (count - i)) - 1;
    const __m512i a = _mm512_maskz_loadu_epi8(lanes, rows[0] + i);
    const __m512i b = _mm512_maskz_loadu_epi8(lanes, rows[1] + i);
    const __m512i c = _mm512_maskz_loadu_epi8(lanes, rows[2] + i);
    const __m512i d = _mm512_maskz_loadu_epi8(lanes, rows[3] + i);
    _mm512_mask_storeu_epi8(to + i, lanes, _mm512_sub_epi8(a, c));
    _mm512_mask_storeu_epi8(to + step + i, lanes, _mm512_add_epi8(b, c));
    _mm512_mask_storeu_epi8(to + 2 * step + i, lanes, _mm512_sub_epi8(c, b));
    _mm512_mask_storeu_epi8(to + 3 * step + i, lanes, _mm512_sub_epi8(b, d));
  }
}

/* Four columns of one row of taps become four taps of a tile; offsets: for the second tap, and for the others. */
#define CODE_WINOGRAD_COLUMNS(BITS, TYPE, LOAD, STORE)                                          \
  V_INLINE void code_winograd_columns_##BITS(const uint8_t *from, size_t column, TYPE second,   \
                                             TYPE others, uint8_t *to, size_t tap) {            \
    const TYPE a = LOAD((const void *)from), b = LOAD((const void *)(from + column)),           \
               c = LOAD((const void *)(from + 2 * column)),                                     \
               d = LOAD((const void *)(from + 3 * column));                                     \
    STORE((void *)to, code_winograd_add_##BITS(code_winograd_subtract_##BITS(a, c), others));   \
    STORE((void *)(to + tap),                                                                   \
          code_winograd_add_##BITS(code_winograd_add_##BITS(b, c), second));                    \
    STORE((void *)(to + 2 * tap),                                                               \
          code_winograd_add_##BITS(code_winograd_subtract_##BITS(c, b), others));               \
    STORE((void *)(to + 3 * tap),                                                               \
          code_winograd_add_##BITS(code_winograd_subtract_##BITS(b, d), others));               \
  }
#define code_winograd_add_128 _mm_add_epi8
#define code_winograd_subtract_128 _mm_sub_epi8
#define code_winograd_add_256 _mm256_add_epi8
#define code_winograd_subtract_256 _mm256_sub_epi8
#define code_winograd_add_512 _mm512_add_epi8
#define code_winograd_subtract_512 _mm512_sub_epi8
CODE_WINOGRAD_COLUMNS(128, __m128i, _mm_loadu_si128, _mm_storeu_si128)
CODE_WINOGRAD_COLUMNS(256, __m256i, _mm256_loadu_si256, _mm256_storeu_si256)
CODE_WINOGRAD_COLUMNS(512, __m512i, _mm512_loadu_si512, _mm512_storeu_si512)

/* A row of taps of all tiles of a row of tiles. */
static void code_winograd_row_tiles(const code_winograd_geometry *g, const uint8_t *from,
                                    size_t column, int32_t row, uint8_t *to, size_t tap) {
  const __m512i others = _mm512_set1_epi8((char)WINOGRAD_OFFSET);
  const __m512i second = row == 1 ? _mm512_setzero_si512() : others;
  const __m256i others_256 = _mm512_castsi512_si256(others), second_256 = _mm512_castsi512_si256(second);
  const __m128i others_128 = _mm512_castsi512_si128(others), second_128 = _mm512_castsi512_si128(second);
  const int32_t channels = g->channels;
  for (int32_t x = 0; x < g->columns; x++, from += 2 * column, to += channels) {
    int32_t c = 0;
    for (; c + 64 <= channels; c += 64) {
      code_winograd_columns_512(from + c, column, second, others, to + c, tap);
    }
    if (c + 32 <= channels) {
      code_winograd_columns_256(from + c, column, second_256, others_256, to + c, tap);
      c += 32;
    }
    if (c < channels) {
      code_winograd_columns_128(from + c, column, second_128, others_128, to + c, tap);
    }
  }
}

/* What surrounds the image in the four rows of taps: the same everywhere, since all four rows of inputs are pad codes there. */
static void code_winograd_surround(const code_winograd_geometry *g, const dfq_conv_shape *s,
                                   uint8_t pad_code, uint8_t *rows, size_t step) {
  const size_t column = s->in_channels, inside = (size_t)s->in_width * column;
  const size_t before = s->pad_left * column;
  for (int32_t row = 0; row < 4; row++) {
    uint8_t *to = rows + row * step;
    const int value = row == 1 ? (uint8_t)(2 * pad_code) : 0;
    memset(to, value, before);
    if (before + inside < g->row_bytes) {
      memset(to + before + inside, value, g->row_bytes - before - inside);
    }
  }
}

/* Rows first ..< end of tiles: [tap][tile][channel]. `pads` is a row of pad codes, `rows` what code_winograd_surround filled. */
static void code_winograd_input(const code_winograd_geometry *g, const dfq_conv_shape *s,
                                const uint8_t *image, int32_t first, int32_t end,
                                const uint8_t *pads, uint8_t *rows, size_t step, uint8_t *strip) {
  const size_t column = s->in_channels, tap = code_winograd_tap_step(g);
  const size_t width = (size_t)s->in_width * column, before = s->pad_left * column;
  const size_t count = width + before < g->row_bytes ? width : g->row_bytes - before;
  for (int32_t y = first; y < end; y++, strip += (size_t)g->columns * g->channels) {
    const uint8_t *from[4];
    for (int32_t k = 0; k < 4; k++) {
      const int32_t row = 2 * y - s->pad_top + k;
      from[k] = row >= 0 && row < s->in_height ? image + row * width : pads;
    }
    code_winograd_rows(from, count, rows + before, step);
    for (int32_t row = 0; row < 4; row++) {
      code_winograd_row_tiles(g, rows + row * step, column, row, strip + 4 * row * tap, tap);
    }
  }
}
