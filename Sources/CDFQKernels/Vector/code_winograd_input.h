/* B^T d B of bytes, modulo 256: differences and sums of four rows of inputs, then of four columns.
 *
 * Rows of taps are stored as two planes, of the even and of the odd columns, so that the four columns of a tile are contiguous
 * streams over all tiles of a row: even columns, odd columns, and both one tile later. */

/* A row of taps at a column. */
V_INLINE uint8_t *code_winograd_cell(const code_winograd_geometry *g, uint8_t *rows, int32_t row,
                                     int32_t column) {
  return rows + (2 * row + column % 2) * g->plane_bytes + (size_t)(column / 2) * g->channels;
}

/* a, b, c, d: bytes of four rows of inputs; to: those of four rows of taps. */
#define CODE_WINOGRAD_ROWS(BITS, TYPE, LOAD, STORE, ADD, SUBTRACT)                                 \
  V_INLINE void code_winograd_rows_##BITS(TYPE a, TYPE b, TYPE c, TYPE d, uint8_t *to, size_t row) { \
    STORE((void *)to, SUBTRACT(a, c));                                                             \
    STORE((void *)(to + row), ADD(b, c));                                                          \
    STORE((void *)(to + 2 * row), SUBTRACT(c, b));                                                 \
    STORE((void *)(to + 3 * row), SUBTRACT(b, d));                                                 \
  }                                                                                                \
  V_INLINE void code_winograd_load_rows_##BITS(const uint8_t *const *from, size_t at, uint8_t *to, \
                                               size_t row) {                                       \
    code_winograd_rows_##BITS(                                                                     \
        LOAD((const void *)(from[0] + at)), LOAD((const void *)(from[1] + at)),                    \
        LOAD((const void *)(from[2] + at)), LOAD((const void *)(from[3] + at)), to, row);          \
  }
CODE_WINOGRAD_ROWS(128, __m128i, _mm_loadu_si128, _mm_storeu_si128, _mm_add_epi8, _mm_sub_epi8)
CODE_WINOGRAD_ROWS(256, __m256i, _mm256_loadu_si256, _mm256_storeu_si256, _mm256_add_epi8,
                   _mm256_sub_epi8)
CODE_WINOGRAD_ROWS(512, __m512i, _mm512_loadu_si512, _mm512_storeu_si512, _mm512_add_epi8,
                   _mm512_sub_epi8)

/* The channels of one pixel, without reading beyond them. */
V_INLINE void code_winograd_pixel(int32_t channels, const uint8_t *const *from, size_t at,
                                  uint8_t *to, size_t row) {
  int32_t c = 0;
  for (; c + 64 <= channels; c += 64) code_winograd_load_rows_512(from, at + c, to + c, row);
  if (c + 32 <= channels) {
    code_winograd_load_rows_256(from, at + c, to + c, row);
    c += 32;
  }
  if (c + CELL <= channels) {
    code_winograd_load_rows_128(from, at + c, to + c, row);
    c += CELL;
  }
  if (c == channels) return;
  const vmask lanes = v_first(channels - c);
  __m128i x[4];
  UNROLL_FULLY for (int k = 0; k < 4; k++) x[k] = _mm_maskz_loadu_epi8(lanes, from[k] + at + c);
  code_winograd_rows_128(x[0], x[1], x[2], x[3], to + c, row);
}

/* Eight pixels of CELL channels, of which the first is in plane `to`, the second in plane `other`. */
V_INLINE void code_winograd_pixels(const uint8_t *const *from, size_t at, uint8_t *to,
                                   uint8_t *other, size_t row) {
  const __m512i first = _mm512_setr_epi64(0, 1, 4, 5, 8, 9, 12, 13);
  const __m512i second = _mm512_setr_epi64(2, 3, 6, 7, 10, 11, 14, 15);
  __m512i x[4], y[4];
  UNROLL_FULLY for (int k = 0; k < 4; k++) {
    const __m512i low = _mm512_loadu_si512(from[k] + at);
    const __m512i high = _mm512_loadu_si512(from[k] + at + 4 * CELL);
    x[k] = _mm512_permutex2var_epi64(low, first, high);
    y[k] = _mm512_permutex2var_epi64(low, second, high);
  }
  code_winograd_rows_512(x[0], x[1], x[2], x[3], to, row);
  code_winograd_rows_512(y[0], y[1], y[2], y[3], other, row);
}

