/* The size of the planes of any convolution kernel, in floats. Bands depend only on the shape, as
 * in the kernels. */
static size_t conv_scratch_of_bands(const dfq_conv_shape *shape) {
  const dfq_conv_shape s = conv_flattened(shape);
  const int patches = conv_uses_patches(&s);
  const plane forward =
      conv_input_plane(&s, patches, 0, conv_band_rows(&s, patches, BAND_FLOATS));
  const plane weights = conv_input_plane(&s, patches, 0, conv_weight_band_rows(&s));
  const int32_t taps = s.kernel_height * s.kernel_width;
  size_t floats =
      plane_floats(&forward) + conv_packed_floats(taps, s.in_channels, s.out_channels);
  if (plane_floats(&weights) > floats) floats = plane_floats(&weights);
  const size_t gradient = conv_gradient_is_narrow(shape)
                              ? conv_narrow_floats(shape)
                              : conv_gradient_floats(&s, s.out_channels) +
                                    conv_packed_floats(taps, s.out_channels, s.in_channels);
  if (gradient > floats) floats = gradient;
  const size_t depthwise = depthwise_scratch(shape);
  return (depthwise > floats ? depthwise : floats) + ALIGNMENT_ROOM;
}

static size_t vector_conv_scratch(const dfq_conv_shape *shape) {
  size_t floats = conv_scratch_of_bands(shape);
  if (conv_has_narrow_outputs(shape)) {
    const dfq_conv_shape turned = conv_turned(shape);
    const size_t other = conv_scratch_of_bands(&turned) + conv_turned_weights(shape);
    if (other > floats) floats = other;
  }
  return floats + ALIGNMENT_ROOM;
}
