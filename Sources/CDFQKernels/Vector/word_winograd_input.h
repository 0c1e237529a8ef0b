/* B^T d B in 16-bit words: along six rows of inputs, then along six columns.
 *
 * Rows of taps are stored as four planes, of every fourth column, so that the six columns of a tile are contiguous streams over all
 * tiles of a row: the planes, and the first two of them one tile later. */

/* B^T of six vectors of words. */
V_INLINE void word_winograd_input_line(const vi *d, vi *taps) {
  const vi ec = vi_subtract_words(d[4], d[2]), db = vi_subtract_words(d[3], d[1]);
  const vi twice = vi_add_words(db, db);
  const vi e4c = vi_subtract_words(d[4], vi_shift_words_left(d[2], 2));
  const vi d4b = vi_subtract_words(d[3], vi_shift_words_left(d[1], 2));
  taps[0] = vi_add_words(vi_shift_words_left(vi_subtract_words(d[0], d[2]), 2), ec);
  taps[1] = vi_add_words(e4c, d4b);
  taps[2] = vi_subtract_words(e4c, d4b);
  taps[3] = vi_add_words(ec, twice);
  taps[4] = vi_subtract_words(ec, twice);
  taps[5] = vi_subtract_words(vi_subtract_words(d[5], d[3]), vi_add_words(twice, twice));
}

/* A row of taps at a column: the columns of a row are four planes. */
V_INLINE int16_t *word_winograd_cell(const word_winograd_geometry *g, int16_t *rows, int32_t row,
                                     int32_t column) {
  return rows + (4 * row + column % 4) * g->plane + (size_t)(column / 4) * g->channels;
}

/* The channels of one pixel, without reading beyond them. */
V_INLINE void word_winograd_pixel(int32_t channels, const uint8_t *const *from, size_t at,
                                  int16_t *to, size_t row) {
  for (int32_t c = 0; c < channels; c += WORD_WINOGRAD_WORDS) {
    const int32_t n = smaller(channels - c, WORD_WINOGRAD_WORDS);
    vi d[WORD_WINOGRAD_SIDE], taps[WORD_WINOGRAD_SIDE];
    UNROLL_FULLY for (int k = 0; k < WORD_WINOGRAD_SIDE; k++) {
      d[k] = vi_words_of_bytes_n(from[k] + at + c, n);
    }
    word_winograd_input_line(d, taps);
    /* Whole cells are written. */
    UNROLL_FULLY for (int k = 0; k < WORD_WINOGRAD_SIDE; k++) {
      if (n <= WORD_WINOGRAD_WORDS - CELL) {
        vi_store_half(to + k * row + c, taps[k], 0);
      } else {
        vi_store(to + k * row + c, taps[k]);
      }
    }
  }
}

/* Two pixels of CELL channels, which fill a vector. */
V_INLINE void word_winograd_two_pixels(const uint8_t *const *from, size_t at, int16_t *to,
                                       int16_t *other, size_t row) {
  vi d[WORD_WINOGRAD_SIDE], taps[WORD_WINOGRAD_SIDE];
  UNROLL_FULLY for (int k = 0; k < WORD_WINOGRAD_SIDE; k++) {
    d[k] = vi_words_of_bytes_n(from[k] + at, WORD_WINOGRAD_WORDS);
  }
  word_winograd_input_line(d, taps);
  UNROLL_FULLY for (int k = 0; k < WORD_WINOGRAD_SIDE; k++) {
    vi_store_half(to + k * row, taps[k], 0);
    vi_store_half(other + k * row, taps[k], 1);
  }
}

/* Six rows of inputs become six rows of taps. from: the rows' pixels 0 ..< count. */
static void word_winograd_rows(const word_winograd_geometry *g, const dfq_conv_shape *s,
                               const uint8_t *const *from, int32_t count, int16_t *rows) {
  const int32_t channels = s->in_channels;
  const size_t row = 4 * g->plane;
  int32_t x = 0;
  if (channels == CELL && WORD_WINOGRAD_WORDS == 2 * CELL) {
    for (; x + 2 <= count; x += 2) {
      word_winograd_two_pixels(from, (size_t)x * CELL,
                               word_winograd_cell(g, rows, 0, x + s->pad_left),
                               word_winograd_cell(g, rows, 0, x + 1 + s->pad_left), row);
    }
  }
  for (; x < count; x++) {
    word_winograd_pixel(channels, from, (size_t)x * channels,
                        word_winograd_cell(g, rows, 0, x + s->pad_left), row);
  }
}

/* One row of taps of a row of tiles: six taps of all its tiles. */
static void word_winograd_columns(const word_winograd_geometry *g, const int16_t *planes,
                                  int16_t *to, size_t tap) {
  const size_t channels = g->channels, count = g->columns * channels;
  for (size_t i = 0; i < count; i += WORD_WINOGRAD_WORDS) {
    vi d[WORD_WINOGRAD_SIDE], taps[WORD_WINOGRAD_SIDE];
    UNROLL_FULLY for (int k = 0; k < WORD_WINOGRAD_SIDE; k++) {
      d[k] = vi_load(planes + k % 4 * g->plane + k / 4 * channels + i);
    }
    word_winograd_input_line(d, taps);
    UNROLL_FULLY for (int k = 0; k < WORD_WINOGRAD_SIDE; k++) vi_store(to + k * tap + i, taps[k]);
  }
}

/* What surrounds the image in the rows of taps: all six rows of inputs are pad codes there. */
static void word_winograd_surround(const word_winograd_geometry *g, const dfq_conv_shape *s,
                                   uint8_t pad_code, int16_t *rows) {
  /* The sums of the rows of B^T. */
  static const int32_t sums[WORD_WINOGRAD_SIDE] = {0, -6, 0, 0, 0, 0};
  for (int32_t column = 0; column < 4 * g->columns + 2; column++) {
    if (column >= s->pad_left && column < s->pad_left + s->in_width) continue;
    for (int32_t row = 0; row < WORD_WINOGRAD_SIDE; row++) {
      int16_t *to = word_winograd_cell(g, rows, row, column);
      for (int32_t c = 0; c < g->channels; c++) to[c] = (int16_t)(sums[row] * pad_code);
    }
  }
}

/* Rows first ..< end of tiles: [tap][tile][channel]. `pads` is a row of pad codes, `rows` what word_winograd_surround filled. */
static void word_winograd_input(const word_winograd_geometry *g, const dfq_conv_shape *s,
                                const uint8_t *image, int32_t first, int32_t end,
                                const uint8_t *pads, int16_t *rows, int16_t *strip) {
  const size_t tap = word_winograd_tap_step(g), width = (size_t)s->in_width * s->in_channels;
  const int32_t count = smaller(s->in_width, 4 * g->columns + 2 - s->pad_left);
  for (int32_t y = first; y < end; y++, strip += (size_t)g->columns * g->channels) {
    const uint8_t *from[WORD_WINOGRAD_SIDE];
    for (int32_t k = 0; k < WORD_WINOGRAD_SIDE; k++) {
      const int32_t row = 4 * y - s->pad_top + k;
      from[k] = row >= 0 && row < s->in_height ? image + row * width : pads;
    }
    word_winograd_rows(g, s, from, count, rows);
    for (int32_t row = 0; row < WORD_WINOGRAD_SIDE; row++) {
      word_winograd_columns(g, rows + 4 * row * g->plane,
                            strip + WORD_WINOGRAD_SIDE * row * tap, tap);
    }
  }
}
