/* The sums over tiles of all matrices of a block: sums[m][i][output] = (or +=) sum over tiles of
 * input[m][tile][i] * gradient[m][tile][output], in register tiles of INPUTS inputs x VECTORS
 * vectors of outputs. Channels are rounded up to CELL: what stands there is never read. */
typedef struct {
  int32_t matrices, tiles, input_blocks;
  int32_t outputs;                      /* rounded up to CELL */
  size_t sum_row;                       /* floats between the inputs' sums */
  const float *input, *gradient;
  size_t input_step, gradient_step;     /* floats between the matrices */
  size_t block_step;                    /* between blocks of CELL inputs, and of CELL outputs */
  float *sums;
  size_t sum_step;
  int starts;                           /* store the sums instead of adding them */
} winograd_sums;

V_INLINE void winograd_sum_tile(const int INPUTS, const int VECTORS, const winograd_sums *job,
                                const float *x, const float *g, float *to) {
  const size_t sum_row = job->sum_row, vector_step = VL < CELL ? VL : job->block_step;
  vf sums[CONV_REGISTERS];
  UNROLL_FULLY for (int i = 0; i < INPUTS * VECTORS; i++) sums[i] = v_zero();
  const int32_t tiles = job->tiles;
#pragma clang loop unroll_count(2)
  for (int32_t t = 0; t < tiles; t++, x += CELL, g += CELL) {
    vf received[2];
    UNROLL_FULLY for (int v = 0; v < VECTORS; v++) received[v] = v_load(g + v * vector_step);
    UNROLL_FULLY for (int i = 0; i < INPUTS; i++) {
      const vf input = v_set(x[i]);
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
        sums[i * VECTORS + v] = v_fma(received[v], input, sums[i * VECTORS + v]);
      }
    }
  }
  const int starts = job->starts;
  UNROLL_FULLY for (int i = 0; i < INPUTS; i++, to += sum_row) {
    UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
      const vf sum = sums[i * VECTORS + v];
      v_store(to + v * VL, starts ? sum : v_add(v_load(to + v * VL), sum));
    }
  }
}

static void winograd_sum(const winograd_sums *job) {
  enum { PAIR_INPUTS = VL / 2, SINGLE_INPUTS = VL };
  for (int32_t m = 0; m < job->matrices; m++) {
    const float *gradient = job->gradient + m * job->gradient_step;
    for (int32_t b = 0; b < job->input_blocks; b++) {
      const float *input = job->input + m * job->input_step + b * job->block_step;
      float *to = job->sums + m * job->sum_step + b * CELL * job->sum_row;
      int32_t o = 0;
      for (; o + 2 * VL <= job->outputs; o += 2 * VL) {
        const float *received = gradient + o / CELL * job->block_step;
        for (int32_t i = 0; i < CELL; i += PAIR_INPUTS) {
          winograd_sum_tile(PAIR_INPUTS, 2, job, input + i, received, to + i * job->sum_row + o);
        }
      }
      if (o == job->outputs) continue;
      const float *received = gradient + o / CELL * job->block_step;
      for (int32_t i = 0; i < CELL; i += SINGLE_INPUTS) {
        winograd_sum_tile(SINGLE_INPUTS, 1, job, input + i, received, to + i * job->sum_row + o);
      }
    }
  }
}