/* Four rows of inputs become four rows of taps. from: the rows' pixels 0 ..< count. */
V_INLINE void code_winograd_rows(const code_winograd_geometry *g, const dfq_conv_shape *s,
                                 const uint8_t *const *from, int32_t count, uint8_t *rows) {
  const int32_t channels = s->in_channels;
  const size_t row = 2 * g->plane_bytes;
  int32_t x = 0;
  if (channels == CELL) {
    for (; x + 8 <= count; x += 8) {
      code_winograd_pixels(from, (size_t)x * CELL,
                           code_winograd_cell(g, rows, 0, x + s->pad_left),
                           code_winograd_cell(g, rows, 0, x + 1 + s->pad_left), row);
    }
  }
  for (; x < count; x++) {
    code_winograd_pixel(channels, from, (size_t)x * channels,
                        code_winograd_cell(g, rows, 0, x + s->pad_left), row);
  }
}

/* A row of taps of a row of tiles: one tap of each line, for all its tiles, at to[line]. */
V_INLINE void code_winograd_columns(const code_winograd_geometry *g, const uint8_t *planes,
                                    int32_t row, uint8_t *const *to) {
  vi offset[WINOGRAD_LINES];
  UNROLL_FULLY for (int k = 0; k < WINOGRAD_LINES; k++) {
    offset[k] = vi_set_bytes((uint8_t)code_winograd_offset(WINOGRAD_ROWS * k + row));
  }
  const uint8_t *odd = planes + g->plane_bytes;
  const size_t channels = g->channels, count = g->columns * channels;
  for (size_t i = 0; i < count; i += 64) {
    const vi a = vi_load(planes + i), c = vi_load(planes + i + channels);
    const vi b = vi_load(odd + i), d = vi_load(odd + i + channels);
    const vi taps[WINOGRAD_LINES] = {vi_subtract_bytes(a, c), vi_add_bytes(b, c),
                                     vi_subtract_bytes(c, b), vi_subtract_bytes(b, d)};
    UNROLL_FULLY for (int k = 0; k < WINOGRAD_LINES; k++) {
      vi_store(to[k] + i, vi_add_bytes(taps[k], offset[k]));
    }
  }
}

/* What surrounds the image in the rows of taps: the same everywhere, since all four rows of inputs are pad codes there. */
V_INLINE void code_winograd_surround(const code_winograd_geometry *g, const dfq_conv_shape *s,
                                     uint8_t pad_code, uint8_t *rows) {
  for (int32_t column = 0; column < 2 * g->columns + 2; column++) {
    if (column >= s->pad_left && column < s->pad_left + s->in_width) continue;
    for (int32_t row = 0; row < WINOGRAD_ROWS; row++) {
      const int value = row == 1 ? (uint8_t)(2 * pad_code) : 0;
      memset(code_winograd_cell(g, rows, row, column), value, g->channels);
    }
  }
}

/* Rows first ..< end of tiles: [line][tap][tile][channel]. Where line 3 leaves out the last tile of a row, the next row overwrites it.
 * `pads` is a row of pad codes, `rows` what code_winograd_surround filled. */
V_INLINE void code_winograd_input(const code_winograd_geometry *g, const dfq_conv_shape *s,
                                  const uint8_t *image, int32_t first, int32_t end,
                                  const uint8_t *pads, uint8_t *rows, uint8_t *strip) {
  const size_t tap = code_winograd_tap_step(g), width = (size_t)s->in_width * s->in_channels;
  const size_t row_step = 2 * g->plane_bytes, line = WINOGRAD_ROWS * tap;
  const int32_t count = smaller(s->in_width, 2 * g->columns + 2 - s->pad_left);
  for (int32_t y = first; y < end; y++) {
    const uint8_t *from[4];
    for (int32_t k = 0; k < 4; k++) {
      const int32_t row = 2 * y - s->pad_top + k;
      from[k] = row >= 0 && row < s->in_height ? image + row * width : pads;
    }
    code_winograd_rows(g, s, from, count, rows);
    for (int32_t row = 0; row < WINOGRAD_ROWS; row++) {
      uint8_t *to[WINOGRAD_LINES];
      for (int32_t k = 0; k < WINOGRAD_LINES; k++) {
        const int32_t columns = k < WINOGRAD_LINES - 1 ? g->columns : g->last_line_columns;
        to[k] = strip + k * line + row * tap + (size_t)(y - first) * columns * g->channels;
      }
      code_winograd_columns(g, rows + row * row_step, row, to);
    }
  }
}
