/* A^T M A of a block's sums and the ending of the four outputs of each tile. The sums are four times those of the convolution; the
 * scale of the ending is divided by 4 instead, which gives the same bits (code_tiles_divide). */
/* A^T of the lines of a row of outputs. */
V_INLINE void code_winograd_outputs(const int KIND, const vi *m, vi *y) {
  y[0] = vi_add(m[0], vi_add(m[1], m[2]));
  y[1] = vi_subtract(vi_subtract(m[1], m[2]), m[3]);
  if (KIND >= CODE_GENERAL) {
    UNROLL_FULLY for (int k = 0; k < 2; k++) y[k] = vi_divide_power(y[k], 2);
  }
}

/* The outputs of a tile times 4, row after row, from [line][tap] or, narrow, from [line][row]; general endings get the outputs
 * themselves. */
V_INLINE void code_winograd_tile(const int KIND, const int NARROW, const int32_t *sums, vi *y) {
  vi half[2][WINOGRAD_LINES];
  UNROLL_FULLY for (int line = 0; line < WINOGRAD_LINES; line++) {
    if (NARROW) {
      half[0][line] = vi_load(sums + 2 * line * VL);
      half[1][line] = vi_load(sums + (2 * line + 1) * VL);
    } else {
      const vi a = vi_load(sums + 4 * line * VL), b = vi_load(sums + (4 * line + 1) * VL);
      const vi c = vi_load(sums + (4 * line + 2) * VL), d = vi_load(sums + (4 * line + 3) * VL);
      half[0][line] = vi_add(a, vi_add(b, c));
      half[1][line] = vi_add(vi_subtract(b, c), d);
    }
  }
  code_winograd_outputs(KIND, half[0], y);
  code_winograd_outputs(KIND, half[1], y + 2);
}

/* One vector of channels of all tiles, in runs of tiles of one row. */
V_INLINE void code_winograd_vector(const int KIND, const int NARROW, const code_tiles *r,
                                   int32_t v, const int n) {
  const dfq_conv_shape *s = r->shape;
  const int32_t columns = r->columns;
  const code_ending e = r->constants;
  code_channels c = code_channels_at(r->from, r->output + v * VL, n);
  if (KIND < CODE_GENERAL) c.scale = v_mul(c.scale, v_set(0.25f));
  const code_channels channels[4] = {c, c, c, c};
  const size_t words = (size_t)(NARROW ? 2 : WINOGRAD_ROWS) * WINOGRAD_LINES * VL;
  const size_t step = r->vectors * words;
  const int32_t *from = r->sums + v * words;
  const size_t pixel = s->out_channels, line = pixel * s->out_width;
  int32_t x = r->tile, y = r->row;
  for (int32_t left = r->tiles; left > 0; x = 0, y++) {
    const int32_t end = smaller(x + left, columns);
    left -= end - x;
    size_t place = (size_t)(2 * y) * line + (size_t)(2 * x) * pixel + r->output + v * VL;
    const int whole = 2 * y >= r->first_row && 2 * y + 1 < r->end_row;
    for (; x < end; x++, from += step, place += 2 * pixel) {
      vi sums[4];
      code_winograd_tile(KIND, NARROW, from, sums);
      const size_t at[4] = {place, place + pixel, place + line, place + line + pixel};
      if (whole && 2 * x + 1 < s->out_width) {
        code_ending_write(KIND, 4, &e, channels, sums, at, n);
        continue;
      }
      for (int32_t k = 0; k < 4; k++) {
        const int32_t row = 2 * y + k / 2, column = 2 * x + k % 2;
        if (row < r->first_row || row >= r->end_row || column >= s->out_width) continue;
        code_ending_write(KIND, 1, &e, channels, sums + k, at + k, n);
      }
    }
  }
}

V_INLINE void code_winograd_part(const int KIND, const code_tiles *r, int32_t v,
                                 const int n) {
  if (code_winograd_is_narrow(r->shape)) {
    code_winograd_vector(KIND, 1, r, v, n);
  } else {
    code_winograd_vector(KIND, 0, r, v, n);
  }
}

#define CODE_WINOGRAD_REST(KIND)                                                             \
  static void code_winograd_rest_##KIND(const code_tiles *r, int32_t v, int n) {  \
    code_winograd_part(KIND, r, v, n);                                                        \
  }
#define CODE_WINOGRAD_REST_NAME(KIND) code_winograd_rest_##KIND,
FOR_GENERAL_CODE_KINDS(CODE_WINOGRAD_REST)
static void (*const code_winograd_rests[GENERAL_CODE_KINDS])(const code_tiles *, int32_t,
                                                             int) = {
    FOR_GENERAL_CODE_KINDS(CODE_WINOGRAD_REST_NAME)};

#define CODE_WINOGRAD_WRITE(KIND)                                                              \
  static void code_winograd_write_##KIND(const code_tiles *r) {                     \
    const int32_t vectors = r->outputs / VL, rest = r->outputs % VL;                           \
    for (int32_t v = 0; v < vectors; v++) code_winograd_part(KIND, r, v, VL);                  \
    if (rest) code_winograd_rests[KIND % GENERAL_CODE_KINDS](r, vectors, rest);                \
  }
#define CODE_WINOGRAD_WRITE_NAME(KIND) code_winograd_write_##KIND,

FOR_CODE_KINDS(CODE_WINOGRAD_WRITE)
static const code_tiles_write code_winograd_writes[CODE_KINDS] = {
    FOR_CODE_KINDS(CODE_WINOGRAD_WRITE_NAME)};
