/* Depthwise convolution and its data gradient, CELL channels at a time. */
static plane depthwise_plane(const dfq_conv_shape *s, int32_t first, int32_t y0, int32_t y1) {
  plane p = conv_input_plane(s, 0, y0, y1);
  p.first = first;
  p.length = smaller(s->in_channels - first, CELL);
  plane_finish(&p);
  return p;
}

/* Rows of outputs per band: those of the dense convolution of CELL channels. */
static int32_t depthwise_band_rows(const dfq_conv_shape *shape) {
  dfq_conv_shape s = *shape;
  s.in_channels = smaller(s.in_channels, CELL);
  return conv_band_rows(&s, 0, BAND_FLOATS / 2);
}

static void vector_depthwise_forward(const dfq_conv_shape *s, const float *input,
                                     const float *weight, const float *bias, float *output,
                                     float *scratch) {
  if (s->kernel_height * s->kernel_width > MAX_TAPS) {
    dfq_scalar_depthwise_forward(s, input, weight, bias, output, scratch);
    return;
  }
  float *memory = aligned_start(scratch);
  const int32_t channels = s->in_channels, band = depthwise_band_rows(s);
  const size_t out_row = (size_t)s->out_width * channels;
  conv_job job = {.pixel_step = channels};
  for (int32_t y0 = 0; y0 < s->out_height; y0 += band) {
    const int32_t y1 = smaller(y0 + band, s->out_height);
    for (int32_t first = 0; first < channels; first += CELL) {
      const plane p = depthwise_plane(s, first, y0, y1);
      plane_fill(&p, input, s->in_height, s->in_width, channels, memory);
      job.outputs = p.length;
      job.bias = bias ? bias + first : NULL;
      job.tap_count = 0;
      for (int32_t kh = 0; kh < s->kernel_height; kh++) {
        for (int32_t kw = 0; kw < s->kernel_width; kw++) {
          job.taps[job.tap_count++] = (conv_tap){
              .offset = plane_offset(&p, p.row + kh, p.column + kw),
              .weight = weight + ((size_t)kh * s->kernel_width + kw) * channels + first};
        }
      }
      const conv_area area = {.rows = y1 - y0,
                              .columns = s->out_width,
                              .x = memory,
                              .x_row = conv_row_advance(s, &p),
                              .out = output + y0 * out_row + first,
                              .out_row = out_row};
      depthwise_cover(&job, &area);
    }
  }
}

static void vector_depthwise_data_gradient(const dfq_conv_shape *s, const float *output_gradient,
                                           const float *weight, float *input_gradient,
                                           dfq_store store, float *scratch) {
  if (s->kernel_height * s->kernel_width > MAX_TAPS) {
    dfq_scalar_depthwise_data_gradient(s, output_gradient, weight, input_gradient, store, scratch);
    return;
  }
  const int32_t channels = s->in_channels;
  for (int32_t first = 0; first < channels; first += CELL) {
    const int32_t count = smaller(channels - first, CELL);
    conv_gradient_band band = {.shape = s,
                               .weight = weight + first,
                               .tap_weights = channels,
                               .input_gradient = input_gradient + first,
                               .cover = depthwise_cover};
    conv_job job = {.outputs = count,
                    .accumulate = store == DFQ_ACCUMULATE,
                    .pixel_step = (size_t)s->stride_width * channels};
    conv_gradient_bands(&band, &job, output_gradient, first, count, aligned_start(scratch));
  }
}

static size_t depthwise_scratch(const dfq_conv_shape *s) {
  const plane p = depthwise_plane(s, 0, 0, depthwise_band_rows(s));
  const size_t forward = plane_floats(&p);
  const size_t gradient = conv_gradient_floats(s, smaller(s->out_channels, CELL));
  return forward > gradient ? forward : gradient;
}
