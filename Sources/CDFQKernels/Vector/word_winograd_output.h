/* A^T M A of a block's sums, and the ending of the sixteen outputs of each tile. */
/* A^T of six vectors: 24, 12, 6 and 6 times the outputs. */
V_INLINE void word_winograd_output_line(const vi *m, vi *y) {
  const vi both = vi_add(m[1], m[2]), difference = vi_subtract(m[1], m[2]);
  const vi far = vi_add(m[3], m[4]), apart = vi_subtract(m[3], m[4]);
  y[0] = vi_add(m[0], vi_subtract(far, vi_shift_left(both, 2)));
  y[1] = vi_subtract(apart, vi_add(difference, difference));
  y[2] = vi_subtract(far, both);
  y[3] = vi_add(m[5], vi_subtract(vi_add(apart, apart), difference));
}

/* The outputs of a tile, from [tap]. */
V_INLINE void word_winograd_tile(const int32_t *sums, vi *outputs) {
  /* 24, 12, 6, 6 are three times these powers of two. */
  static const int powers[4] = {3, 2, 1, 1};
  vi half[4][WORD_WINOGRAD_SIDE];
  UNROLL_FULLY for (int column = 0; column < WORD_WINOGRAD_SIDE; column++) {
    vi m[WORD_WINOGRAD_SIDE], y[4];
    UNROLL_FULLY for (int row = 0; row < WORD_WINOGRAD_SIDE; row++) {
      m[row] = vi_load(sums + (WORD_WINOGRAD_SIDE * row + column) * VL);
    }
    word_winograd_output_line(m, y);
    UNROLL_FULLY for (int row = 0; row < 4; row++) half[row][column] = y[row];
  }
  const vi inverse = vi_set(WORD_WINOGRAD_INVERSE);
  UNROLL_FULLY for (int row = 0; row < 4; row++) {
    word_winograd_output_line(half[row], outputs + 4 * row);
    UNROLL_FULLY for (int column = 0; column < 4; column++) {
      const vi product = vi_multiply(outputs[4 * row + column], inverse);
      outputs[4 * row + column] = vi_divide_power(product, powers[row] + powers[column]);
    }
  }
}

/* One vector of channels of all tiles, in runs of tiles of one row. */
V_INLINE void word_winograd_vector(const int KIND, const code_tiles *r, int32_t v,
                                   const int n) {
  const dfq_conv_shape *s = r->shape;
  const int32_t columns = r->columns;
  const code_ending e = r->constants;
  const code_channels c = code_channels_at(r->from, r->output + v * VL, n);
  const code_channels channels[4] = {c, c, c, c};
  const size_t words = (size_t)WORD_WINOGRAD_TAPS * VL;
  const int32_t *from = r->sums + v * words;
  const size_t pixel = s->out_channels, line = pixel * s->out_width;
  int32_t x = r->tile, y = r->row;
  for (int32_t left = r->tiles; left > 0; x = 0, y++) {
    const int32_t end = smaller(x + left, columns);
    left -= end - x;
    const int32_t first = larger(r->first_row - 4 * y, 0), last = smaller(r->end_row - 4 * y, 4);
    for (; x < end; x++, from += r->vectors * words) {
      vi sums[16];
      word_winograd_tile(from, sums);
      const size_t place = (size_t)(4 * y) * line + (size_t)(4 * x) * pixel + r->output + v * VL;
      const int32_t width = smaller(s->out_width - 4 * x, 4);
      if (first == 0 && last == 4 && width == 4) {
        UNROLL_FULLY for (int row = 0; row < 4; row++) {
          const size_t start = place + row * line;
          const size_t at[4] = {start, start + pixel, start + 2 * pixel, start + 3 * pixel};
          code_ending_write(KIND, 4, &e, channels, sums + 4 * row, at, n);
        }
        continue;
      }
      for (int32_t row = first; row < last; row++) {
        for (int32_t column = 0; column < width; column++) {
          const size_t at = place + row * line + column * pixel;
          code_ending_write(KIND, 1, &e, channels, sums + 4 * row + column, &at, n);
        }
      }
    }
  }
}

#define WORD_WINOGRAD_REST(KIND)                                                             \
  static void word_winograd_rest_##KIND(const code_tiles *r, int32_t v, int n) {  \
    word_winograd_vector(KIND, r, v, n);                                                     \
  }
#define WORD_WINOGRAD_REST_NAME(KIND) word_winograd_rest_##KIND,
FOR_GENERAL_CODE_KINDS(WORD_WINOGRAD_REST)
static void (*const word_winograd_rests[GENERAL_CODE_KINDS])(const code_tiles *, int32_t,
                                                             int) = {
    FOR_GENERAL_CODE_KINDS(WORD_WINOGRAD_REST_NAME)};

#define WORD_WINOGRAD_WRITE(KIND)                                                    \
  static void word_winograd_write_##KIND(const code_tiles *r) {           \
    const int32_t vectors = r->outputs / VL, rest = r->outputs % VL;                 \
    for (int32_t v = 0; v < vectors; v++) word_winograd_vector(KIND, r, v, VL);      \
    if (rest) word_winograd_rests[KIND % GENERAL_CODE_KINDS](r, vectors, rest);      \
  }
#define WORD_WINOGRAD_WRITE_NAME(KIND) word_winograd_write_##KIND,

FOR_CODE_KINDS(WORD_WINOGRAD_WRITE)
static const code_tiles_write word_winograd_writes[CODE_KINDS] = {
    FOR_CODE_KINDS(WORD_WINOGRAD_WRITE_NAME)};
