/* Convolutions of stride 1 to few channels (a generator's image), where vectors of output channels would be mostly empty. They
 * are gradients of the convolution in the other direction: its kernel is turned around, and what it pads is what theirs leaves. */
V_INLINE int conv_has_narrow_outputs(const dfq_conv_shape *s) {
  const int32_t taps = s->kernel_height * s->kernel_width;
  return s->out_channels <= NARROW_CHANNELS && s->in_channels >= 2 * NARROW_CHANNELS && taps > 1 &&
         taps <= MAX_TAPS && s->stride_height == 1 && s->stride_width == 1 &&
         s->pad_top < s->kernel_height && s->pad_left < s->kernel_width;
}

/* The convolution in the other direction. */
static dfq_conv_shape conv_turned(const dfq_conv_shape *s) {
  dfq_conv_shape t = *s;
  t.in_height = s->out_height;
  t.in_width = s->out_width;
  t.in_channels = s->out_channels;
  t.out_height = s->in_height;
  t.out_width = s->in_width;
  t.out_channels = s->in_channels;
  t.pad_top = s->kernel_height - 1 - s->pad_top;
  t.pad_left = s->kernel_width - 1 - s->pad_left;
  return t;
}

static void conv_narrow_forward(const dfq_conv_shape *s, const float *input, const float *weight,
                                const float *bias, float *output, float *memory) {
  const dfq_conv_shape turned = conv_turned(s);
  const int32_t pixels = s->out_height * s->out_width, outs = s->out_channels;
  for (int32_t i = 0; bias && i < pixels; i++) {
    for (int32_t c = 0; c < outs; c++) output[(size_t)i * outs + c] = bias[c];
  }
  conv_narrow_data_gradient(&turned, input, weight, 1, output, bias ? DFQ_ACCUMULATE : DFQ_STORE,
                            memory);
}

/* Floats for the gradient of the turned weights, KH KW O I. */
static size_t conv_turned_weights(const dfq_conv_shape *s) {
  return (size_t)s->kernel_height * s->kernel_width * s->in_channels * s->out_channels;
}
