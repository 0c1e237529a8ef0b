/* The register tile of all dense convolutions: PIXELS neighbouring outputs x VECTORS
 * vectors of output channels.
 *
 * out[p][o] = start + sum over taps and inputs of plane[tap + p][i] * weight[tap][i][o]. The
 * sizes are constants in every instance, so that the accumulators live in registers; the plane's
 * constant pixel distance makes each input one memory operand. TAPS taps of a row of the kernel
 * are processed at once, so that a pixel is loaded once for all outputs that read it. */
enum { CONV_ROW_TAPS = 3 };

typedef struct {
  size_t offset;       /* floats from an output's place in the plane to the (first) tap's input */
  const float *weight; /* I x O */
} conv_tap;

typedef struct {
  conv_tap taps[MAX_TAPS];
  int32_t tap_count;
  int row_taps;            /* whether each of `taps` stands for CONV_ROW_TAPS neighbours */
  ptrdiff_t weight_step;   /* floats between the weights of such neighbours */
  int32_t inputs;          /* per tap */
  size_t block_step;       /* of the plane */
  int32_t outputs;         /* O */
  size_t weight_row;       /* floats between the weights of neighbouring inputs */
  float *packed;           /* room for the weights of one set of tiles, or NULL */
  const float *bias;       /* or NULL */
  int accumulate;          /* add to the destination */
  size_t pixel_step;       /* floats between neighbouring output pixels */
} conv_job;

typedef void (*conv_tile_function)(const conv_job *job, const float *x, int32_t output,
                                   vmask tail, float *out);

/* Adds inputs x[0 ..< count] of every pixel. */
V_INLINE void conv_tile_inputs(const int TAPS, const int PIXELS, const int VECTORS, const float *x,
                               const float *w, ptrdiff_t step, size_t row, int32_t count,
                               vmask tail, vf *sums) {
#pragma clang loop unroll_count(4)
  for (int32_t i = 0; i < count; i++, w += row) {
    vf weights[CONV_ROW_TAPS * 4];
    UNROLL_FULLY for (int k = 0; k < TAPS; k++) {
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
        const float *from = w + k * step + v * VL;
        /* Rows of weights are a channel count apart, which the hardware prefetcher does not follow. */
        if (VECTORS > 1) __builtin_prefetch(from + 8 * row);
        weights[k * VECTORS + v] = v == VECTORS - 1 ? v_load_masked(from, tail) : v_load(from);
      }
    }
    UNROLL_FULLY for (int q = 0; q < PIXELS + TAPS - 1; q++) {
      const vf input = v_set(x[q * CELL + i]);
      UNROLL_FULLY for (int k = 0; k < TAPS; k++) {
        const int p = q - k;
        if (p < 0 || p >= PIXELS) continue;
        UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
          sums[p * VECTORS + v] = v_fma(weights[k * VECTORS + v], input, sums[p * VECTORS + v]);
        }
      }
    }
  }
}

V_INLINE void conv_tile(const int TAPS, const int PIXELS, const int VECTORS, const conv_job *job,
                        const float *x, int32_t output, vmask tail, float *out) {
  vf sums[CONV_REGISTERS];
  UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
    const vmask lanes = v == VECTORS - 1 ? tail : v_first(VL);
    const vf start = job->bias ? v_load_masked(job->bias + output + v * VL, lanes) : v_zero();
    UNROLL_FULLY for (int p = 0; p < PIXELS; p++) sums[p * VECTORS + v] = start;
  }
  const size_t row = job->weight_row;
  const ptrdiff_t step = job->weight_step;
  for (int32_t t = 0; t < job->tap_count; t++) {
    const float *from = x + job->taps[t].offset;
    const float *w = job->taps[t].weight + output;
    int32_t left = job->inputs;
    for (; left >= CELL; left -= CELL, from += job->block_step, w += CELL * row) {
      conv_tile_inputs(TAPS, PIXELS, VECTORS, from, w, step, row, CELL, tail, sums);
    }
    if (left) conv_tile_inputs(TAPS, PIXELS, VECTORS, from, w, step, row, left, tail, sums);
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

#define CONV_TILE(VECTORS, PIXELS)                                                         \
  static void conv_tile_##VECTORS##_##PIXELS(const conv_job *job, const float *x,          \
                                             int32_t output, vmask tail, float *out) {     \
    conv_tile(1, PIXELS, VECTORS, job, x, output, tail, out);                              \
  }
#define CONV_TILE_NAME(VECTORS, PIXELS) conv_tile_##VECTORS##_##PIXELS,

#define CONV_ROW_TILE(VECTORS, PIXELS)                                                     \
  static void conv_row_tile_##VECTORS##_##PIXELS(const conv_job *job, const float *x,      \
                                                 int32_t output, vmask tail, float *out) { \
    conv_tile(CONV_ROW_TAPS, PIXELS, VECTORS, job, x, output, tail, out);                  \
  }
#define CONV_ROW_TILE_NAME(VECTORS, PIXELS) conv_row_tile_##VECTORS##_##PIXELS,
