/* The register tile all dense convolutions are made of: PIXELS neighbouring outputs x VECTORS vectors of output channels.
 *
 * out[p][o] = start + sum over taps and inputs of plane[tap + p][i] * weight[tap][i][o]. PIXELS and VECTORS are constants in
 * every instance, so that the accumulators live in registers; the plane's constant pixel distance makes each input one
 * memory operand. */
typedef struct {
  size_t offset;       /* floats from an output's place in the plane to the tap's input */
  const float *weight; /* I x O */
} conv_tap;

typedef struct {
  conv_tap taps[MAX_TAPS];
  int32_t tap_count;
  int32_t inputs;      /* per tap */
  size_t block_step;   /* of the plane */
  int32_t outputs;     /* O, also the distance of weight rows */
  const float *bias;   /* or NULL */
  int accumulate;      /* add to the destination */
  size_t pixel_step;   /* floats between neighbouring output pixels */
} conv_job;

typedef void (*conv_tile_function)(const conv_job *job, const float *x, int32_t output,
                                   vmask tail, float *out);

/* Adds inputs x[0 ..< count] of every pixel. */
V_INLINE void conv_tile_inputs(const int PIXELS, const int VECTORS, const float *x, const float *w,
                               size_t row, int32_t count, vmask tail, vf *sums) {
#pragma clang loop unroll_count(4)
  for (int32_t i = 0; i < count; i++, w += row) {
    if (VECTORS > 1) {
      /* Rows of weights lie a channel count apart, which the processor does not follow by itself. */
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++) __builtin_prefetch(w + 8 * row + v * VL);
    }
    vf weight[4];
    UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
      weight[v] = v == VECTORS - 1 ? v_load_masked(w + v * VL, tail) : v_load(w + v * VL);
    }
    UNROLL_FULLY for (int p = 0; p < PIXELS; p++) {
      const vf input = v_set(x[p * CELL + i]);
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
        sums[p * VECTORS + v] = v_fma(weight[v], input, sums[p * VECTORS + v]);
      }
    }
  }
}

V_INLINE void conv_tile(const int PIXELS, const int VECTORS, const conv_job *job, const float *x,
                        int32_t output, vmask tail, float *out) {
  vf sums[CONV_REGISTERS];
  UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
    const vmask lanes = v == VECTORS - 1 ? tail : v_first(VL);
    const vf start = job->bias ? v_load_masked(job->bias + output + v * VL, lanes) : v_zero();
    UNROLL_FULLY for (int p = 0; p < PIXELS; p++) sums[p * VECTORS + v] = start;
  }
  const size_t row = job->outputs;
  for (int32_t t = 0; t < job->tap_count; t++) {
    const float *from = x + job->taps[t].offset;
    const float *w = job->taps[t].weight + output;
    int32_t left = job->inputs;
    for (; left >= CELL; left -= CELL, from += job->block_step, w += CELL * row) {
      conv_tile_inputs(PIXELS, VECTORS, from, w, row, CELL, tail, sums);
    }
    if (left) conv_tile_inputs(PIXELS, VECTORS, from, w, row, left, tail, sums);
  }
  UNROLL_FULLY for (int p = 0; p < PIXELS; p++) {
    float *to = out + p * job->pixel_step;
    UNROLL_FULLY for (int v = 0; v < VECTORS; v++, to += VL) {
      const vmask lanes = v == VECTORS - 1 ? tail : v_first(VL);
      vf sum = sums[p * VECTORS + v];
      if (job->accumulate) sum = v_add(v_load_masked(to, lanes), sum);
      v_store_masked(to, lanes, sum);
    }
  }
}

#define CONV_TILE(VECTORS, PIXELS)                                                              \
  static void conv_tile_##VECTORS##_##PIXELS(const conv_job *job, const float *x, int32_t output, \
                                             vmask tail, float *out) {                          \
    conv_tile(PIXELS, VECTORS, job, x, output, tail, out);                                      \
  }
#define CONV_TILE_NAME(VECTORS, PIXELS) conv_tile_##VECTORS##_##PIXELS,
