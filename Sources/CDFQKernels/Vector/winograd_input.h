/* Bt d B of the tiles of a block: matrix [block of channels][tile][CELL]. */

/* VL channels (or the first n of them) of a strip, tile by tile: columns and then rows, in
 * registers. Neighbouring tiles share two columns, but keeping these would take stores that delay
 * the loads behind them. */
V_INLINE void winograd_input_strip(const int TILE, const int ACTIVATES, const winograd_job *job,
                                   const winograd_strip *strip, const float *image,
                                   const dfq_conv_beginning *beginning, int32_t n, float *to) {
  const int SIDE = WINOGRAD_SIDE(TILE);
  static const float zeros[VL];
  /* Read once: the compiler cannot know that no store changes them. */
  const dfq_conv_shape *s = job->shape;
  const size_t step = job->input_step;
  const int32_t width = s->in_width, channels = s->in_channels, count = strip->count;
  const int32_t top = strip->row * TILE - s->pad_top;
  const int32_t left = strip->column * TILE - s->pad_left;
  const float *rows[WINOGRAD_MOST];
  /* Rows outside of the image stay zero. */
  vf scale, shifts[WINOGRAD_MOST], negative_slope, upper_bound;
  if (ACTIVATES) {
    scale = v_load_n(beginning->scale, n);
    negative_slope = v_set(beginning->negative_slope);
    upper_bound = v_set(beginning->upper_bound);
  }
  size_t steps[WINOGRAD_MOST];
  UNROLL_FULLY for (int r = 0; r < SIDE; r++) {
    const int inside = top + r >= 0 && top + r < s->in_height;
    rows[r] = inside ? image + ((ptrdiff_t)(top + r) * width + left) * channels : zeros;
    steps[r] = inside ? channels : 0;
    if (ACTIVATES) shifts[r] = inside ? v_load_n(beginning->shift, n) : v_zero();
  }
  for (int32_t i = 0; i < count; i++, to += CELL) {
    vf v[WINOGRAD_MOST * WINOGRAD_MOST];
    const int32_t column = left + i * TILE;
    UNROLL_FULLY for (int q = 0; q < SIDE; q++) {
      vf x[WINOGRAD_MOST], y[WINOGRAD_MOST];
      if (column + q >= 0 && column + q < width) {
        UNROLL_FULLY for (int r = 0; r < SIDE; r++) {
          x[r] = v_load_n(rows[r] + q * steps[r], n);
          if (ACTIVATES) x[r] = activation_value(v_fma(x[r], scale, shifts[r]), negative_slope, upper_bound);
        }
        winograd_input_line(TILE, x, y);
      } else {
        UNROLL_FULLY for (int r = 0; r < SIDE; r++) y[r] = v_zero();
      }
      UNROLL_FULLY for (int r = 0; r < SIDE; r++) v[r * SIDE + q] = y[r];
    }
    UNROLL_FULLY for (int r = 0; r < SIDE; r++) rows[r] += TILE * steps[r];
    float *at = to;
    UNROLL_FULLY for (int r = 0; r < SIDE; r++) {
      vf y[WINOGRAD_MOST];
      winograd_input_line(TILE, v + r * SIDE, y);
      UNROLL_FULLY for (int q = 0; q < SIDE; q++, at += step) v_store(at, y[q]);
    }
  }
}

#define WINOGRAD_INPUT(TILE)                                                                    \
  static void winograd_input_##TILE(const winograd_job *job, const winograd_strip *strip,       \
                                    const float *image, const dfq_conv_beginning *beginning,    \
                                    int32_t n, float *to) {                                     \
    if (n >= VL) {                                                                              \
      if (beginning) {                                                                          \
        winograd_input_strip(TILE, 1, job, strip, image, beginning, VL, to);                    \
      } else {                                                                                  \
        winograd_input_strip(TILE, 0, job, strip, image, beginning, VL, to);                    \
      }                                                                                         \
    } else if (beginning) {                                                                     \
      winograd_input_strip(TILE, 1, job, strip, image, beginning, n, to);                       \
    } else {                                                                                    \
      winograd_input_strip(TILE, 0, job, strip, image, beginning, n, to);                       \
    }                                                                                           \
  }
WINOGRAD_INPUT(2)
WINOGRAD_INPUT(4)

/* Tiles first ..< end, of images `image_step` floats apart. */
static void winograd_transform_input(const int TILE, const winograd_job *job, const float *input,
                                     size_t image_step, const dfq_conv_beginning *beginning,
                                     int32_t first, int32_t end, float *to) {
  const int32_t channels = job->shape->in_channels;
  for (int32_t tile = first; tile < end;) {
    const winograd_strip strip = winograd_strip_at(job, tile, end);
    const float *image = input + strip.image * image_step;
    for (int32_t c = 0; c < channels; c += VL) {
      float *cell =
          to + ((size_t)(c / CELL) * job->block + (tile - first)) * CELL + c % CELL;
      dfq_conv_beginning part;
      if (beginning) {
        part = *beginning;
        part.scale += c;
        part.shift += c;
      }
      (TILE == 2 ? winograd_input_2 : winograd_input_4)(
          job, &strip, image + c, beginning ? &part : NULL, channels - c, cell);
    }
    tile += strip.count;
  }
}
