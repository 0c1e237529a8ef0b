/* What the forms of Winograd's algorithm on codes share: the sums of a few tiles of outputs on their way to codes. */
typedef struct {
  const dfq_conv_shape *shape;
  const dfq_code_ending *from;
  code_ending constants;
  const int32_t *sums;
  int32_t columns;   /* of tiles in the map */
  int32_t tiles;     /* of the sums */
  int32_t tile, row; /* the first one: its column, and its row of tiles */
  int32_t output;    /* the block's first channel */
  int32_t vectors;   /* of the block */
  int32_t outputs;   /* channels to write */
  int32_t first_row, end_row;
} code_tiles;

typedef void (*code_tiles_write)(const code_tiles *r);

/* Whether scales divided by 4, 8 or 16 are exact: they are unless they are subnormal. */
static int code_tiles_divide(const dfq_code_ending *d, int32_t first, int32_t end) {
  for (int32_t o = first; o < end; o++) {
    if (d->scale[o] != 0 && !(fabsf(d->scale[o]) >= 0x1p-120f)) return 0;
  }
  return 1;
}

/* Those of a convolution of codes up to `most_code`, before any tile. `scales`: sums are a power of two times the convolution's. */
static code_tiles code_tiles_of(const dfq_conv_shape *s, const dfq_code_ending *ending,
                                int32_t most_code, int scales, const int32_t *sums,
                                int32_t columns, int32_t first_row, int32_t end_row) {
  const int32_t end = ending->end_output ? ending->end_output : s->out_channels;
  const float most_sum = !scales || code_tiles_divide(ending, ending->first_output, end)
                             ? most_code * 128 * 9.0f * s->in_channels
                             : INFINITY;
  return (code_tiles){.shape = s,
                      .from = ending,
                      .constants = code_ending_of(ending, s->out_channels, most_sum),
                      .sums = sums,
                      .columns = columns,
                      .first_row = first_row,
                      .end_row = end_row};
}

/* Which tiles of a strip are computed. */
typedef struct {
  int32_t first, end;
} code_tiles_span;

/* Of a strip of tile rows y0 ..< y1, where tiles have `height` rows of outputs. */
V_INLINE code_tiles_span code_tiles_span_of(const code_tiles *r, int32_t height, int32_t y0,
                                            int32_t y1) {
  code_tiles_span span = {0, (y1 - y0) * r->columns};
  if (y0 == r->first_row / height) span.first = r->from->first_tile;
  if (r->from->end_tile && y1 == divide_up(r->end_row, height)) {
    span.end -= r->columns - r->from->end_tile;
  }
  return span;
}

/* Writes what is computed of a strip that begins at tile row y0, whose sums are all at r->sums, `words` for each tile and vector. */
V_INLINE void code_tiles_write_span(const code_tiles *r, code_tiles_span span, int32_t y0,
                                    int32_t words, code_tiles_write write) {
  code_tiles part = *r;
  part.sums += (size_t)span.first * r->vectors * words;
  part.tile = span.first % r->columns;
  part.row = y0 + span.first / r->columns;
  part.tiles = span.end - span.first;
  write(&part);
}

/* More inputs run directly: what offsets add to a sum, at most 2^14 for each input, is below 2^29, and what sums start from fits 32 bits. */
enum { CODE_TILES_MOST_INPUTS = 1 << 15 };

/* How many of `left` tiles are next: those of so many groups. All groups of at most `most` tiles are about equal. */
V_INLINE int32_t code_tiles_next(int32_t left, int32_t most, int32_t groups) {
  const int32_t all = divide_up(left, most), now = smaller(groups, all);
  return left / all * now + smaller(left % all, now);
}

/* A row of outputs of a tile, from the tile's sums; times a power of two for endings that are not general. */
typedef void (*code_tile_outputs)(const int KIND, const int32_t *sums, int32_t row, vi *outputs);

/* Writes VECTORS = 1 or 2 vectors of channels of all tiles, of ROWS x WIDTH outputs whose sums are VECTOR_SUMS numbers for each, in runs of
 * tiles of one row. Two vectors have n = VL. `scale` is the inverse of that power of two. */
V_INLINE void code_tiles_write_vectors(const int KIND, const int ROWS, const int WIDTH,
                                       const int VECTORS, const int VECTOR_SUMS,
                                       code_tile_outputs outputs, float scale, const code_tiles *r,
                                       int32_t v, const int n) {
  const dfq_conv_shape *s = r->shape;
  const code_ending e = r->constants;
  /* Outputs that are written at once: [pixel][vector]. */
  const int PIXELS = smaller(WIDTH, 4 / VECTORS);
  code_channels channels[4];
  UNROLL_FULLY for (int k = 0; k < VECTORS; k++) {
    channels[k] = code_channels_at(r->from, r->output + (v + k) * VL, n);
    if (KIND < CODE_GENERAL) channels[k].scale = v_mul(channels[k].scale, v_set(scale));
  }
  UNROLL_FULLY for (int k = VECTORS; k < 4; k++) channels[k] = channels[k % VECTORS];
  const int32_t *from = r->sums + v * VECTOR_SUMS;
  const size_t pixel = s->out_channels, line = pixel * s->out_width;
  int32_t x = r->tile, y = r->row;
  for (int32_t left = r->tiles; left > 0; x = 0, y++) {
    const int32_t end = smaller(x + left, r->columns);
    left -= end - x;
    const int32_t first = larger(r->first_row - ROWS * y, 0);
    const int32_t last = smaller(r->end_row - ROWS * y, ROWS);
    for (; x < end; x++, from += r->vectors * VECTOR_SUMS) {
      const int32_t width = smaller(s->out_width - WIDTH * x, WIDTH);
      size_t place = (size_t)(ROWS * y + first) * line + (size_t)(WIDTH * x) * pixel + r->output + v * VL;
      for (int32_t row = first; row < last; row++, place += line) {
        vi sums[8];
        UNROLL_FULLY for (int k = 0; k < VECTORS; k++) {
          vi own[4];
          outputs(KIND, from + k * VECTOR_SUMS, row, own);
          UNROLL_FULLY for (int p = 0; p < WIDTH; p++) sums[p * VECTORS + k] = own[p];
        }
        UNROLL_FULLY for (int p = 0; p < WIDTH; p += PIXELS) {
          size_t at[4];
          UNROLL_FULLY for (int k = 0; k < 4; k++) {
            at[k] = place + (p + k / VECTORS) * pixel + k % VECTORS * VL;
          }
          if (width == WIDTH) {
            code_ending_write_runs(KIND, PIXELS * VECTORS, VECTORS, &e, channels, sums + p * VECTORS, at, n);
          } else {
            for (int32_t k = 0; k < VECTORS * smaller(width - p, PIXELS); k++) {
              code_ending_write(KIND, 1, &e, channels + k % VECTORS, sums + p * VECTORS + k, at + k, n);
            }
          }
        }
      }
    }
  }
}

/* All vectors of a block of one or two whole ones. */
V_INLINE void code_tiles_write_block(const int KIND, const int ROWS, const int WIDTH,
                                     const int VECTOR_SUMS, code_tile_outputs outputs, float scale,
                                     const code_tiles *r) {
  if (r->outputs == 2 * VL) {
    code_tiles_write_vectors(KIND, ROWS, WIDTH, 2, VECTOR_SUMS, outputs, scale, r, 0, VL);
  } else {
    code_tiles_write_vectors(KIND, ROWS, WIDTH, 1, VECTOR_SUMS, outputs, scale, r, 0, VL);
  }
}
