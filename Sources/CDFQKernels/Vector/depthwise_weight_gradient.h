/* Gradient at depthwise weights: up to nine taps share each load of the output gradient. */
enum { DEPTHWISE_TAPS = 9 };

typedef struct {
  int32_t rows, columns;
  size_t x_row;    /* floats between rows of outputs, in the plane */
  size_t channels; /* of the image */
  size_t offsets[DEPTHWISE_TAPS];
} depthwise_weight_job;

V_INLINE void depthwise_weight_tile(const int TAPS, const depthwise_weight_job *job,
                                    const float *x, const float *g, vmask lanes,
                                    float *gradient) {
  vf sums[DEPTHWISE_TAPS];
  UNROLL_FULLY for (int t = 0; t < TAPS; t++) sums[t] = v_zero();
  for (int32_t y = 0; y < job->rows; y++, x += job->x_row) {
    const float *from = x;
    for (int32_t column = 0; column < job->columns; column++, from += CELL, g += job->channels) {
      const vf received = v_load_masked(g, lanes);
      UNROLL_FULLY for (int t = 0; t < TAPS; t++) {
        sums[t] = v_fma(received, v_load(from + job->offsets[t]), sums[t]);
      }
    }
  }
  UNROLL_FULLY for (int t = 0; t < TAPS; t++) {
    float *to = gradient + t * job->channels;
    v_store_masked(to, lanes, v_add(v_load_masked(to, lanes), sums[t]));
  }
}

typedef void (*depthwise_weight_function)(const depthwise_weight_job *job, const float *x,
                                          const float *g, vmask lanes, float *gradient);
#define DEPTHWISE_WEIGHT_TILE(unused, TAPS)                                                       \
  static void depthwise_weight_tile_##TAPS(const depthwise_weight_job *job, const float *x,       \
                                           const float *g, vmask lanes, float *gradient) {        \
    depthwise_weight_tile(TAPS, job, x, g, lanes, gradient);                                      \
  }
#define DEPTHWISE_WEIGHT_NAME(unused, TAPS) depthwise_weight_tile_##TAPS,
REPEAT_9(DEPTHWISE_WEIGHT_TILE, )
static const depthwise_weight_function depthwise_weight_tiles[] = {
    REPEAT_9(DEPTHWISE_WEIGHT_NAME, )};

/* Every tap of the channels of one plane. */
static void depthwise_weight_taps(const dfq_conv_shape *s, const plane *p,
                                  depthwise_weight_job *job, const float *memory, const float *g,
                                  float *gradient) {
  const int32_t taps = s->kernel_height * s->kernel_width;
  const int32_t groups = divide_up(taps, DEPTHWISE_TAPS);
  int32_t tap = 0;
  for (int32_t i = 0; i < groups; i++) {
    const int32_t size = (taps - tap + groups - i - 1) / (groups - i);
    for (int32_t t = 0; t < size; t++) {
      const int32_t kh = (tap + t) / s->kernel_width, kw = (tap + t) % s->kernel_width;
      job->offsets[t] = plane_offset(p, p->row + kh, p->column + kw);
    }
    for (int32_t c = 0; c < p->length; c += VL) {
      depthwise_weight_tiles[size - 1](job, memory + c, g + c,
                                       v_first(smaller(p->length - c, VL)),
                                       gradient + (size_t)tap * job->channels + c);
    }
    tap += size;
  }
}

static void vector_depthwise_weight_gradient(const dfq_conv_shape *s, const float *input,
                                             const float *output_gradient, float *weight_gradient,
                                             float *bias_gradient, float *scratch) {
  float *memory = aligned_start(scratch);
  const int32_t channels = s->in_channels, band = depthwise_band_rows(s);
  const size_t out_row = (size_t)s->out_width * channels;
  depthwise_weight_job job = {.columns = s->out_width, .channels = channels};
  for (int32_t y0 = 0; y0 < s->out_height; y0 += band) {
    const int32_t y1 = smaller(y0 + band, s->out_height);
    for (int32_t first = 0; first < channels; first += CELL) {
      const plane p = depthwise_plane(s, first, y0, y1);
      plane_fill(&p, input, s->in_height, s->in_width, channels, memory);
      job.rows = y1 - y0;
      job.x_row = conv_row_advance(s, &p);
      depthwise_weight_taps(s, &p, &job, memory, output_gradient + y0 * out_row + first,
                            weight_gradient + first);
    }
  }
  if (bias_gradient) {
    conv_add_bias_gradient(output_gradient, s->out_height * s->out_width, channels,
                           bias_gradient);
  }
}
