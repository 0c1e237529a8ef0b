/* B p Bt of the tiles of a block, out of matrices [tile][input channels rounded up to CELL]: the
 * gradient at the inputs, where neighbouring tiles overlap by two rows and columns. The tiles come in
 * order, so that the first tile that contains a pixel stores it and the others add to it. */

enum { WINOGRAD_OVERLAP = 2 };

/* INSIDE: the tile lies in the image. */
V_INLINE void winograd_scatter_tile(const int TILE, const int INSIDE, const winograd_job *job,
                                    const float *from, int32_t top, int32_t left, int adds_all, int adds_rows,
                                    int adds_columns, int32_t n, float *image) {
  const int SIDE = WINOGRAD_SIDE(TILE);
  const size_t step = job->input_step;
  const int32_t height = job->shape->in_height, width = job->shape->in_width;
  const size_t channels = job->shape->in_channels, row = width * channels;
  vf half[WINOGRAD_MOST * WINOGRAD_MOST];
  UNROLL_FULLY for (int q = 0; q < SIDE; q++) {
    vf m[WINOGRAD_MOST], x[WINOGRAD_MOST];
    UNROLL_FULLY for (int r = 0; r < SIDE; r++) m[r] = v_load(from + (r * SIDE + q) * step);
    winograd_input_gradient_line(TILE, m, x);
    UNROLL_FULLY for (int r = 0; r < SIDE; r++) half[r * SIDE + q] = x[r];
  }
  float *to = image + ((ptrdiff_t)top * width + left) * (ptrdiff_t)channels;
  UNROLL_FULLY for (int r = 0; r < SIDE; r++, to += row) {
    vf x[WINOGRAD_MOST];
    if (!INSIDE && (top + r < 0 || top + r >= height)) continue;
    winograd_input_gradient_line(TILE, half + r * SIDE, x);
    const int adds = adds_all || (r < WINOGRAD_OVERLAP && adds_rows);
    UNROLL_FULLY for (int q = 0; q < SIDE; q++) {
      if (!INSIDE && (left + q < 0 || left + q >= width)) continue;
      float *at = to + q * channels;
      if (adds || (q < WINOGRAD_OVERLAP && adds_columns)) x[q] = v_add(v_load_n(at, n), x[q]);
      v_store_n(at, n, x[q]);
    }
  }
}

V_INLINE void winograd_scatter_strip(const int TILE, const winograd_job *job,
                                     const winograd_strip *strip, const float *from,
                                     size_t tile_row, int adds, int32_t n, float *image) {
  const dfq_conv_shape *s = job->shape;
  const int SIDE = WINOGRAD_SIDE(TILE);
  const int32_t top = strip->row * TILE - s->pad_top;
  const int rows_inside = top >= 0 && top + SIDE <= s->in_height;
  for (int32_t i = 0; i < strip->count; i++, from += tile_row) {
    const int32_t column = strip->column + i, left = column * TILE - s->pad_left;
    if (rows_inside && left >= 0 && left + SIDE <= s->in_width) {
      winograd_scatter_tile(TILE, 1, job, from, top, left, adds, strip->row > 0, column > 0, n,
                            image);
    } else {
      winograd_scatter_tile(TILE, 0, job, from, top, left, adds, strip->row > 0, column > 0, n,
                            image);
    }
  }
}

#define WINOGRAD_SCATTER(TILE)                                                                \
  static void winograd_scatter_##TILE(const winograd_job *job, const winograd_strip *strip,   \
                                      const float *from, size_t tile_row, int adds,           \
                                      int32_t n, float *image) {                              \
    if (n >= VL) {                                                                            \
      winograd_scatter_strip(TILE, job, strip, from, tile_row, adds, VL, image);              \
    } else {                                                                                  \
      winograd_scatter_strip(TILE, job, strip, from, tile_row, adds, n, image);               \
    }                                                                                         \
  }
WINOGRAD_SCATTER(2)
WINOGRAD_SCATTER(4)

/* Whether the tiles of an image cover all of its pixels. */
V_INLINE int winograd_covers_inputs(const int TILE, const winograd_job *job) {
  const dfq_conv_shape *s = job->shape;
  return job->tile_rows * TILE + WINOGRAD_OVERLAP - s->pad_top >= s->in_height &&
         job->tile_columns * TILE + WINOGRAD_OVERLAP - s->pad_left >= s->in_width;
}

/* Prefetches one of TILE parts (rows of the tiles) of the memory that tiles first ..< end write. */
V_INLINE void winograd_prefetch_input_gradient(const int TILE, const winograd_job *job,
                                               int32_t first, int32_t end,
                                               const dfq_winograd_gradients *g, int32_t part) {
  const dfq_conv_shape *s = job->shape;
  for (int32_t tile = first; tile < end;) {
    const winograd_strip strip = winograd_strip_at(job, tile, end);
    float *image = g->input_gradient + strip.image * g->input_gradient_step;
    winograd_prefetch_row(s->in_height, s->in_width, s->in_channels,
                          strip.row * TILE - s->pad_top + WINOGRAD_OVERLAP + part,
                          strip.column * TILE - s->pad_left, strip.count * TILE, image, 1);
    tile += strip.count;
  }
}

static void winograd_scatter_input(const int TILE, const winograd_job *job, const float *from,
                                   int32_t first, int32_t end,
                                   const dfq_winograd_gradients *gradients, int adds) {
  const int32_t channels = job->shape->in_channels;
  const size_t tile_row = (size_t)job->input_blocks * CELL;
  for (int32_t tile = first; tile < end;) {
    const winograd_strip strip = winograd_strip_at(job, tile, end);
    float *image = gradients->input_gradient + strip.image * gradients->input_gradient_step;
    for (int32_t c = 0; c < channels; c += VL) {
      (TILE == 2 ? winograd_scatter_2 : winograd_scatter_4)(
          job, &strip, from + (size_t)(tile - first) * tile_row + c, tile_row, adds,
          channels - c, image + c);
    }
    tile += strip.count;
  }
}
