/* B^T d B of bytes, modulo 256: sums and differences of six rows of inputs, then of W + 2 columns.
 *
 * Rows of taps are stored as W planes, each of every W-th column, so that the columns of a tile are contiguous streams over all
 * tiles of a row: the planes, and the first two of them one tile later. */

/* A row of taps at a column. */
V_INLINE uint8_t *wide_cell(const int WIDTH, const wide_geometry *g, uint8_t *rows, int32_t row,
                            int32_t column) {
  return rows + (WIDTH * row + column % WIDTH) * g->plane + (size_t)(column / WIDTH) * g->channels;
}

/* B^T of d[0 ..< 6]. */
#define WIDE_LINE(BITS, TYPE, ADD, SUBTRACT)                                \
  V_INLINE void wide_line_##BITS(const TYPE *d, TYPE *taps) {               \
    const TYPE odd = ADD(d[1], d[3]), even = ADD(d[2], d[4]);               \
    const TYPE right = SUBTRACT(d[3], d[1]), far = SUBTRACT(d[4], d[2]);    \
    taps[WIDE_SUM] = ADD(odd, even);                                        \
    taps[WIDE_ALTERNATING] = SUBTRACT(even, odd);                           \
    taps[WIDE_JOINT] = SUBTRACT(d[1], d[3]);                                \
    taps[WIDE_EVEN] = ADD(right, far);                                      \
    taps[WIDE_ODD] = SUBTRACT(right, far);                                  \
    taps[WIDE_FIRST] = SUBTRACT(d[0], d[4]);                                \
    taps[WIDE_LAST] = SUBTRACT(d[5], d[1]);                                 \
  }
WIDE_LINE(128, __m128i, _mm_add_epi8, _mm_sub_epi8)
WIDE_LINE(256, __m256i, _mm256_add_epi8, _mm256_sub_epi8)
WIDE_LINE(512, __m512i, _mm512_add_epi8, _mm512_sub_epi8)

#define WIDE_LOAD_ROWS(BITS, TYPE, LOAD, STORE)                                                   \
  V_INLINE void wide_load_rows_##BITS(const uint8_t *const *from, size_t at, uint8_t *to,         \
                                      size_t row) {                                               \
    TYPE d[6], taps[WIDE_ROWS];                                                                  \
    UNROLL_FULLY for (int k = 0; k < 6; k++) d[k] = LOAD((const void *)(from[k] + at));           \
    wide_line_##BITS(d, taps);                                                                    \
    UNROLL_FULLY for (int k = 0; k < WIDE_ROWS; k++) STORE((void *)(to + k * row), taps[k]);     \
  }
WIDE_LOAD_ROWS(128, __m128i, _mm_loadu_si128, _mm_storeu_si128)
WIDE_LOAD_ROWS(256, __m256i, _mm256_loadu_si256, _mm256_storeu_si256)
WIDE_LOAD_ROWS(512, __m512i, _mm512_loadu_si512, _mm512_storeu_si512)

/* The channels of one pixel, without reading beyond them. */
V_INLINE void wide_pixel(int32_t channels, const uint8_t *const *from, size_t at, uint8_t *to,
                         size_t row) {
  int32_t c = 0;
  for (; c + 64 <= channels; c += 64) wide_load_rows_512(from, at + c, to + c, row);
  if (c + 32 <= channels) {
    wide_load_rows_256(from, at + c, to + c, row);
    c += 32;
  }
  if (c + CELL <= channels) {
    wide_load_rows_128(from, at + c, to + c, row);
    c += CELL;
  }
  if (c == channels) return;
  const vmask lanes = v_first(channels - c);
  __m128i d[6], taps[WIDE_ROWS];
  UNROLL_FULLY for (int k = 0; k < 6; k++) d[k] = _mm_maskz_loadu_epi8(lanes, from[k] + at + c);
  wide_line_128(d, taps);
  UNROLL_FULLY for (int k = 0; k < WIDE_ROWS; k++) {
    _mm_storeu_si128((__m128i *)(void *)(to + c + k * row), taps[k]);
  }
}

/* Pixels of CELL or 2 * CELL channels that fill W vectors, W / 2 of which a call takes: every W-th of them from the first one on, or
 * from the third, and the ones beside those. */
V_INLINE void wide_sort(const int WIDTH, const int CHANNELS, const int THIRD, const uint8_t *from,
                        vi *first, vi *next) {
  const vi a = vi_load(from), b = vi_load(from + 64);
  if (WIDTH == 2) {
    *first = CHANNELS == CELL ? vi_quarters(a, b, 0x88) : vi_quarters(a, b, 0x44);
    *next = CHANNELS == CELL ? vi_quarters(a, b, 0xDD) : vi_quarters(a, b, 0xEE);
    return;
  }
  const vi c = vi_load(from + 128), d = vi_load(from + 192);
  if (CHANNELS == CELL) {
    const vi low = THIRD ? vi_quarters(a, b, 0xEE) : vi_quarters(a, b, 0x44);
    const vi high = THIRD ? vi_quarters(c, d, 0xEE) : vi_quarters(c, d, 0x44);
    *first = vi_quarters(low, high, 0x88);
    *next = vi_quarters(low, high, 0xDD);
  } else {
    *first = vi_quarters(THIRD ? b : a, THIRD ? d : c, 0x44);
    *next = vi_quarters(THIRD ? b : a, THIRD ? d : c, 0xEE);
  }
}

