/* B^T d B of bytes, modulo 256: sums and differences of six rows of inputs, then of six columns.
 *
 * Rows of taps are stored as four planes, each of every fourth column, so that the columns of a tile are contiguous streams over all
 * tiles of a row: the planes, and the first two of them one tile later. */

/* A row of taps at a column. */
V_INLINE uint8_t *wide_cell(const wide_geometry *g, uint8_t *rows, int32_t row, int32_t column) {
  return rows + (4 * row + column % 4) * g->plane + (size_t)(column / 4) * g->channels;
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
    TYPE d[6], taps[WIDE_LINES];                                                                  \
    UNROLL_FULLY for (int k = 0; k < 6; k++) d[k] = LOAD((const void *)(from[k] + at));           \
    wide_line_##BITS(d, taps);                                                                    \
    UNROLL_FULLY for (int k = 0; k < WIDE_LINES; k++) STORE((void *)(to + k * row), taps[k]);     \
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
  __m128i d[6], taps[WIDE_LINES];
  UNROLL_FULLY for (int k = 0; k < 6; k++) d[k] = _mm_maskz_loadu_epi8(lanes, from[k] + at + c);
  wide_line_128(d, taps);
  UNROLL_FULLY for (int k = 0; k < WIDE_LINES; k++) {
    _mm_storeu_si128((__m128i *)(void *)(to + c + k * row), taps[k]);
  }
}

/* Every fourth of pixels of CELL or 2 * CELL channels that fill four vectors: the first ones, and those beside them. */
V_INLINE void wide_sort(const int CHANNELS, const int SECOND, const uint8_t *from, vi *first,
                        vi *next) {
  const vi a = _mm512_loadu_si512(from), b = _mm512_loadu_si512(from + 64);
  const vi c = _mm512_loadu_si512(from + 128), d = _mm512_loadu_si512(from + 192);
  if (CHANNELS == CELL) {
    const vi low = SECOND ? _mm512_shuffle_i64x2(a, b, 0xEE) : _mm512_shuffle_i64x2(a, b, 0x44);
    const vi high = SECOND ? _mm512_shuffle_i64x2(c, d, 0xEE) : _mm512_shuffle_i64x2(c, d, 0x44);
    *first = _mm512_shuffle_i64x2(low, high, 0x88);
    *next = _mm512_shuffle_i64x2(low, high, 0xDD);
  } else {
    *first = _mm512_shuffle_i64x2(SECOND ? b : a, SECOND ? d : c, 0x44);
    *next = _mm512_shuffle_i64x2(SECOND ? b : a, SECOND ? d : c, 0xEE);
  }
}

/* 256 bytes of pixels of CELL or 2 * CELL channels, of which the first is at a column. */
V_INLINE void wide_pixels(const int CHANNELS, const wide_geometry *g, const uint8_t *const *from,
                          size_t at, uint8_t *rows, int32_t column) {
  const size_t row = 4 * g->plane;
  UNROLL_FULLY for (int half = 0; half < 2; half++) {
    vi d[2][6], taps[WIDE_LINES];
    UNROLL_FULLY for (int k = 0; k < 6; k++) {
      wide_sort(CHANNELS, half, from[k] + at, &d[0][k], &d[1][k]);
    }
    UNROLL_FULLY for (int i = 0; i < 2; i++) {
      uint8_t *to = wide_cell(g, rows, 0, column + 2 * half + i);
      wide_line_512(d[i], taps);
      UNROLL_FULLY for (int k = 0; k < WIDE_LINES; k++) vi_store(to + k * row, taps[k]);
    }
  }
}

/* Six rows of inputs become seven rows of taps. from: the rows' pixels 0 ..< count. */
V_INLINE void wide_rows(const wide_geometry *g, const dfq_conv_shape *s,
                        const uint8_t *const *from, int32_t count, uint8_t *rows) {
  const int32_t channels = s->in_channels, left = s->pad_left;
  int32_t x = 0;
  if (channels == CELL) {
    for (; x + 16 <= count; x += 16) {
      wide_pixels(CELL, g, from, (size_t)x * CELL, rows, x + left);
    }
  } else if (channels == 2 * CELL) {
    for (; x + 8 <= count; x += 8) {
      wide_pixels(2 * CELL, g, from, (size_t)x * 2 * CELL, rows, x + left);
    }
  }
  for (; x < count; x++) {
    wide_pixel(channels, from, (size_t)x * channels, wide_cell(g, rows, 0, x + left), 4 * g->plane);
  }
}

/* A row of taps of a row of tiles: one tap of each line, for all its tiles. `line`: bytes between lines. */
V_INLINE void wide_columns(const wide_geometry *g, const uint8_t *planes, int32_t row, uint8_t *to,
                           size_t line) {
  const vi offset = vi_set_bytes(WIDE_OFFSET);
  const vi low = vi_set_bytes((uint8_t)wide_offset(row == WIDE_SUM ? WIDE_SUM : WIDE_EVEN));
  const size_t channels = g->channels, count = g->columns * channels;
  for (size_t i = 0; i < count; i += 64) {
    vi d[6], taps[WIDE_LINES];
    UNROLL_FULLY for (int k = 0; k < 6; k++) {
      d[k] = vi_load(planes + k % 4 * g->plane + k / 4 * channels + i);
    }
    wide_line_512(d, taps);
    UNROLL_FULLY for (int k = 0; k < WIDE_LINES; k++) {
      vi_store(to + k * line + i, vi_add_bytes(taps[k], k == WIDE_SUM ? low : offset));
    }
  }
}

/* What surrounds the image in the rows of taps: the same everywhere, since all six rows of inputs are pad codes there. */
static void wide_surround(const wide_geometry *g, const dfq_conv_shape *s, uint8_t pad_code,
                          uint8_t *rows) {
  for (int32_t column = 0; column < 4 * g->columns + 2; column++) {
    if (column >= s->pad_left && column < s->pad_left + s->in_width) continue;
    for (int32_t row = 0; row < WIDE_LINES; row++) {
      const int value = row == WIDE_SUM ? (uint8_t)(4 * pad_code) : 0;
      memset(wide_cell(g, rows, row, column), value, g->channels);
    }
  }
}

/* Rows first ..< end of tiles: [line][tap][tile][channel]. `pads` is a row of pad codes, `rows` what wide_surround filled. */
static void wide_input(const wide_geometry *g, const dfq_conv_shape *s, const uint8_t *image,
                       int32_t first, int32_t end, const uint8_t *pads, uint8_t *rows,
                       uint8_t *strip) {
  const size_t tap = wide_tap_step(g), width = (size_t)s->in_width * s->in_channels;
  const int32_t count = smaller(s->in_width, 4 * g->columns + 2 - s->pad_left);
  for (int32_t y = first; y < end; y++, strip += (size_t)g->columns * g->channels) {
    const uint8_t *from[6];
    for (int32_t k = 0; k < 6; k++) {
      const int32_t row = 4 * y - s->pad_top + k;
      from[k] = row >= 0 && row < s->in_height ? image + row * width : pads;
    }
    wide_rows(g, s, from, count, rows);
    for (int32_t row = 0; row < WIDE_LINES; row++) {
      wide_columns(g, rows + 4 * row * g->plane, row, strip + row * tap, WIDE_LINES * tap);
    }
  }
}
