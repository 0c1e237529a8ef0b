REPEAT_WEIGHT_TILE_1(CONV_WEIGHT_TILE, 1)
REPEAT_WEIGHT_TILE_2(CONV_WEIGHT_TILE, 2)

static const conv_weight_function conv_weight_tiles_1[] = {
    REPEAT_WEIGHT_TILE_1(CONV_WEIGHT_TILE_NAME, 1)};
static const conv_weight_function conv_weight_tiles_2[] = {
    REPEAT_WEIGHT_TILE_2(CONV_WEIGHT_TILE_NAME, 2)};

enum {
  CONV_WEIGHT_INPUTS_1 = sizeof conv_weight_tiles_1 / sizeof *conv_weight_tiles_1,
  CONV_WEIGHT_INPUTS_2 = sizeof conv_weight_tiles_2 / sizeof *conv_weight_tiles_2,
  /* What one tile walks over for every tap, a block of the plane and its gradients, stays in the
   * first-level cache. */
  CONV_WEIGHT_FLOATS = 9 * 1024,
};

/* dW of `inputs` (<= CELL) inputs of one tap, all outputs. */
static void conv_weight_cover(const conv_weight_job *job, const float *x, int32_t inputs,
                              float *gradient) {
  int32_t output = 0;
  while (output < job->outputs) {
    const int32_t vectors = divide_up(job->outputs - output, VL) >= 2 ? 2 : 1;
    const conv_weight_function *tiles = vectors == 2 ? conv_weight_tiles_2 : conv_weight_tiles_1;
    const int32_t most = vectors == 2 ? CONV_WEIGHT_INPUTS_2 : CONV_WEIGHT_INPUTS_1;
    const vmask tail = v_first(smaller(job->outputs - output - (vectors - 1) * VL, VL));
    const int32_t count = divide_up(inputs, most);
    int32_t input = 0;
    for (int32_t i = 0; i < count; i++) {
      const int32_t size = (inputs - input + count - i - 1) / (count - i);
      tiles[size - 1](job, x + input, output, tail,
                      gradient + (size_t)input * job->outputs + output);
      input += size;
    }
    output += vectors * VL;
  }
}

/* bias[c] += sum of g over the pixels. */
static void conv_add_bias_gradient(const float *g, int32_t pixels, int32_t channels, float *bias) {
  for (int32_t c = 0; c < channels; c += VL) {
    const vmask lanes = v_first(smaller(channels - c, VL));
    vf sums[4] = {v_zero(), v_zero(), v_zero(), v_zero()};
    int32_t p = 0;
    for (; p + 4 <= pixels; p += 4) {
      for (int i = 0; i < 4; i++) {
        sums[i] = v_add(sums[i], v_load_masked(g + (size_t)(p + i) * channels + c, lanes));
      }
    }
    for (; p < pixels; p++) {
      sums[0] = v_add(sums[0], v_load_masked(g + (size_t)p * channels + c, lanes));
    }
    const vf sum = v_add(v_add(sums[0], sums[1]), v_add(sums[2], sums[3]));
    v_store_masked(bias + c, lanes, v_add(v_load_masked(bias + c, lanes), sum));
  }
}

static int32_t conv_weight_band_rows(const dfq_conv_shape *s) {
  const int patches = conv_uses_patches(s);
  const plane p = conv_input_plane(s, patches, 0, 1);
  const size_t row =
      conv_row_advance(s, &p) + (size_t)s->out_width * smaller(s->out_channels, 2 * VL);
  const int32_t cached = larger((int32_t)(CONV_WEIGHT_FLOATS / row), 1);
  const int32_t rows = smaller(conv_band_rows(s, patches, BAND_FLOATS), cached);
  return divide_up(s->out_height, divide_up(s->out_height, rows));
}

/* Adds to the gradient of the weights alone. */
static void conv_add_weight_gradient(const dfq_conv_shape *shape, const float *input,
                                     const float *output_gradient, float *weight_gradient,
                                     float *memory) {
  const dfq_conv_shape s = conv_flattened(shape);
  const int patches = conv_uses_patches(&s);
  const int32_t taps_per_row = patches ? 1 : s.kernel_width;
  conv_weight_job job = {.columns = s.out_width, .outputs = s.out_channels};
  const int32_t band = conv_weight_band_rows(&s);
  for (int32_t y0 = 0; y0 < s.out_height; y0 += band) {
    const int32_t y1 = smaller(y0 + band, s.out_height);
    const plane p = conv_input_plane(&s, patches, y0, y1);
    plane_fill(&p, input, s.in_height, s.in_width, s.in_channels, memory);
    job.rows = y1 - y0;
    job.x_row = conv_row_advance(&s, &p);
    job.g = output_gradient + (size_t)y0 * s.out_width * s.out_channels;
    for (int32_t b = 0; b < p.blocks; b++) {
      const int32_t inputs = smaller(p.length - b * CELL, CELL);
      for (int32_t kh = 0; kh < s.kernel_height; kh++) {
        for (int32_t kw = 0; kw < taps_per_row; kw++) {
          const size_t first =
              ((size_t)kh * s.kernel_width + kw) * s.in_channels + (size_t)b * CELL;
          conv_weight_cover(
              &job, memory + b * p.block_step + plane_offset(&p, p.row + kh, p.column + kw),
              inputs, weight_gradient + first * s.out_channels);
        }
      }
    }
  }
}

/* Of few output channels: the gradient of the turned weights KH KW O I, whose vectors are full. */
static void conv_add_narrow_weight_gradient(const dfq_conv_shape *s, const float *input,
                                            const float *output_gradient, float *weight_gradient,
                                            float *memory) {
  const dfq_conv_shape turned = conv_turned(s);
  const int32_t taps = s->kernel_height * s->kernel_width;
  const int32_t ins = s->in_channels, outs = s->out_channels;
  const size_t count = conv_turned_weights(s);
  memset(memory, 0, count * sizeof(float));
  conv_add_weight_gradient(&turned, output_gradient, input, memory, aligned_start(memory + count));
  for (int32_t t = 0; t < taps; t++) {
    const float *from = memory + (size_t)(taps - 1 - t) * outs * ins;
    float *to = weight_gradient + (size_t)t * ins * outs;
    for (int32_t i = 0; i < ins; i++) {
      for (int32_t o = 0; o < outs; o++) to[i * outs + o] += from[o * ins + i];
    }
  }
}

static void vector_conv_weight_gradient(const dfq_conv_shape *shape, const float *input,
                                        const float *output_gradient, float *weight_gradient,
                                        float *bias_gradient, float *scratch) {
  float *memory = aligned_start(scratch);
  if (conv_has_narrow_outputs(shape)) {
    conv_add_narrow_weight_gradient(shape, input, output_gradient, weight_gradient, memory);
  } else {
    conv_add_weight_gradient(shape, input, output_gradient, weight_gradient, memory);
  }
  if (bias_gradient) {
    conv_add_bias_gradient(output_gradient, shape->out_height * shape->out_width,
                           shape->out_channels, bias_gradient);
  }
}