/* W vectors of pixels of CELL or 2 * CELL channels, of which the first is at a column. */
V_INLINE void wide_pixels(const int WIDTH, const int CHANNELS, const wide_geometry *g,
                          const uint8_t *const *from, size_t at, uint8_t *rows, int32_t column) {
  const size_t row = WIDTH * g->plane;
  UNROLL_FULLY for (int pair = 0; pair < WIDTH / 2; pair++) {
    vi d[2][6], taps[WIDE_ROWS];
    UNROLL_FULLY for (int k = 0; k < 6; k++) {
      wide_sort(WIDTH, CHANNELS, pair, from[k] + at, &d[0][k], &d[1][k]);
    }
    UNROLL_FULLY for (int i = 0; i < 2; i++) {
      uint8_t *to = wide_cell(WIDTH, g, rows, 0, column + 2 * pair + i);
      wide_line_512(d[i], taps);
      UNROLL_FULLY for (int k = 0; k < WIDE_ROWS; k++) vi_store(to + k * row, taps[k]);
    }
  }
}

/* Six rows of inputs become seven rows of taps. from: the rows' pixels 0 ..< count. */
V_INLINE void wide_rows(const int WIDTH, const wide_geometry *g, const dfq_conv_shape *s,
                        const uint8_t *const *from, int32_t count, uint8_t *rows) {
  const int32_t channels = s->in_channels, left = s->pad_left;
  int32_t x = 0;
  if (channels == CELL) {
    for (; x + 4 * WIDTH <= count; x += 4 * WIDTH) {
      wide_pixels(WIDTH, CELL, g, from, (size_t)x * CELL, rows, x + left);
    }
  } else if (channels == 2 * CELL) {
    for (; x + 2 * WIDTH <= count; x += 2 * WIDTH) {
      wide_pixels(WIDTH, 2 * CELL, g, from, (size_t)x * 2 * CELL, rows, x + left);
    }
  }
  for (; x < count; x++) {
    wide_pixel(channels, from, (size_t)x * channels, wide_cell(WIDTH, g, rows, 0, x + left),
               WIDTH * g->plane);
  }
}

/* A row of taps of a row of tiles: one tap of each line, for all its tiles. `line`: bytes between lines. */
V_INLINE void wide_columns(const int WIDTH, const wide_geometry *g, const uint8_t *planes,
                           int32_t row, uint8_t *to, size_t line) {
  const int LINES = wide_lines(WIDTH);
  const vi offset = vi_set_bytes(WIDE_OFFSET), low = vi_set_bytes((uint8_t)wide_offset(row));
  const size_t channels = g->channels, count = g->columns * channels;
  for (size_t i = 0; i < count; i += 64) {
    vi d[6], taps[WIDE_MOST_LINES];
    UNROLL_FULLY for (int k = 0; k < WIDTH + 2; k++) {
      d[k] = vi_load(planes + k % WIDTH * g->plane + k / WIDTH * channels + i);
    }
    if (WIDTH == 4) {
      wide_line_512(d, taps);
    } else {
      taps[WIDE_SUM] = vi_add_bytes(d[1], d[2]);
      taps[WIDE_ALTERNATING] = vi_subtract_bytes(d[2], d[1]);
      taps[WIDE_TWO_FIRST] = vi_subtract_bytes(d[0], d[2]);
      taps[WIDE_TWO_LAST] = vi_subtract_bytes(d[1], d[3]);
    }
    UNROLL_FULLY for (int k = 0; k < LINES; k++) {
      vi_store(to + k * line + i, vi_add_bytes(taps[k], k == WIDE_SUM ? low : offset));
    }
  }
}

/* What surrounds the image in the rows of taps: the same everywhere, since all six rows of inputs are pad codes there. */
V_INLINE void wide_surround(const int WIDTH, const wide_geometry *g, const dfq_conv_shape *s,
                            uint8_t pad_code, uint8_t *rows) {
  for (int32_t column = 0; column < WIDTH * g->columns + 2; column++) {
    if (column >= s->pad_left && column < s->pad_left + s->in_width) continue;
    for (int32_t row = 0; row < WIDE_ROWS; row++) {
      const int value = row == WIDE_SUM ? (uint8_t)(4 * pad_code) : 0;
      memset(wide_cell(WIDTH, g, rows, row, column), value, g->channels);
    }
  }
}

/* Rows first ..< end of tiles: [line][tap][tile][channel]. `pads` is a row of pad codes, `rows` what wide_surround filled. */
V_INLINE void wide_input(const int WIDTH, const wide_geometry *g, const dfq_conv_shape *s,
                         const uint8_t *image, int32_t first, int32_t end, const uint8_t *pads,
                         uint8_t *rows, uint8_t *strip) {
  const size_t tap = wide_tap_step(g), width = (size_t)s->in_width * s->in_channels;
  const int32_t count = smaller(s->in_width, WIDTH * g->columns + 2 - s->pad_left);
  for (int32_t y = first; y < end; y++, strip += (size_t)g->columns * g->channels) {
    const uint8_t *from[6];
    for (int32_t k = 0; k < 6; k++) {
      const int32_t row = 4 * y - s->pad_top + k;
      from[k] = row >= 0 && row < s->in_height ? image + row * width : pads;
    }
    wide_rows(WIDTH, g, s, from, count, rows);
    for (int32_t row = 0; row < WIDE_ROWS; row++) {
      wide_columns(WIDTH, g, rows + WIDTH * row * g->plane, row, strip + row * tap,
                   WIDE_ROWS * tap);
    }
  }
}
