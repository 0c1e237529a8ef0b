/* A^T along the columns, and the ending of the outputs of each tile. The sums are 16 or 8 times those of the convolution; the scale
 * of the ending is divided by that instead, which gives the same bits (code_tiles_divide). */
/* A row of outputs of a tile, from one sum of each line; general endings get the outputs themselves. */
V_INLINE void wide_outputs(const int KIND, const int WIDTH, const int32_t *sums, vi *y) {
  vi m[WIDE_MOST_LINES];
  UNROLL_FULLY for (int line = 0; line < wide_lines(WIDTH); line++) {
    m[line] = vi_load(sums + 4 * line * VL);
  }
  const vi sum = vi_add(m[WIDE_SUM], m[WIDE_ALTERNATING]);
  const vi difference = vi_subtract(m[WIDE_SUM], m[WIDE_ALTERNATING]);
  if (WIDTH == 2) {
    y[0] = vi_add(sum, m[WIDE_TWO_FIRST]);
    y[1] = vi_subtract(difference, m[WIDE_TWO_LAST]);
  } else {
    const vi even = vi_add(m[WIDE_JOINT], m[WIDE_EVEN]), odd = vi_add(m[WIDE_JOINT], m[WIDE_ODD]);
    const vi even_twice = vi_add(even, even), odd_twice = vi_add(odd, odd);
    y[0] = vi_add(vi_add(sum, even_twice), m[WIDE_FIRST]);
    y[1] = vi_add(difference, odd_twice);
    y[2] = vi_subtract(sum, even_twice);
    y[3] = vi_add(vi_subtract(difference, odd_twice), m[WIDE_LAST]);
  }
  if (KIND >= CODE_GENERAL) {
    UNROLL_FULLY for (int k = 0; k < WIDTH; k++) y[k] = vi_divide_power(y[k], WIDTH == 4 ? 4 : 3);
  }
}

/* One vector of channels of all tiles, in runs of tiles of one row. */
V_INLINE void wide_write_vector(const int KIND, const int WIDTH, const code_tiles *r, int32_t v) {
  const dfq_conv_shape *s = r->shape;
  const int32_t columns = r->columns;
  const code_ending e = r->constants;
  code_channels c = code_channels_at(r->from, r->output + v * VL, VL);
  if (KIND < CODE_GENERAL) c.scale = v_mul(c.scale, v_set(WIDTH == 4 ? 0x1p-4f : 0x1p-3f));
  const code_channels channels[4] = {c, c, c, c};
  const size_t words = (size_t)wide_lines(WIDTH) * 4 * VL;
  const int32_t *from = r->sums + v * words;
  const size_t pixel = s->out_channels, line = pixel * s->out_width;
  int32_t x = r->tile, y = r->row;
  for (int32_t left = r->tiles; left > 0; x = 0, y++) {
    const int32_t end = smaller(x + left, columns);
    left -= end - x;
    const int32_t first = larger(r->first_row - 4 * y, 0), last = smaller(r->end_row - 4 * y, 4);
    for (; x < end; x++, from += r->vectors * words) {
      const int32_t width = smaller(s->out_width - WIDTH * x, WIDTH);
      size_t at[4];
      at[0] = (size_t)(4 * y + first) * line + (size_t)(WIDTH * x) * pixel + r->output + v * VL;
      for (int32_t row = first; row < last; row++, at[0] += line) {
        vi sums[4];
        wide_outputs(KIND, WIDTH, from + row * VL, sums);
        UNROLL_FULLY for (int k = 1; k < 4; k++) at[k] = at[0] + k * pixel;
        if (width == WIDTH) {
          code_ending_write(KIND, WIDTH, &e, channels, sums, at, VL);
        } else {
          for (int32_t k = 0; k < width; k++) {
            code_ending_write(KIND, 1, &e, channels, sums + k, at + k, VL);
          }
        }
      }
    }
  }
}

#define WIDE_WRITE(WIDTH, KIND)                                                             \
  static void wide_write_##WIDTH##_##KIND(const code_tiles *r) {                          \
    for (int32_t v = 0; v * VL < r->outputs; v++) wide_write_vector(KIND, WIDTH, r, v);     \
  }
#define WIDE_WRITE_2(KIND) WIDE_WRITE(2, KIND)
#define WIDE_WRITE_4(KIND) WIDE_WRITE(4, KIND)
#define WIDE_WRITE_NAME_2(KIND) wide_write_2_##KIND,
#define WIDE_WRITE_NAME_4(KIND) wide_write_4_##KIND,

FOR_CODE_KINDS(WIDE_WRITE_2)
FOR_CODE_KINDS(WIDE_WRITE_4)
/* By width of tiles, 2 and 4, and kind of ending. */
static const code_tiles_write wide_writes[2][CODE_KINDS] = {{FOR_CODE_KINDS(WIDE_WRITE_NAME_2)},
                                                      {FOR_CODE_KINDS(WIDE_WRITE_NAME_4)}};
