/* The gradient at the input. Input pixels of one phase (position modulo stride) receive the same
 * taps, so each phase is a convolution without stride of the output gradient; its outputs are
 * `stride` pixels apart. */

/* The plane of `channels` channels of the output gradient that input rows y0 ..< y1 receive
 * from. */
static plane conv_gradient_plane(const dfq_conv_shape *s, int32_t first, int32_t channels,
                                 int32_t y0, int32_t y1) {
  plane p = {.first = first, .length = channels};
  p.row = floor_divide(y0 + s->pad_top - (s->kernel_height - 1), s->stride_height);
  p.rows = floor_divide(y1 - 1 + s->pad_top, s->stride_height) - p.row + 1;
  p.row_stride = 1;
  p.column = floor_divide(s->pad_left - (s->kernel_width - 1), s->stride_width);
  p.cells = floor_divide(s->in_width - 1 + s->pad_left, s->stride_width) - p.column + 1;
  p.phases = p.stride = 1;
  plane_finish(&p);
  return p;
}

/* Rows of inputs per band. */
static int32_t conv_gradient_band_rows(const dfq_conv_shape *s, int32_t channels, size_t floats) {
  int32_t rows = s->in_height;
  while (rows > s->stride_height) {
    const plane p = conv_gradient_plane(s, 0, channels, 0, rows);
    if (plane_floats(&p) <= floats) break;
    rows = smaller(rows - 1, (int32_t)((double)rows * floats / plane_floats(&p)) + 1);
  }
  return larger(rows / s->stride_height, 1) * s->stride_height;
}

typedef struct {
  const dfq_conv_shape *shape;
  const float *weight; /* of all taps */
  size_t tap_weights;  /* floats per tap */
  float *input_gradient;
  const float *memory;
  void (*cover)(const conv_job *job, const conv_area *area);
  plane p;
  int32_t y0, y1;
} conv_gradient_band;

/* The inputs (y, x) of a band with y + pad = row_phase and x + pad = column_phase modulo the
 * strides. */
static void conv_gradient_phase(const conv_gradient_band *band, int32_t row_phase,
                                int32_t column_phase, conv_job *job) {
  const dfq_conv_shape *s = band->shape;
  const int32_t sh = s->stride_height, sw = s->stride_width;
  const int32_t first_row = floor_divide(band->y0 + s->pad_top - row_phase + sh - 1, sh);
  const int32_t first_column = floor_divide(s->pad_left - column_phase + sw - 1, sw);
  const int32_t y = first_row * sh + row_phase - s->pad_top;
  const int32_t x = first_column * sw + column_phase - s->pad_left;
  if (y >= band->y1 || x >= s->in_width) return;
  job->tap_count = 0;
  for (int32_t kh = row_phase; kh < s->kernel_height; kh += sh) {
    /* The last tap of a row has the first column: where the taps are joined it stands for all. */
    const int32_t first_tap = job->row_taps ? s->kernel_width - 1 : column_phase;
    for (int32_t kw = first_tap; kw < s->kernel_width; kw += sw) {
      const int32_t row = first_row - kh / sh, column = first_column - kw / sw;
      job->taps[job->tap_count++] = (conv_tap){
          .offset = plane_offset(&band->p, row, column),
          .weight = band->weight + ((size_t)kh * s->kernel_width + kw) * band->tap_weights};
    }
  }
  if (job->tap_count == 0 && job->accumulate) return;
  const conv_area area = {
      .rows = divide_up(band->y1 - y, sh),
      .columns = divide_up(s->in_width - x, sw),
      .x = band->memory,
      .x_row = band->p.row_step,
      .out = band->input_gradient + ((size_t)y * s->in_width + x) * s->in_channels,
      .out_row = (size_t)sh * s->in_width * s->in_channels};
  band->cover(job, &area);
}

/* All phases, band after band; `channels` output gradients from `first` on go into each band's
 * plane. */
static void conv_gradient_bands(conv_gradient_band *band, conv_job *job, const float *g,
                                int32_t first, int32_t channels, float *memory) {
  const dfq_conv_shape *s = band->shape;
  const int32_t rows = conv_gradient_band_rows(s, channels, BAND_FLOATS);
  band->memory = memory;
  for (int32_t y0 = 0; y0 < s->in_height; y0 += rows) {
    band->y0 = y0;
    band->y1 = smaller(y0 + rows, s->in_height);
    band->p = conv_gradient_plane(s, first, channels, band->y0, band->y1);
    job->block_step = band->p.block_step;
    job->packed = job->outputs >= PACKED_OUTPUTS ? memory + plane_floats(&band->p) : NULL;
    plane_fill(&band->p, g, s->out_height, s->out_width, s->out_channels, memory);
    for (int32_t row_phase = 0; row_phase < s->stride_height; row_phase++) {
      for (int32_t column_phase = 0; column_phase < s->stride_width; column_phase++) {
        conv_gradient_phase(band, row_phase, column_phase, job);
      }
    }
  }
}

/* Floats of the largest band's plane. */
static size_t conv_gradient_floats(const dfq_conv_shape *s, int32_t channels) {
  size_t floats = 0;
  const int32_t rows = conv_gradient_band_rows(s, channels, BAND_FLOATS);
  for (int32_t y0 = 0; y0 < s->in_height; y0 += rows) {
    const plane p = conv_gradient_plane(s, 0, channels, y0, smaller(y0 + rows, s->in_height));
    if (plane_floats(&p) > floats) floats = plane_floats(&p);
  }
  return floats;
}
