/* The gradient at the input of a dense convolution. */
static void vector_conv_data_gradient(const dfq_conv_shape *shape, const float *output_gradient,
                                      const float *weight_transposed, float *input_gradient,
                                      dfq_store store, float *scratch) {
  if (shape->kernel_height * shape->kernel_width > MAX_TAPS) {
    dfq_scalar_conv_data_gradient(shape, output_gradient, weight_transposed, input_gradient, store,
                                  scratch);
    return;
  }
  if (conv_gradient_is_narrow(shape)) {
    conv_narrow_data_gradient(shape, output_gradient, weight_transposed, 0, input_gradient, store,
                              aligned_start(scratch));
    return;
  }
  const dfq_conv_shape s = conv_flattened(shape);
  conv_gradient_band band = {.shape = &s,
                             .weight = weight_transposed,
                             .tap_weights = (size_t)s.in_channels * s.out_channels,
                             .input_gradient = input_gradient,
                             .cover = conv_cover};
  conv_job job = {.inputs = s.out_channels,
                  .outputs = s.in_channels,
                  .weight_row = s.in_channels,
                  .accumulate = store == DFQ_ACCUMULATE,
                  .pixel_step = (size_t)s.stride_width * s.in_channels,
                  .row_taps = conv_joins_taps(s.in_channels, s.kernel_width, s.stride_width),
                  .weight_step = -(ptrdiff_t)band.tap_weights};
  conv_gradient_bands(&band, &job, output_gradient, 0, s.out_channels, aligned_start(scratch));
}
