/* The gradient at the weights by Winograd's algorithm: per matrix, the products of the transformed
 * inputs and the transformed output gradients, summed over all tiles of all images; then one
 * transform per pair of channels. */

/* A g At of a tile, VL output channels or the first n of them. */
V_INLINE void winograd_gradient_tile(const int TILE, const winograd_job *job, const float *from,
                                     int32_t rows, int32_t columns, int32_t n, float *to) {
  const int SIDE = WINOGRAD_SIDE(TILE);
  const size_t step = job->output_step, channels = job->shape->out_channels;
  const size_t row = job->shape->out_width * channels;
  vf half[4 * WINOGRAD_MOST];
  UNROLL_FULLY for (int r = 0; r < TILE; r++) {
    const float *pixel = from + r * row;
    vf g[4];
    UNROLL_FULLY for (int q = 0; q < TILE; q++) {
      g[q] = r < rows && q < columns ? v_load_n(pixel + q * channels, n) : v_zero();
    }
    winograd_gradient_line(TILE, g, half + r * SIDE);
  }
  UNROLL_FULLY for (int q = 0; q < SIDE; q++) {
    vf g[4], z[WINOGRAD_MOST];
    UNROLL_FULLY for (int r = 0; r < TILE; r++) g[r] = half[r * SIDE + q];
    winograd_gradient_line(TILE, g, z);
    UNROLL_FULLY for (int r = 0; r < SIDE; r++) {
      v_store(to + (r * SIDE + q) * step, z[r]);
    }
  }
}

V_INLINE void winograd_gradient_channels(const int TILE, const winograd_job *job,
                                         const winograd_strip *strip, const float *image,
                                         int32_t n, float *to) {
  const dfq_conv_shape *s = job->shape;
  const int32_t y = strip->row * TILE;
  for (int32_t i = 0; i < strip->count; i++, to += job->output_row) {
    const int32_t x = (strip->column + i) * TILE;
    const float *from = image + ((size_t)y * s->out_width + x) * s->out_channels;
    const int32_t rows = s->out_height - y, columns = s->out_width - x;
    if (rows >= TILE && columns >= TILE) {
      winograd_gradient_tile(TILE, job, from, TILE, TILE, n, to);
    } else {
      winograd_gradient_tile(TILE, job, from, rows, columns, n, to);
    }
  }
}

V_INLINE void winograd_transform_gradient(const int TILE, const winograd_job *job,
                                          const float *gradient, size_t image_step, int32_t first,
                                          int32_t end, float *to) {
  const int32_t channels = job->shape->out_channels;
  for (int32_t tile = first; tile < end;) {
    const winograd_strip strip = winograd_strip_at(job, tile, end);
    const float *image = gradient + strip.image * image_step;
    float *row = to + (size_t)(tile - first) * job->output_row;
    for (int32_t c = 0; c < job->output_row; c += VL) {
      if (channels - c >= VL) {
        winograd_gradient_channels(TILE, job, &strip, image + c, VL, row + c);
      } else {
        winograd_gradient_channels(TILE, job, &strip, image + c, channels - c, row + c);
      }
    }
    tile += strip.count;
  }
}

/* Some of the inputs and outputs of a convolution. */
typedef struct {
  int32_t first_input, end_input, first_output, end_output;
} winograd_part;

/* weight_gradient[3][3][input][output] += Gt p G, out of the sums of a part. */
V_INLINE void winograd_finish_weights(const int TILE, const dfq_conv_shape *s,
                                      const winograd_part *part, const winograd_sums *sums,
                                      float *weight_gradient) {
  const int SIDE = WINOGRAD_SIDE(TILE);
  const size_t tap = (size_t)s->in_channels * s->out_channels, step = sums->sum_step;
  for (int32_t i = part->first_input; i < part->end_input; i++) {
    for (int32_t o = part->first_output; o < part->end_output; o += VL) {
      const float *from =
          sums->sums + (i - part->first_input) * sums->sum_row + o - part->first_output;
      float *to = weight_gradient + (size_t)i * s->out_channels + o;
      const int32_t n = part->end_output - o;
      vf half[3 * WINOGRAD_MOST];
      UNROLL_FULLY for (int q = 0; q < SIDE; q++) {
        vf p[WINOGRAD_MOST], w[3];
        UNROLL_FULLY for (int r = 0; r < SIDE; r++) p[r] = v_load(from + (r * SIDE + q) * step);
        winograd_weight_gradient_line(TILE, p, w);
        UNROLL_FULLY for (int r = 0; r < 3; r++) half[r * SIDE + q] = w[r];
      }
      UNROLL_FULLY for (int r = 0; r < 3; r++) {
        vf w[3];
        winograd_weight_gradient_line(TILE, half + r * SIDE, w);
        UNROLL_FULLY for (int q = 0; q < 3; q++) {
          float *at = to + (r * 3 + q) * tap;
          v_store_n(at, n, v_add(v_load_n(at, n), w[q]));
        }
      }
    }
  }
}

