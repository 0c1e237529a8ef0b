/* At m A of the tiles of a block, out of matrices [tile][output_row], with the fused operations. */

/* The ending for VL channels (or the first n of them) from `channel` on, of one image. */
typedef struct {
  vf bias, scale, shift, negative_slope, upper_bound;
  vf sum, square_sum; /* of a strip */
  const float *residual;
  float *x, *y;       /* or NULL */
  uint8_t *activation_mask;      /* or NULL */
  int accumulate, sums;
  int streams;        /* whole lines of x use non-temporal stores */
} winograd_ending;

V_INLINE winograd_ending winograd_ending_at(const dfq_conv_ending *e, float *output,
                                            size_t output_step, size_t image, int32_t channel,
                                            int32_t n) {
  winograd_ending ending = {.accumulate = e->store == DFQ_ACCUMULATE, .sums = e->sum != NULL};
  ending.bias = e->bias ? v_load_n(e->bias + channel, n) : v_zero();
  ending.sum = ending.square_sum = v_zero();
  ending.x = e->drops ? NULL : output + image * output_step + channel;
  ending.streams = e->streams && ending.x;
  if (!e->y) return ending;
  ending.scale = v_load_n(e->scale + channel, n);
  ending.shift = v_load_n(e->shift + channel, n);
  ending.negative_slope = v_set(e->negative_slope);
  ending.upper_bound = v_set(e->upper_bound);
  ending.y = e->y + image * e->y_step + channel;
  ending.residual = e->residual ? e->residual + image * e->residual_step + channel : NULL;
  ending.activation_mask =
      e->activation_mask ? e->activation_mask + image * e->activation_mask_step + channel / 8 : NULL;
  return ending;
}

/* One pixel at `at`; PLAIN is known not to have y or sums. */
V_INLINE void winograd_end_pixel(const int PLAIN, winograd_ending *e, vf x, size_t at, int n) {
  x = v_add(x, e->bias);
  if (PLAIN) {
    float *to = e->x + at;
    v_store_n(to, n, e->accumulate ? v_add(v_load_n(to, n), x) : x);
    return;
  }
  if (e->sums) {
    e->sum = v_add(e->sum, x);
    e->square_sum = v_fma(x, x, e->square_sum);
  }
  if (e->streams && n >= VL) {
    v_stream(e->x + at, x);
  } else if (e->x) {
    v_store_n(e->x + at, n, x);
  }
  if (!e->y) return;
  vf t = v_fma(x, e->scale, e->shift);
  if (e->residual) t = v_add(t, v_load_n(e->residual + at, n));
  v_store_n(e->y + at, n, activation_value(t, e->negative_slope, e->upper_bound));
  if (e->activation_mask) v_store_bits(e->activation_mask + at / 8, v_at_most(t, v_zero()));
}

V_INLINE void winograd_output_tile(const int TILE, const int PLAIN, const winograd_job *job,
                                   const float *from, winograd_ending *ending, int32_t rows,
                                   int32_t columns, int32_t n, size_t at) {
  const int SIDE = WINOGRAD_SIDE(TILE);
  const size_t step = job->output_step, channels = job->shape->out_channels;
  const size_t row = job->shape->out_width * channels;
  vf half[4 * WINOGRAD_MOST];
  UNROLL_FULLY for (int q = 0; q < SIDE; q++) {
    vf m[WINOGRAD_MOST], y[4];
    UNROLL_FULLY for (int r = 0; r < SIDE; r++) m[r] = v_load(from + (r * SIDE + q) * step);
    winograd_output_line(TILE, m, y);
    UNROLL_FULLY for (int r = 0; r < TILE; r++) half[r * SIDE + q] = y[r];
  }
  UNROLL_FULLY for (int r = 0; r < TILE; r++, at += row) {
    vf y[4];
    winograd_output_line(TILE, half + r * SIDE, y);
    if (r >= rows) continue;
    UNROLL_FULLY for (int q = 0; q < TILE; q++) {
      if (q < columns) winograd_end_pixel(PLAIN, ending, y[q], at + q * channels, n);
    }
  }
}

V_INLINE void winograd_output_strip(const int TILE, const int PLAIN, const winograd_job *job,
                                    const winograd_strip *strip, const float *from,
                                    winograd_ending *ends, int32_t n) {
  const dfq_conv_shape *s = job->shape;
  /* Vectors may alias the stores; a local copy whose address is not taken stays in registers. */
  winograd_ending ending = *ends;
  const int32_t y = strip->row * TILE, rows = s->out_height - y, count = strip->count;
  const size_t tile_row = job->output_row;
  for (int32_t i = 0; i < count; i++, from += tile_row) {
    const int32_t x = (strip->column + i) * TILE, columns = s->out_width - x;
    const size_t at = ((size_t)y * s->out_width + x) * s->out_channels;
    if (rows >= TILE && columns >= TILE) {
      winograd_output_tile(TILE, PLAIN, job, from, &ending, TILE, TILE, n, at);
    } else {
      winograd_output_tile(TILE, PLAIN, job, from, &ending, rows, columns, n, at);
    }
  }
  *ends = ending;
}

#define WINOGRAD_OUTPUT(TILE)                                                                   \
  static void winograd_output_##TILE(const winograd_job *job, const winograd_strip *strip,      \
                                     const float *from, winograd_ending *ending, int32_t n) {   \
    const int plain = !ending->y && !ending->sums && ending->x && !ending->streams;                                 \
    if (n >= VL) {                                                                              \
      if (plain) {                                                                              \
        winograd_output_strip(TILE, 1, job, strip, from, ending, VL);                           \
      } else {                                                                                  \
        winograd_output_strip(TILE, 0, job, strip, from, ending, VL);                           \
      }                                                                                         \
    } else if (plain) {                                                                         \
      winograd_output_strip(TILE, 1, job, strip, from, ending, n);                              \
    } else {                                                                                    \
      winograd_output_strip(TILE, 0, job, strip, from, ending, n);                              \
    }                                                                                           \
  }
WINOGRAD_OUTPUT(2)
WINOGRAD_OUTPUT(4)

static void winograd_transform_output(const int TILE, const winograd_job *job, const float *from,
                                      int32_t first, int32_t end, const dfq_conv_ending *ending,
                                      float *output, size_t image_step) {
  for (int32_t tile = first; tile < end;) {
    const winograd_strip strip = winograd_strip_at(job, tile, end);
    for (int32_t c = ending->first_output; c < ending->end_output; c += VL) {
      const int32_t n = ending->end_output - c;
      winograd_ending part =
          winograd_ending_at(ending, output, image_step, strip.image, c, n);
      (TILE == 2 ? winograd_output_2 : winograd_output_4)(
          job, &strip, from + (size_t)(tile - first) * job->output_row + c, &part, n);
      if (!part.sums) continue;
      v_add_to_doubles(ending->sum + c, n, part.sum);
      v_add_to_doubles(ending->square_sum + c, n, part.square_sum);
    }
    tile += strip.count;
  }
}
