/* The register tile of the gradient at the weights: INPUTS inputs of one tap x VECTORS vectors
 * of output channels, summed over rows x columns of output pixels. */
typedef struct {
  int32_t rows, columns;
  size_t x_row;        /* floats between rows of outputs, in the plane */
  const float *g;      /* output gradient of the first row */
  int32_t outputs;     /* O */
} conv_weight_job;

typedef void (*conv_weight_function)(const conv_weight_job *job, const float *x, int32_t output,
                                     vmask tail, float *gradient);

V_INLINE void conv_weight_tile(const int INPUTS, const int VECTORS, const conv_weight_job *job,
                               const float *x, int32_t output, vmask tail, float *gradient) {
  const size_t outputs = job->outputs;
  vf sums[CONV_REGISTERS];
  UNROLL_FULLY for (int i = 0; i < INPUTS * VECTORS; i++) sums[i] = v_zero();
  const float *g = job->g + output;
  for (int32_t y = 0; y < job->rows; y++, x += job->x_row) {
    const float *from = x;
#pragma clang loop unroll_count(2)
    for (int32_t column = 0; column < job->columns; column++, from += CELL, g += outputs) {
      vf received[2];
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
        received[v] = v == VECTORS - 1 ? v_load_masked(g + v * VL, tail) : v_load(g + v * VL);
      }
      UNROLL_FULLY for (int i = 0; i < INPUTS; i++) {
        const vf input = v_set(from[i]);
        UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
          sums[i * VECTORS + v] = v_fma(received[v], input, sums[i * VECTORS + v]);
        }
      }
    }
  }
  UNROLL_FULLY for (int i = 0; i < INPUTS; i++) {
    float *to = gradient + i * outputs;
    UNROLL_FULLY for (int v = 0; v < VECTORS; v++, to += VL) {
      const vmask lanes = v == VECTORS - 1 ? tail : v_first(VL);
      v_store_masked(to, lanes, v_add(v_load_masked(to, lanes), sums[i * VECTORS + v]));
    }
  }
}

#define CONV_WEIGHT_TILE(VECTORS, INPUTS)                                                  \
  static void conv_weight_tile_##VECTORS##_##INPUTS(const conv_weight_job *job,            \
                                                    const float *x, int32_t output,        \
                                                    vmask tail, float *gradient) {         \
    conv_weight_tile(INPUTS, VECTORS, job, x, output, tail, gradient);                     \
  }
#define CONV_WEIGHT_TILE_NAME(VECTORS, INPUTS) conv_weight_tile_##VECTORS##_##INPUTS,
