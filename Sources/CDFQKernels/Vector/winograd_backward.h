/* The backward pass of a convolution by Winograd's algorithm, block by block: the output gradient is
 * transformed once, its products with the transformed inputs are summed up for the weights, and those
 * with the transformed weights are transformed back for the inputs. */

/* The products of the transformed gradients and weights of all matrices of a block; meanwhile the
 * memory of the gradient at the inputs is prefetched where it is cold. */
V_INLINE void winograd_multiply_gradient(const int TILE, const winograd_job *job,
                                         const dfq_winograd_gradients *g, int32_t first,
                                         int32_t end, const float *received, float *products) {
  const dfq_conv_shape *s = job->shape;
  const size_t matrix = winograd_matrix(s->out_channels, s->in_channels);
  for (int32_t row = 0; row < WINOGRAD_SIDE(TILE); row++) {
    if (g->cold && row < TILE) winograd_prefetch_input_gradient(TILE, job, first, end, g, row);
    const int32_t m = row * WINOGRAD_SIDE(TILE);
    winograd_products block = {.matrices = WINOGRAD_SIDE(TILE),
                               .inputs = s->out_channels,
                               .tiles = end - first,
                               .input = received + m * job->output_step,
                               .weight = g->transformed + m * matrix,
                               .input_step = job->output_step,
                               .weight_step = matrix,
                               .block_step = (size_t)job->block * CELL,
                               .products = products + m * job->input_step,
                               .product_step = job->input_step,
                               .product_row = (size_t)job->input_blocks * CELL};
    winograd_multiply(&block, s->in_channels);
  }
}

/* Pixels outside of all tiles do not contribute to any output. */
static void winograd_clear_inputs(const dfq_conv_shape *s, const dfq_winograd_gradients *g) {
  const size_t bytes = (size_t)s->in_height * s->in_width * s->in_channels * sizeof(float);
  for (int32_t image = 0; image < g->images; image++) {
    memset(g->input_gradient + image * g->input_gradient_step, 0, bytes);
  }
}

V_INLINE void winograd_gradients(const int TILE, const dfq_conv_shape *shape,
                                 const dfq_winograd_gradients *g, float *memory) {
  const int32_t matrices = WINOGRAD_SIDE(TILE) * WINOGRAD_SIDE(TILE);
  const winograd_job job = winograd_plan(TILE, shape, g->images, WINOGRAD_GRADIENT_FLOATS,
                                         WINOGRAD_GRADIENT_TILES);
  float *received = memory + job.input_step * matrices;
  winograd_sums sums = {.matrices = matrices,
                        .input_blocks = job.input_blocks,
                        .outputs = job.output_row,
                        .sum_row = job.output_row,
                        .input = memory,
                        .gradient = received,
                        .input_step = job.input_step,
                        .gradient_step = job.output_step,
                        .block_step = (size_t)job.block * CELL,
                        .sums = received + job.output_step * matrices,
                        .sum_step = winograd_product_step(&job)};
  const int at_once = job.block >= job.tiles;
  int adds = g->store == DFQ_ACCUMULATE;
  if (g->input_gradient && !adds && !winograd_covers_inputs(TILE, &job)) {
    winograd_clear_inputs(shape, g);
    adds = 1;
  }
  for (int32_t first = 0; first < job.tiles; first += job.block) {
    const int32_t end = smaller(first + job.block, job.tiles);
    winograd_transform_gradient(TILE, &job, g, first, end, received);
    if (g->weight_gradient) {
      winograd_transform_input(TILE, &job, g->input, g->input_step, g->beginning, first, end,
                               memory);
      sums.tiles = end - first;
      sums.starts = first == 0;
      if (at_once) {
        winograd_sum_parts(TILE, &job, sums, g->weight_gradient);
      } else {
        winograd_sum(&sums);
      }
    }
    if (!g->input_gradient) continue;
    /* Overwrites the inputs. */
    winograd_multiply_gradient(TILE, &job, g, first, end, received, memory);
    winograd_scatter_input(TILE, &job, memory, first, end, g, adds);
  }
  if (at_once || !g->weight_gradient) return;
  const winograd_part all = {0, shape->in_channels, 0, shape->out_channels};
  winograd_finish_weights(TILE, shape, &all, &sums, g->weight_gradient);
}

static void vector_winograd_backward(const dfq_conv_shape *shape,
                                     const dfq_winograd_gradients *gradients, float *scratch) {
  float *memory = aligned_start(scratch);
  if (gradients->tile == 2) {
    winograd_gradients(2, shape, gradients, memory);
  } else {
    winograd_gradients(4, shape, gradients, memory);
  }
}

/* The size of the scratch memory for either pass over a shape, in floats. */
static size_t vector_winograd_scratch(int32_t tile, const dfq_conv_shape *shape, int32_t images) {
  const size_t matrices = (size_t)WINOGRAD_SIDE(tile) * WINOGRAD_SIDE(tile);
  const winograd_job forward = winograd_plan(tile, shape, images, WINOGRAD_FLOATS, WINOGRAD_TILES);
  const winograd_job gradient = winograd_plan(tile, shape, images, WINOGRAD_GRADIENT_FLOATS,
                                             WINOGRAD_GRADIENT_TILES);
  const size_t a = forward.input_step + forward.output_step;
  const size_t b = gradient.input_step + gradient.output_step + winograd_product_step(&gradient);
  return matrices * (a > b ? a : b) + ALIGNMENT_ROOM;
}
