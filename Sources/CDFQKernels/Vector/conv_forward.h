static void vector_conv_forward(const dfq_conv_shape *shape, const float *input,
                                const float *weight, const float *bias, float *output,
                                float *scratch) {
  if (shape->kernel_height * shape->kernel_width > MAX_TAPS) {
    dfq_scalar_conv_forward(shape, input, weight, bias, output, scratch);
    return;
  }
  if (conv_has_narrow_outputs(shape)) {
    conv_narrow_forward(shape, input, weight, bias, output, aligned_start(scratch));
    return;
  }
  const dfq_conv_shape s = conv_flattened(shape);
  float *memory = aligned_start(scratch);
  const int patches = conv_uses_patches(&s);
  const size_t tap_weights = (size_t)s.in_channels * s.out_channels;
  conv_job job = {.outputs = s.out_channels,
                  .weight_row = s.out_channels,
                  .bias = bias,
                  .pixel_step = s.out_channels,
                  .row_taps = !patches && conv_joins_taps(s.out_channels, s.kernel_width,
                                                          s.stride_width),
                  .weight_step = (ptrdiff_t)tap_weights};
  const int32_t band = conv_band_rows(&s, patches, BAND_FLOATS);
  for (int32_t y0 = 0; y0 < s.out_height; y0 += band) {
    const int32_t y1 = smaller(y0 + band, s.out_height);
    const plane p = conv_input_plane(&s, patches, y0, y1);
    plane_fill(&p, input, s.in_height, s.in_width, s.in_channels, memory);
    job.inputs = p.length;
    job.packed = s.out_channels >= PACKED_OUTPUTS ? memory + plane_floats(&p) : NULL;
    job.block_step = p.block_step;
    job.tap_count = 0;
    for (int32_t kh = 0; kh < s.kernel_height; kh++) {
      for (int32_t kw = 0; kw < (patches || job.row_taps ? 1 : s.kernel_width); kw++) {
        job.taps[job.tap_count++] = (conv_tap){
            .offset = plane_offset(&p, p.row + kh, p.column + kw),
            .weight = weight + ((size_t)kh * s.kernel_width + kw) * tap_weights};
      }
    }
    const size_t out_row = (size_t)s.out_width * s.out_channels;
    const conv_area area = {.rows = y1 - y0,
                            .columns = s.out_width,
                            .x = memory,
                            .x_row = conv_row_advance(&s, &p),
                            .out = output + y0 * out_row,
                            .out_row = out_row};
    conv_cover(&job, &area);
  }
}
