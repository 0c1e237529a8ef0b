/* B^T d B in 16-bit words: along six rows of inputs, then along six columns.
 *
 * Units of taps are stored as four planes, of every fourth column, so that the six columns of a tile are contiguous streams over all
 * tiles of a row: the planes, and the first two of them one tile later. */

/* B^T of six vectors of words. */
V_INLINE void word_winograd_input_line(const vi *d, vi *taps) {
  const vi ec = vi_subtract_words(d[4], d[2]), db = vi_subtract_words(d[3], d[1]);
  const vi twice = vi_add_words(db, db);
  const vi e4c = vi_subtract_words(d[4], vi_shift_words_left(d[2], 2));
  const vi d4b = vi_subtract_words(d[3], vi_shift_words_left(d[1], 2));
  taps[WORD_WINOGRAD_FIRST] = vi_add_words(vi_shift_words_left(vi_subtract_words(d[0], d[2]), 2), ec);
  taps[WORD_WINOGRAD_ONE] = vi_add_words(e4c, d4b);
  taps[WORD_WINOGRAD_MINUS_ONE] = vi_subtract_words(e4c, d4b);
  taps[WORD_WINOGRAD_TWO] = vi_add_words(ec, twice);
  taps[WORD_WINOGRAD_MINUS_TWO] = vi_subtract_words(ec, twice);
  taps[WORD_WINOGRAD_LAST] = vi_subtract_words(vi_subtract_words(d[5], d[3]), vi_add_words(twice, twice));
}

/* A unit of a column: the columns are four planes. */
V_INLINE int16_t *word_winograd_cell(const word_winograd_geometry *g, int16_t *rows, int32_t unit,
                                     int32_t column) {
  return rows + (4 * unit + column % 4) * g->plane + (size_t)(column / 4) * g->cell;
}

/* Stores the taps of channels c ..< c + n. Whole cells are written. `unit`: words between units. */
V_INLINE void word_winograd_store(const int SINGLE, const vi *taps, int32_t c, int32_t n,
                                  int16_t *to, size_t unit) {
  const int half = n <= WORD_WINOGRAD_WORDS - CELL;
  UNROLL_FULLY for (int k = 0; k < WORD_WINOGRAD_SIDE; k += SINGLE ? 2 : 1) {
    int16_t *place = to + k * unit + c;
    if (SINGLE) {
      place = to + k / 2 * unit + 2 * c;
      vi_store(place, vi_interleave(taps[k], taps[k + 1], 0));
      if (!half) vi_store(place + WORD_WINOGRAD_WORDS, vi_interleave(taps[k], taps[k + 1], 1));
    } else if (half) {
      vi_store_half(place, taps[k], 0);
    } else {
      vi_store(place, taps[k]);
    }
  }
}

/* Two pixels of CELL channels, which fill a vector. */
V_INLINE void word_winograd_store_two(const int SINGLE, const vi *taps, int16_t *to,
                                      int16_t *other, size_t unit) {
  UNROLL_FULLY for (int k = 0; k < WORD_WINOGRAD_SIDE; k += SINGLE ? 2 : 1) {
    if (SINGLE) {
      vi_store(to + k / 2 * unit, vi_interleave(taps[k], taps[k + 1], 0));
      vi_store(other + k / 2 * unit, vi_interleave(taps[k], taps[k + 1], 1));
    } else {
      vi_store_half(to + k * unit, taps[k], 0);
      vi_store_half(other + k * unit, taps[k], 1);
    }
  }
}

/* Taps of n channels, without reading beyond them. */
V_INLINE void word_winograd_taps(const uint8_t *const *from, size_t at, int32_t n, vi *taps) {
  vi d[WORD_WINOGRAD_SIDE];
  UNROLL_FULLY for (int k = 0; k < WORD_WINOGRAD_SIDE; k++) {
    d[k] = vi_words_of_bytes_n(from[k] + at, n);
  }
  word_winograd_input_line(d, taps);
}

