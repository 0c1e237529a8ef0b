/* A g At of the tiles of a block, g the output gradient: matrix [block of channels][tile][CELL], as
 * that of the inputs. */

/* VL channels or the first n of them. */
V_INLINE void winograd_gradient_tile(const int TILE, const winograd_job *job, const float *from,
                                     int32_t rows, int32_t columns, int32_t n, float *to) {
  const int SIDE = WINOGRAD_SIDE(TILE);
  const size_t step = job->output_step, channels = job->shape->out_channels;
  const size_t row = job->shape->out_width * channels;
  vf half[4 * WINOGRAD_MOST];
  UNROLL_FULLY for (int r = 0; r < TILE; r++, from += row) {
    vf g[4];
    UNROLL_FULLY for (int q = 0; q < TILE; q++) {
      g[q] = r < rows && q < columns ? v_load_n(from + q * channels, n) : v_zero();
    }
    winograd_gradient_line(TILE, g, half + r * SIDE);
  }
  UNROLL_FULLY for (int q = 0; q < SIDE; q++) {
    vf g[4], z[WINOGRAD_MOST];
    UNROLL_FULLY for (int r = 0; r < TILE; r++) g[r] = half[r * SIDE + q];
    winograd_gradient_line(TILE, g, z);
    UNROLL_FULLY for (int r = 0; r < SIDE; r++) {
      v_store(to + (r * SIDE + q) * step, z[r]);
    }
  }
}

V_INLINE void winograd_gradient_strip(const int TILE, const winograd_job *job,
                                      const winograd_strip *strip, const float *image, int32_t n,
                                      float *to) {
  const dfq_conv_shape *s = job->shape;
  const int32_t y = strip->row * TILE, rows = s->out_height - y;
  for (int32_t i = 0; i < strip->count; i++, to += CELL) {
    const int32_t x = (strip->column + i) * TILE, columns = s->out_width - x;
    const float *from = image + ((size_t)y * s->out_width + x) * s->out_channels;
    if (rows >= TILE && columns >= TILE) {
      winograd_gradient_tile(TILE, job, from, TILE, TILE, n, to);
    } else {
      winograd_gradient_tile(TILE, job, from, rows, columns, n, to);
    }
  }
}

#define WINOGRAD_GRADIENT(TILE)                                                               \
  static void winograd_gradient_##TILE(const winograd_job *job, const winograd_strip *strip,  \
                                       const float *image, int32_t n, float *to) {            \
    if (n >= VL) {                                                                            \
      winograd_gradient_strip(TILE, job, strip, image, VL, to);                               \
    } else {                                                                                  \
      winograd_gradient_strip(TILE, job, strip, image, n, to);                                \
    }                                                                                         \
  }
WINOGRAD_GRADIENT(2)
WINOGRAD_GRADIENT(4)

/* The inputs of the same tiles are read next and were last read in an earlier pass, so they are
 * prefetched meanwhile. */
static void winograd_transform_gradient(const int TILE, const winograd_job *job,
                                        const dfq_winograd_gradients *g, int32_t first,
                                        int32_t end, float *to) {
  const int32_t channels = job->shape->out_channels;
  for (int32_t tile = first; tile < end;) {
    const winograd_strip strip = winograd_strip_at(job, tile, end);
    const float *image = g->gradient + strip.image * g->gradient_step;
    for (int32_t row = 0; g->weight_gradient && row < WINOGRAD_SIDE(TILE); row++) {
      winograd_prefetch_input(TILE, job, tile, tile + strip.count, g->input, g->input_step, row);
    }
    for (int32_t c = 0; c < channels; c += VL) {
      float *cell = to + ((size_t)(c / CELL) * job->block + (tile - first)) * CELL + c % CELL;
      (TILE == 2 ? winograd_gradient_2 : winograd_gradient_4)(job, &strip, image + c,
                                                              channels - c, cell);
    }
    tile += strip.count;
  }
}
