/* 3x3 convolutions without stride by Winograd's algorithm: of SIDE * SIDE products of matrices of
 * transformed tiles and transformed weights. Weights are packed as the register tiles read them:
 * per matrix, [2 vectors of outputs][input][2 * VL]. */
enum {
  WINOGRAD_FLOATS = 32 * 1024,
  WINOGRAD_TILES = 32,
  WINOGRAD_GRADIENT_FLOATS = 48 * 1024,
  WINOGRAD_GRADIENT_TILES = 32,
};

V_INLINE size_t winograd_matrix(int32_t inputs, int32_t outputs) {
  return (size_t)inputs * divide_up(outputs, CELL) * CELL;
}

static size_t vector_winograd_weight_floats(int32_t tile, int32_t inputs, int32_t outputs) {
  return (size_t)WINOGRAD_SIDE(tile) * WINOGRAD_SIDE(tile) * winograd_matrix(inputs, outputs);
}

/* One input and one vector of outputs; STREAMS selects non-temporal stores. */
V_INLINE void winograd_weights(const int TILE, const int STREAMS, const float *weight, size_t tap,
                               int n, size_t matrix, float *to) {
  const int SIDE = WINOGRAD_SIDE(TILE);
  vf half[WINOGRAD_MOST * 3];
  UNROLL_FULLY for (int kw = 0; kw < 3; kw++) {
    vf w[3], u[WINOGRAD_MOST];
    UNROLL_FULLY for (int kh = 0; kh < 3; kh++) {
      w[kh] = v_load_n(weight + (kh * 3 + kw) * tap, n);
    }
    winograd_weight_line(TILE, w, u);
    UNROLL_FULLY for (int r = 0; r < SIDE; r++) half[r * 3 + kw] = u[r];
  }
  UNROLL_FULLY for (int r = 0; r < SIDE; r++) {
    vf u[WINOGRAD_MOST];
    winograd_weight_line(TILE, half + r * 3, u);
    UNROLL_FULLY for (int q = 0; q < SIDE; q++) {
      if (STREAMS) {
        v_stream(to + (r * SIDE + q) * matrix, u[q]);
      } else {
        v_store(to + (r * SIDE + q) * matrix, u[q]);
      }
    }
  }
}

/* Transformed weights of more bytes are out of the cache by the time they are read. */
enum { WINOGRAD_CACHED_WEIGHTS = 4 << 20 };

static void vector_winograd_transform_weights(int32_t tile, const float *weight, int32_t inputs,
                                              int32_t outputs, float *transformed) {
  const size_t matrix = winograd_matrix(inputs, outputs), tap = (size_t)inputs * outputs;
  const int32_t vectors = divide_up(outputs, VL);
  const size_t bytes = vector_winograd_weight_floats(tile, inputs, outputs) * sizeof(float);
  const int streams = V_STREAMS && bytes > WINOGRAD_CACHED_WEIGHTS &&
                      (uintptr_t)transformed % (VL * sizeof(float)) == 0;
  for (int32_t v = 0; v < vectors; v++) {
    /* The last vector is unpaired where their number is odd. */
    const int32_t pair = v / 2 * 2, width = smaller(vectors - pair, 2) * VL;
    const int32_t n = outputs - v * VL;
    for (int32_t i = 0; i < inputs; i++) {
      const float *from = weight + (size_t)i * outputs + v * VL;
      float *to = transformed + (size_t)pair * VL * inputs + (size_t)i * width + (v - pair) * VL;
      if (tile == 2) {
        winograd_weights(2, 0, from, tap, n, matrix, to);
      } else if (streams) {
        winograd_weights(4, 1, from, tap, n, matrix, to);
      } else {
        winograd_weights(4, 0, from, tap, n, matrix, to);
      }
    }
  }
  if (streams) _mm_sfence();
}

/* Whether all vectors of a pixel are whole cache lines. */
V_INLINE int winograd_streams(const dfq_conv_ending *ending, const dfq_conv_shape *shape,
                              const float *output, size_t output_step) {
  return V_STREAMS && ending->streams && shape->out_channels % VL == 0 && output_step % VL == 0 &&
         (uintptr_t)output % (VL * sizeof(float)) == 0;
}

V_INLINE void winograd_convolve(const int TILE, const dfq_conv_shape *shape, int32_t images,
                                const float *input, size_t input_step,
                                const dfq_conv_beginning *beginning, const float *weight,
                                const dfq_conv_ending *given, float *output, size_t output_step,
                                float *memory) {
  dfq_conv_ending streamed = *given;
  streamed.streams = winograd_streams(given, shape, output, output_step);
  if (!streamed.end_output) streamed.end_output = shape->out_channels;
  const dfq_conv_ending *ending = &streamed;
  const size_t output_weights = (size_t)ending->first_output * shape->in_channels;
  const int32_t matrices = WINOGRAD_SIDE(TILE) * WINOGRAD_SIDE(TILE);
  const winograd_job job = winograd_plan(TILE, shape, images, WINOGRAD_FLOATS, WINOGRAD_TILES);
  const size_t matrix = winograd_matrix(shape->in_channels, shape->out_channels);
  float *products = memory + job.input_step * matrices;
  for (int32_t first = 0; first < job.tiles; first += job.block) {
    const int32_t end = smaller(first + job.block, job.tiles);
    winograd_transform_input(TILE, &job, input, input_step, beginning, first, end, memory);
    const int32_t next = smaller(end + job.block, job.tiles);
    for (int32_t row = 0; row < WINOGRAD_SIDE(TILE); row++) {
      if (ending->cold && row < TILE) {
        winograd_prefetch_output(TILE, &job, first, end, ending, output, output_step, row);
      }
      if (ending->cold_input) {
        winograd_prefetch_input(TILE, &job, end, next, input, input_step, row);
      }
      const int32_t m = row * WINOGRAD_SIDE(TILE);
      winograd_products block = {.matrices = WINOGRAD_SIDE(TILE),
                                 .inputs = shape->in_channels,
                                 .tiles = end - first,
                                 .input = memory + m * job.input_step,
                                 .weight = weight + m * matrix + output_weights,
                                 .input_step = job.input_step,
                                 .weight_step = matrix,
                                 .block_step = (size_t)job.block * CELL,
                                 .products =
                                     products + m * job.output_step + ending->first_output,
                                 .product_step = job.output_step,
                                 .product_row = job.output_row};
      winograd_multiply(&block, ending->end_output - ending->first_output);
    }
    winograd_transform_output(TILE, &job, products, first, end, ending, output, output_step);
  }
  if (ending->streams) _mm_sfence();
}

static void vector_winograd_convolve(int32_t tile, const dfq_conv_shape *shape, int32_t images,
                                     const float *input, size_t input_step,
                                     const dfq_conv_beginning *beginning, const float *weight,
                                     const dfq_conv_ending *ending, float *output,
                                     size_t output_step, float *scratch) {
  float *memory = aligned_start(scratch);
  if (tile == 2) {
    winograd_convolve(2, shape, images, input, input_step, beginning, weight, ending, output,
                      output_step, memory);
  } else {
    winograd_convolve(4, shape, images, input, input_step, beginning, weight, ending, output,
                      output_step, memory);
  }
}
