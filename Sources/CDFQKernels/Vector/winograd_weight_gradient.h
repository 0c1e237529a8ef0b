/* The gradient at the weights by Winograd's algorithm: per matrix, the products of the transformed
 * inputs and the transformed output gradients, summed over all tiles of all images (winograd_sum.h);
 * then one transform per pair of channels. */

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

/* All tiles at once, in parts whose sums stay in the cache until they are complete. */
static void winograd_sum_parts(const int TILE, const winograd_job *job, winograd_sums block,
                               float *weight_gradient) {
  enum { OUTPUTS = 256 };
  const dfq_conv_shape *s = job->shape;
  const float *input = block.input, *gradient = block.gradient;
  block.input_blocks = 1;
  for (int32_t o = 0; o < s->out_channels; o += OUTPUTS) {
    block.outputs = smaller(OUTPUTS, job->output_row - o);
    block.gradient = gradient + o / CELL * block.block_step;
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