V_INLINE size_t winograd_product_step(const winograd_job *job) {
  return winograd_odd_lines((size_t)job->input_blocks * CELL * job->output_row);
}

/* All tiles at once: part by part, whose sums do not leave the cache before they are finished. */
static void winograd_sum_parts(const int TILE, const winograd_job *job, winograd_sums block,
                               float *weight_gradient) {
  enum { OUTPUTS = 256 };
  const dfq_conv_shape *s = job->shape;
  const float *input = block.input, *gradient = block.gradient;
  block.input_blocks = 1;
  for (int32_t o = 0; o < s->out_channels; o += OUTPUTS) {
    block.outputs = smaller(OUTPUTS, job->output_row - o);
    block.gradient = gradient + o;
    block.sum_row = block.outputs;
    block.sum_step = winograd_odd_lines(CELL * block.sum_row);
    for (int32_t i = 0; i < s->in_channels; i += CELL) {
      const winograd_part part = {i, smaller(i + CELL, s->in_channels), o,
                                  smaller(o + OUTPUTS, s->out_channels)};
      block.input = input + i / CELL * block.block_step;
      winograd_sum(&block);
      if (TILE == 2) {
        winograd_finish_weights(2, s, &part, &block, weight_gradient);
      } else {
        winograd_finish_weights(4, s, &part, &block, weight_gradient);
      }
    }
  }
}

V_INLINE void winograd_weight_gradient(const int TILE, const dfq_conv_shape *shape, int32_t images,
                                       const float *input, size_t input_step,
                                       const dfq_conv_beginning *beginning, const float *gradient, size_t gradient_step,
                                       float *weight_gradient, float *memory) {
  const int32_t matrices = WINOGRAD_SIDE(TILE) * WINOGRAD_SIDE(TILE);
  const winograd_job job = winograd_plan(TILE, shape, images, WINOGRAD_GRADIENT_FLOATS,
                                             WINOGRAD_GRADIENT_TILES);
  float *received = memory + job.input_step * matrices;
  winograd_sums block = {.matrices = matrices,
                         .input_blocks = job.input_blocks,
                         .outputs = job.output_row,
                         .row = job.output_row,
                         .sum_row = job.output_row,
                         .input = memory,
                         .gradient = received,
                         .input_step = job.input_step,
                         .gradient_step = job.output_step,
                         .block_step = (size_t)job.block * CELL,
                         .sums = received + job.output_step * matrices,
                         .sum_step = winograd_product_step(&job)};
  for (int32_t first = 0; first < job.tiles; first += job.block) {
    const int32_t end = smaller(first + job.block, job.tiles);
    winograd_transform_input(TILE, &job, input, input_step, beginning, first, end, memory);
    winograd_transform_gradient(TILE, &job, gradient, gradient_step, first, end, received);
    block.tiles = end - first;
    block.starts = first == 0;
    if (end - first == job.tiles) return winograd_sum_parts(TILE, &job, block, weight_gradient);
    winograd_sum(&block);
  }
  const winograd_part all = {0, shape->in_channels, 0, shape->out_channels};
  winograd_finish_weights(TILE, shape, &all, &block, weight_gradient);
}

static void vector_winograd_weight_gradient(int32_t tile, const dfq_conv_shape *shape,
                                            int32_t images, const float *input, size_t input_step,
                                            const dfq_conv_beginning *beginning,
                                            const float *gradient, size_t gradient_step,
                                            float *weight_gradient, float *scratch) {
  float *memory = aligned_start(scratch);
  if (tile == 2) {
    winograd_weight_gradient(2, shape, images, input, input_step, beginning, gradient, gradient_step,
                             weight_gradient, memory);
  } else {
    winograd_weight_gradient(4, shape, images, input, input_step, beginning, gradient, gradient_step,
                             weight_gradient, memory);
  }
}

/* Floats of scratch for either use of a shape. */
static size_t vector_winograd_scratch(int32_t tile, const dfq_conv_shape *shape, int32_t images) {
  const size_t matrices = (size_t)WINOGRAD_SIDE(tile) * WINOGRAD_SIDE(tile);
  const winograd_job forward = winograd_plan(tile, shape, images, WINOGRAD_FLOATS, WINOGRAD_TILES);
  const winograd_job gradient = winograd_plan(tile, shape, images, WINOGRAD_GRADIENT_FLOATS,
                                             WINOGRAD_GRADIENT_TILES);
  const size_t a = forward.input_step + forward.output_step;
  const size_t b = gradient.input_step + gradient.output_step + winograd_product_step(&gradient);
  return matrices * (a > b ? a : b) + ALIGNMENT_ROOM;
}
