/* A^T M A of a block's sums and the ending of the four outputs of each tile. The sums are four times those of the convolution; the
 * scale of the ending is divided by 4 instead, which gives the same bits unless it is subnormal (code_tiles_divide). */
/* The outputs of a tile times 4; general endings get the outputs themselves. */
V_INLINE void tile_outputs(const int KIND, const int32_t *sums, vi *y) {
  vi left[4], right[4];
  UNROLL_FULLY for (int row = 0; row < 4; row++) {
    const int32_t *from = sums + 4 * row * VL;
    const vi b = vi_load(from + VL), c = vi_load(from + 2 * VL);
    left[row] = vi_add(vi_load(from), vi_add(b, c));
    right[row] = vi_subtract(vi_subtract(b, c), vi_load(from + 3 * VL));
  }
  y[0] = vi_add(left[0], vi_add(left[1], left[2]));
  y[1] = vi_add(right[0], vi_add(right[1], right[2]));
  y[2] = vi_subtract(vi_subtract(left[1], left[2]), left[3]);
  y[3] = vi_subtract(vi_subtract(right[1], right[2]), right[3]);
  if (KIND >= CODE_GENERAL) {
    UNROLL_FULLY for (int k = 0; k < 4; k++) y[k] = vi_quarter(y[k]);
  }
}

/* One vector of n channels of all tiles, in runs of tiles of one row. */
V_INLINE void tile_write_vector(const int KIND, const code_tiles *r, int32_t v, const int n) {
  const dfq_conv_shape *s = r->shape;
  const code_ending e = r->constants;
  code_channels c = code_channels_at(r->from, r->output + v * VL, n);
  if (KIND < CODE_GENERAL) c.scale = v_mul(c.scale, v_set(0.25f));
  const code_channels channels[4] = {c, c, c, c};
  const size_t step = r->vectors * TILE_TAPS * VL, pixel = s->out_channels;
  const size_t line = pixel * s->out_width;
  const int32_t *from = r->sums + v * TILE_TAPS * VL;
  int32_t x = r->tile, y = r->row;
  for (int32_t tile = 0; tile < r->tiles; tile++, from += step) {
    vi sums[4];
    tile_outputs(KIND, from, sums);
    const size_t place = (size_t)(2 * y) * line + (size_t)(2 * x) * pixel + r->output + v * VL;
    const size_t at[4] = {place, place + pixel, place + line, place + line + pixel};
    if (2 * y >= r->first_row && 2 * y + 1 < r->end_row && 2 * x + 1 < s->out_width) {
      code_ending_write(KIND, 4, &e, channels, sums, at, n);
    } else {
      for (int32_t k = 0; k < 4; k++) {
        const int32_t row = 2 * y + k / 2, column = 2 * x + k % 2;
        if (row < r->first_row || row >= r->end_row || column >= s->out_width) continue;
        code_ending_write(KIND, 1, &e, channels, sums + k, at + k, n);
      }
    }
    if (++x == r->columns) x = 0, y++;
  }
}

#define TILE_WRITE(KIND)                                              \
  static void tile_write_##KIND(const code_tiles *r) {              \
    for (int32_t v = 0; v * VL < r->outputs; v++) {                   \
      const int32_t lanes = smaller(r->outputs - v * VL, VL);         \
      if (lanes == VL) tile_write_vector(KIND, r, v, VL);             \
      if (lanes < VL) tile_write_vector(KIND, r, v, lanes);           \
    }                                                                 \
  }
#define TILE_WRITE_NAME(KIND) tile_write_##KIND,

FOR_CODE_KINDS(TILE_WRITE)
static const code_tiles_write tile_writes[CODE_KINDS] = {FOR_CODE_KINDS(TILE_WRITE_NAME)};
