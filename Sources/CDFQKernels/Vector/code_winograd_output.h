/* A^T M A of a block's sums and the ending of the four outputs of each tile. The sums are four times those of the convolution; the
 * scale of the ending is divided by 4 instead, which gives the same bits (code_winograd_divides). */
typedef struct {
  const code_winograd_geometry *geometry;
  const dfq_conv_shape *shape;
  const dfq_code_ending *from;
  code_ending constants;
  const int32_t *sums;
  int32_t tiles;          /* of the sums */
  int32_t tile, row;      /* the first one: its column, and its row of tiles */
  int32_t output;         /* the block's first channel */
  int32_t vectors;        /* of the block */
  int32_t outputs;        /* channels to write */
  int32_t first_row, end_row;
} code_winograd_results;

/* Whether a quarter of each scale is exact: it is unless it is subnormal. */
static int code_winograd_divides(const dfq_code_ending *d, int32_t first, int32_t end) {
  for (int32_t o = first; o < end; o++) {
    if (d->scale[o] != 0 && !(fabsf(d->scale[o]) >= 0x1p-120f)) return 0;
  }
  return 1;
}

/* The outputs of a tile times 4, from [tap] or, narrow, from [row][side]; exact endings get the outputs themselves. */
V_INLINE void code_winograd_tile(const int KIND, const int NARROW, const int32_t *sums, vi *y) {
  vi half[2][4];
  UNROLL_FULLY for (int row = 0; row < 4; row++) {
    if (NARROW) {
      half[0][row] = vi_load(sums + 2 * row * VL);
      half[1][row] = vi_load(sums + (2 * row + 1) * VL);
    } else {
      const vi a = vi_load(sums + 4 * row * VL), b = vi_load(sums + (4 * row + 1) * VL);
      const vi c = vi_load(sums + (4 * row + 2) * VL), d = vi_load(sums + (4 * row + 3) * VL);
      half[0][row] = vi_add(a, vi_add(b, c));
      half[1][row] = vi_add(vi_subtract(b, c), d);
    }
  }
  UNROLL_FULLY for (int side = 0; side < 2; side++) {
    const vi both = vi_add(half[side][1], half[side][2]);
    const vi difference = vi_subtract(half[side][1], half[side][2]);
    y[side] = vi_add(half[side][0], both);
    y[2 + side] = vi_subtract(difference, half[side][3]);
  }
  if (KIND >= CODE_GENERAL) {
    UNROLL_FULLY for (int k = 0; k < 4; k++) y[k] = vi_quarter(y[k]);
  }
}

/* One vector of channels of all tiles, in runs of tiles of one row. */
V_INLINE void code_winograd_vector(const int KIND, const int NARROW,
                                   const code_winograd_results *r, int32_t v, const int n) {
  const dfq_conv_shape *s = r->shape;
  const int32_t columns = r->geometry->columns;
  const code_ending e = r->constants;
  code_channels c = code_channels_at(r->from, r->output + v * VL, n);
  if (KIND < CODE_GENERAL) c.scale = v_mul(c.scale, v_set(0.25f));
  const code_channels channels[4] = {c, c, c, c};
  const size_t words = code_winograd_sum_words(r->geometry), step = r->vectors * words;
  const int32_t *from = r->sums + v * words;
  const size_t pixel = s->out_channels, line = pixel * s->out_width;
  const int32_t full = s->out_width / 2;
  int32_t x = r->tile, y = r->row;
  for (int32_t left = r->tiles; left > 0; x = 0, y++) {
    const int32_t end = smaller(x + left, columns);
    left -= end - x;
    size_t place = (size_t)(2 * y) * line + (size_t)(2 * x) * pixel + r->output + v * VL;
    if (2 * y >= r->first_row && 2 * y + 1 < r->end_row) {
      for (; x < smaller(end, full); x++, from += step, place += 2 * pixel) {
        vi sums[4];
        code_winograd_tile(KIND, NARROW, from, sums);
        const size_t at[4] = {place, place + pixel, place + line, place + line + pixel};
        code_ending_write(KIND, 4, &e, channels, sums, at, n);
      }
    }
    for (; x < end; x++, from += step, place += 2 * pixel) {
      vi sums[4];
      code_winograd_tile(KIND, NARROW, from, sums);
      for (int32_t k = 0; k < 4; k++) {
        const int32_t row = 2 * y + k / 2, column = 2 * x + k % 2;
        if (row < r->first_row || row >= r->end_row || column >= s->out_width) continue;
        const size_t at = place + k / 2 * line + k % 2 * pixel;
        code_ending_write(KIND, 1, &e, channels, sums + k, &at, n);
      }
    }
  }
}

#define CODE_WINOGRAD_WRITE(KIND)                                              \
  static void code_winograd_write_##KIND(const code_winograd_results *r) {     \
    const int narrow = r->geometry->narrow;                                    \
    for (int32_t v = 0; v * VL < r->outputs; v++) {                            \
      const int32_t lanes = smaller(r->outputs - v * VL, VL);                  \
      if (lanes < VL) {                                                        \
        if (narrow) code_winograd_vector(KIND, 1, r, v, lanes);                \
        if (!narrow) code_winograd_vector(KIND, 0, r, v, lanes);               \
      } else {                                                                 \
        if (narrow) code_winograd_vector(KIND, 1, r, v, VL);                   \
        if (!narrow) code_winograd_vector(KIND, 0, r, v, VL);                  \
      }                                                                        \
    }                                                                          \
  }
#define CODE_WINOGRAD_WRITE_NAME(KIND) code_winograd_write_##KIND,

typedef void (*code_winograd_write)(const code_winograd_results *r);
FOR_CODE_KINDS(CODE_WINOGRAD_WRITE)
static const code_winograd_write code_winograd_writes[CODE_KINDS] = {
    FOR_CODE_KINDS(CODE_WINOGRAD_WRITE_NAME)};
