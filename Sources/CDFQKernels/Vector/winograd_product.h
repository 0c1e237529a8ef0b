/* The products of all matrices of a block: products[m][tile][output] = sum over inputs of
 * input[m][tile][i] * weight[m][i][output], in register tiles of PIXELS tiles x VECTORS vectors of
 * outputs. Sizes are constants of every instance (conv_tile.h); the weights are packed in the
 * order they are read in. */
typedef struct {
  int32_t matrices, inputs, tiles;
  int32_t groups;                      /* of VECTORS vectors of outputs */
  const float *input, *weight;
  size_t input_step, weight_step;      /* floats between the matrices */
  size_t block_step;                   /* between blocks of CELL inputs */
  float *products;
  size_t product_step, product_row;
} winograd_products;

/* The prefetch distance for the weights. */
enum { WINOGRAD_AHEAD = 512 };

typedef void (*winograd_product_function)(const winograd_products *job);

V_INLINE void winograd_product_inputs(const int PIXELS, const int VECTORS, const float *x,
                                      const float *w, int32_t count, vf *sums) {
#pragma clang loop unroll_count(4)
  for (int32_t i = 0; i < count; i++, w += VECTORS * VL) {
    vf weights[2];
    UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
      weights[v] = v_load(w + v * VL);
      /* The weights of all layers do not fit the second-level cache. */
      if (VECTORS > 1) __builtin_prefetch(w + v * VL + WINOGRAD_AHEAD);
    }
    UNROLL_FULLY for (int p = 0; p < PIXELS; p++) {
      const vf input = v_set(x[p * CELL + i]);
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
        sums[p * VECTORS + v] = v_fma(weights[v], input, sums[p * VECTORS + v]);
      }
    }
  }
}

V_INLINE void winograd_product(const int PIXELS, const int VECTORS, const winograd_products *job) {
  const int32_t inputs = job->inputs, tiles = job->tiles, groups = job->groups;
  const size_t block_step = job->block_step, row = job->product_row;
  const size_t group_weights = (size_t)inputs * VECTORS * VL;
  for (int32_t m = 0; m < job->matrices; m++) {
    const float *input = job->input + m * job->input_step;
    const float *weight = job->weight + m * job->weight_step;
    for (int32_t group = 0; group < groups; group++, weight += group_weights) {
      float *products = job->products + m * job->product_step + (size_t)group * VECTORS * VL;
      for (int32_t done = 0; done < tiles; done += PIXELS) {
        /* The last tiles may be computed twice, to the same bits. */
        const int32_t first = smaller(done, tiles - PIXELS);
        vf sums[CONV_REGISTERS];
        UNROLL_FULLY for (int i = 0; i < PIXELS * VECTORS; i++) sums[i] = v_zero();
        const float *x = input + (size_t)first * CELL, *w = weight;
        int32_t left = inputs;
        for (; left >= CELL; left -= CELL, x += block_step, w += CELL * VECTORS * VL) {
          winograd_product_inputs(PIXELS, VECTORS, x, w, CELL, sums);
        }
        if (left) winograd_product_inputs(PIXELS, VECTORS, x, w, left, sums);
        float *to = products + first * row;
        UNROLL_FULLY for (int p = 0; p < PIXELS; p++, to += row) {
          UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
            v_store(to + v * VL, sums[p * VECTORS + v]);
          }
        }
      }
    }
  }
}

#define WINOGRAD_PRODUCT(VECTORS, PIXELS)                                                   \
  static void winograd_product_##VECTORS##_##PIXELS(const winograd_products *job) {         \
    winograd_product(PIXELS, VECTORS, job);                                                 \
  }
#define WINOGRAD_PRODUCT_NAME(VECTORS, PIXELS) winograd_product_##VECTORS##_##PIXELS,
REPEAT_TILE_1(WINOGRAD_PRODUCT, 1)
REPEAT_TILE_2(WINOGRAD_PRODUCT, 2)

static const winograd_product_function winograd_products_1[] = {
    REPEAT_TILE_1(WINOGRAD_PRODUCT_NAME, 1)};
static const winograd_product_function winograd_products_2[] = {
    REPEAT_TILE_2(WINOGRAD_PRODUCT_NAME, 2)};

/* Register tiles of nearly equal size. */
V_INLINE int32_t winograd_pixels(int32_t tiles, size_t most) {
  return divide_up(tiles, divide_up(tiles, (int32_t)most));
}

/* `outputs` is rounded up to whole vectors; the last vector is unpaired where their number is
 * odd. */
static void winograd_multiply(winograd_products *job, int32_t outputs) {
  enum { MOST_1 = sizeof winograd_products_1 / sizeof *winograd_products_1,
         MOST_2 = sizeof winograd_products_2 / sizeof *winograd_products_2 };
  const int32_t vectors = divide_up(outputs, VL);
  job->groups = vectors / 2;
  if (job->groups) winograd_products_2[winograd_pixels(job->tiles, MOST_2) - 1](job);
  if (vectors % 2 == 0) return;
  job->weight += (size_t)job->groups * 2 * VL * job->inputs;
  job->products += (size_t)job->groups * 2 * VL;
  job->groups = 1;
  winograd_products_1[winograd_pixels(job->tiles, MOST_1) - 1](job);
}
