/* The gradient at an input of few channels (an image), where vectors of input channels would be
 * mostly empty: first, as a 1x1 convolution, every output pixel's contribution to all taps and
 * inputs, z = g * W; then every input pixel gathers its contributions. The plane's zero border
 * provides the contributions beyond the image. */
enum { NARROW_CHANNELS = 4 };

V_INLINE int conv_gradient_is_narrow(const dfq_conv_shape *s) {
  return s->in_channels <= NARROW_CHANNELS && s->kernel_height * s->kernel_width > 1;
}

typedef float four_floats __attribute__((vector_size(16), aligned(4)));

/* The offsets of the contributions to an input pixel of one phase, relative to the first one. */
typedef struct {
  int32_t count;
  int32_t offsets[MAX_TAPS];
} narrow_taps;

/* Input pixels y, x, x + stride, ...: `from` is the place of the first one's contributions. */
static void narrow_gather(const narrow_taps *taps, const float *from, size_t cell, int32_t pixels,
                          int32_t channels, size_t pixel_step, int accumulate, float *to) {
  for (int32_t i = 0; i < pixels; i++, from += cell, to += pixel_step) {
    four_floats sum = {0, 0, 0, 0};
    for (int32_t t = 0; t < taps->count; t++) {
      sum += *(const four_floats *)(from + taps->offsets[t]);
    }
    for (int32_t c = 0; c < channels; c++) to[c] = accumulate ? to[c] + sum[c] : sum[c];
  }
}

/* One phase of a band (conv_gradient_phase) from its contributions z, `cell` floats per cell of
 * the plane. */
static void narrow_phase(const conv_gradient_band *band, const float *z, size_t cell,
                         int32_t row_phase, int32_t column_phase, int accumulate) {
  const dfq_conv_shape *s = band->shape;
  const int32_t sh = s->stride_height, sw = s->stride_width, cells = band->p.cells;
  const int32_t first_row = floor_divide(band->y0 + s->pad_top - row_phase + sh - 1, sh);
  const int32_t first_column = floor_divide(s->pad_left - column_phase + sw - 1, sw);
  const int32_t x = first_column * sw + column_phase - s->pad_left;
  if (x >= s->in_width) return;
  narrow_taps taps = {.count = 0};
  for (int32_t kh = row_phase; kh < s->kernel_height; kh += sh) {
    for (int32_t kw = column_phase; kw < s->kernel_width; kw += sw) {
      taps.offsets[taps.count++] = -(kh / sh * cells + kw / sw) * (int32_t)cell +
                                   (kh * s->kernel_width + kw) * s->in_channels;
    }
  }
  const size_t row_floats = (size_t)s->in_width * s->in_channels;
  int32_t row = first_row - band->p.row;
  for (int32_t y = first_row * sh + row_phase - s->pad_top; y < band->y1; y += sh, row++) {
    narrow_gather(&taps, z + ((size_t)row * cells + first_column - band->p.column) * cell, cell,
                  divide_up(s->in_width - x, sw), s->in_channels, (size_t)sw * s->in_channels,
                  accumulate,
                  band->input_gradient + y * row_floats + (size_t)x * s->in_channels);
  }
}

static int32_t narrow_band_rows(const dfq_conv_shape *s) {
  return conv_gradient_band_rows(s, s->out_channels, BAND_FLOATS);
}

/* With is_turned, the kernel's taps are read from the last to the first. */
static void conv_narrow_data_gradient(const dfq_conv_shape *s, const float *g,
                                      const float *weight_transposed, int is_turned,
                                      float *input_gradient, dfq_store store, float *memory) {
  const int32_t ins = s->in_channels, outs = s->out_channels;
  const int32_t taps = s->kernel_height * s->kernel_width, cell = taps * ins;
  float *weight = memory, *contents = memory + (size_t)outs * cell;
  for (int32_t o = 0; o < outs; o++) {
    for (int32_t t = 0; t < taps; t++) {
      const int32_t from = is_turned ? taps - 1 - t : t;
      memcpy(weight + (size_t)o * cell + t * ins,
             weight_transposed + ((size_t)from * outs + o) * ins, ins * sizeof(float));
    }
  }
  conv_gradient_band band = {.shape = s, .input_gradient = input_gradient};
  conv_job job = {.inputs = outs, .outputs = cell, .weight_row = cell, .pixel_step = cell};
  job.tap_count = 1;
  job.taps[0] = (conv_tap){.offset = 0, .weight = weight};
  const int32_t rows = narrow_band_rows(s);
  for (int32_t y0 = 0; y0 < s->in_height; y0 += rows) {
    band.y0 = y0;
    band.y1 = smaller(y0 + rows, s->in_height);
    band.p = conv_gradient_plane(s, 0, outs, band.y0, band.y1);
    job.block_step = band.p.block_step;
    plane_fill(&band.p, g, s->out_height, s->out_width, outs, contents);
    float *z = contents + plane_floats(&band.p);
    const conv_area area = {.rows = band.p.rows,
                            .columns = band.p.cells,
                            .x = contents,
                            .x_row = band.p.row_step,
                            .out = z,
                            .out_row = (size_t)band.p.cells * cell};
    conv_cover(&job, &area);
    for (int32_t row_phase = 0; row_phase < s->stride_height; row_phase++) {
      for (int32_t column_phase = 0; column_phase < s->stride_width; column_phase++) {
        narrow_phase(&band, z, cell, row_phase, column_phase, store == DFQ_ACCUMULATE);
      }
    }
  }
}

/* Floats for the weights, the largest band's plane and its contributions, which are read by
 * fours. */
static size_t conv_narrow_floats(const dfq_conv_shape *s) {
  const size_t cell = (size_t)s->kernel_height * s->kernel_width * s->in_channels;
  size_t floats = 0;
  const int32_t rows = narrow_band_rows(s);
  for (int32_t y0 = 0; y0 < s->in_height; y0 += rows) {
    const plane p =
        conv_gradient_plane(s, 0, s->out_channels, y0, smaller(y0 + rows, s->in_height));
    const size_t all = plane_floats(&p) + (size_t)p.rows * p.cells * cell;
    if (all > floats) floats = all;
  }
  return floats + s->out_channels * cell + NARROW_CHANNELS;
}