/* Six rows of inputs become the taps along the rows. from: the rows' pixels 0 ..< count. */
V_INLINE void word_winograd_rows(const int SINGLE, const word_winograd_geometry *g,
                                 const dfq_conv_shape *s, const uint8_t *const *from,
                                 int32_t count, int16_t *rows) {
  const int32_t channels = s->in_channels, left = s->pad_left;
  const size_t unit = 4 * g->plane;
  vi taps[WORD_WINOGRAD_SIDE];
  int32_t x = 0;
  if (channels == CELL && WORD_WINOGRAD_WORDS == 2 * CELL) {
    for (; x + 2 <= count; x += 2) {
      word_winograd_taps(from, (size_t)x * CELL, WORD_WINOGRAD_WORDS, taps);
      word_winograd_store_two(SINGLE, taps, word_winograd_cell(g, rows, 0, x + left),
                              word_winograd_cell(g, rows, 0, x + 1 + left), unit);
    }
  }
  for (; x < count; x++) {
    int16_t *to = word_winograd_cell(g, rows, 0, x + left);
    for (int32_t c = 0; c < channels; c += WORD_WINOGRAD_WORDS) {
      const int32_t n = smaller(channels - c, WORD_WINOGRAD_WORDS);
      word_winograd_taps(from, (size_t)x * channels + c, n, taps);
      word_winograd_store(SINGLE, taps, c, n, to, unit);
    }
  }
}

/* A unit of a row of tiles, for all its lines. `line`: words between lines. */
static void word_winograd_columns(const word_winograd_geometry *g, const int16_t *planes,
                                  int16_t *to, size_t line) {
  const size_t cell = g->cell, count = g->columns * cell;
  for (size_t i = 0; i < count; i += WORD_WINOGRAD_WORDS) {
    vi d[WORD_WINOGRAD_SIDE], taps[WORD_WINOGRAD_SIDE];
    UNROLL_FULLY for (int k = 0; k < WORD_WINOGRAD_SIDE; k++) {
      d[k] = vi_load(planes + k % 4 * g->plane + k / 4 * cell + i);
    }
    word_winograd_input_line(d, taps);
    UNROLL_FULLY for (int k = 0; k < WORD_WINOGRAD_SIDE; k++) vi_store(to + k * line + i, taps[k]);
  }
}

/* What surrounds the image: all six rows of inputs are pad codes there. */
static void word_winograd_surround(const word_winograd_geometry *g, const dfq_conv_shape *s,
                                   uint8_t pad_code, int16_t *rows) {
  /* The sums of the rows of B^T. */
  static const int16_t sums[WORD_WINOGRAD_SIDE] = {[WORD_WINOGRAD_ONE] = -6};
  for (int32_t column = 0; column < 4 * g->columns + 2; column++) {
    if (column >= s->pad_left && column < s->pad_left + s->in_width) continue;
    for (int32_t unit = 0; unit < g->units; unit++) {
      const int32_t first = g->single ? 2 * unit : unit, second = g->single ? first + 1 : unit;
      const int16_t a = (int16_t)(sums[first] * pad_code), b = (int16_t)(sums[second] * pad_code);
      const int16_t four[4] = {a, a, b, b};
      int16_t *to = word_winograd_cell(g, rows, unit, column);
      for (int32_t i = 0; i < g->cell; i += 4) memcpy(to + i, four, sizeof four);
    }
  }
}

/* Rows first ..< end of tiles, into a strip. `pads` is a row of pad codes, `rows` what word_winograd_surround filled. */
static void word_winograd_input(const word_winograd_geometry *g, const dfq_conv_shape *s,
                                const uint8_t *image, int32_t first, int32_t end,
                                const uint8_t *pads, int16_t *rows, int16_t *strip) {
  const size_t words = word_winograd_unit_words(g), width = (size_t)s->in_width * s->in_channels;
  const int32_t count = smaller(s->in_width, 4 * g->columns + 2 - s->pad_left);
  for (int32_t y = first; y < end; y++, strip += (size_t)g->columns * g->cell) {
    const uint8_t *from[WORD_WINOGRAD_SIDE];
    for (int32_t k = 0; k < WORD_WINOGRAD_SIDE; k++) {
      const int32_t row = 4 * y - s->pad_top + k;
      from[k] = row >= 0 && row < s->in_height ? image + row * width : pads;
    }
    if (g->single) {
      word_winograd_rows(1, g, s, from, count, rows);
    } else {
      word_winograd_rows(0, g, s, from, count, rows);
    }
    for (int32_t unit = 0; unit < g->units; unit++) {
      word_winograd_columns(g, rows + 4 * unit * g->plane, strip + unit * words,
                            g->units * words);
    }
  }
}
