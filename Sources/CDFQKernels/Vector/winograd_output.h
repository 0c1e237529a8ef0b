/* At m A of the tiles of a block, out of matrices [tile][output_row]. */
typedef struct {
  const float *bias; /* or NULL */
  int accumulate;
} winograd_ending;

V_INLINE void winograd_output_tile(const int TILE, const winograd_job *job, const float *from,
                                   const winograd_ending *ending, int32_t rows, int32_t columns,
                                   int32_t channel, int32_t n, float *to) {
  const int SIDE = WINOGRAD_SIDE(TILE);
  const size_t step = job->output_step, channels = job->shape->out_channels;
  const size_t row = job->shape->out_width * channels;
  const int accumulate = ending->accumulate;
  vf half[4 * WINOGRAD_MOST];
  UNROLL_FULLY for (int q = 0; q < SIDE; q++) {
    vf m[WINOGRAD_MOST], y[4];
    UNROLL_FULLY for (int r = 0; r < SIDE; r++) {
      m[r] = v_load(from + (r * SIDE + q) * step);
    }
    winograd_output_line(TILE, m, y);
    UNROLL_FULLY for (int r = 0; r < TILE; r++) half[r * SIDE + q] = y[r];
  }
  const vf bias = ending->bias ? v_load_n(ending->bias + channel, n) : v_zero();
  UNROLL_FULLY for (int r = 0; r < TILE; r++) {
    vf y[4];
    winograd_output_line(TILE, half + r * SIDE, y);
    if (r >= rows) continue;
    float *pixel = to + r * row;
    UNROLL_FULLY for (int q = 0; q < TILE; q++, pixel += channels) {
      if (q >= columns) continue;
      const vf value = v_add(y[q], bias);
      v_store_n(pixel, n, accumulate ? v_add(v_load_n(pixel, n), value) : value);
    }
  }
}

V_INLINE void winograd_output_channels(const int TILE, const winograd_job *job,
                                       const winograd_strip *strip, const float *from,
                                       const winograd_ending *ending, int32_t channel, int32_t n,
                                       float *image) {
  const dfq_conv_shape *s = job->shape;
  const int32_t y = strip->row * TILE;
  for (int32_t i = 0; i < strip->count; i++, from += job->output_row) {
    const int32_t x = (strip->column + i) * TILE;
    float *to = image + ((size_t)y * s->out_width + x) * s->out_channels + channel;
    const int32_t rows = s->out_height - y, columns = s->out_width - x;
    if (rows >= TILE && columns >= TILE) {
      winograd_output_tile(TILE, job, from + channel, ending, TILE, TILE, channel, n, to);
    } else {
      winograd_output_tile(TILE, job, from + channel, ending, rows, columns, channel, n, to);
    }
  }
}

static void winograd_output_2(const winograd_job *job, const winograd_strip *strip,
                              const float *from, const winograd_ending *ending, int32_t channel,
                              int32_t n, float *image) {
  if (n >= VL) {
    winograd_output_channels(2, job, strip, from, ending, channel, VL, image);
  } else {
    winograd_output_channels(2, job, strip, from, ending, channel, n, image);
  }
}

static void winograd_output_4(const winograd_job *job, const winograd_strip *strip,
                              const float *from, const winograd_ending *ending, int32_t channel,
                              int32_t n, float *image) {
  if (n >= VL) {
    winograd_output_channels(4, job, strip, from, ending, channel, VL, image);
  } else {
    winograd_output_channels(4, job, strip, from, ending, channel, n, image);
  }
}

static void winograd_transform_output(const int TILE, const winograd_job *job, const float *from,
                                      int32_t first, int32_t end, const winograd_ending *ending,
                                      float *output, size_t image_step) {
  const int32_t channels = job->shape->out_channels;
  for (int32_t tile = first; tile < end;) {
    const winograd_strip strip = winograd_strip_at(job, tile, end);
    for (int32_t c = 0; c < channels; c += VL) {
      (TILE == 2 ? winograd_output_2 : winograd_output_4)(
          job, &strip, from + (size_t)(tile - first) * job->output_row, ending, c, channels - c,
          output + strip.image * image_step);
    }
    tile += strip.count;
  }
}
