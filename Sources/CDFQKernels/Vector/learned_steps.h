/* Gradients through a mixture of grids with learned steps. x and its gradient are read once for all
 * grids where these are few, and otherwise once for each grid, block by block. */
typedef struct {
  vf levels_per_unit, qmin, qmax, share;
} learned_grid;

typedef struct {
  vf dots, steps;
} learned_sums;

enum { LEARNED_BLOCK = 1024, LEARNED_TOGETHER = 3 };

/* n elements through COUNT grids. `inside` accumulates the shares of the grids that contain each
 * element; the gradient is computed after the last grid. */
V_INLINE void learned_step(const learned_grid *grids, const int COUNT, const int DOTS,
                           const int FIRST, const int LAST, const float *x, const float *g,
                           float *inside, float *x_gradient, learned_sums *sums, int n) {
  const vf gradient = v_load_n(g, n), value = v_load_n(x, n);
  vf share = FIRST ? v_zero() : v_load_n(inside, n);
  UNROLL_FULLY for (int j = 0; j < COUNT; j++) {
    const learned_grid *grid = &grids[j];
    const vf v = v_mul(value, grid->levels_per_unit);
    const vf bounded = v_max(grid->qmin, v_min(grid->qmax, v));
    const vbool within = v_same(bounded, v);
    /* Outside of the range the level is the bound, which is also its derivative by the step. */
    const vf level = v_select(within, v_round(bounded), bounded);
    if (DOTS) sums[j].dots = v_fma(gradient, level, sums[j].dots);
    sums[j].steps = v_fma(gradient, v_select(within, v_sub(level, v), level), sums[j].steps);
    const vf part = v_select(within, grid->share, v_zero());
    share = FIRST && j == 0 ? part : v_add(share, part);
  }
  if (!LAST) {
    v_store_n(inside, n, share);
  } else if (x_gradient) {
    v_store_n(x_gradient, n, v_mul(gradient, share));
  }
}

/* The operands of a block; `grids` are the grids of one call. */
typedef struct {
  const float *x, *g;
  size_t count;
  float *inside, *x_gradient;
  const float *levels_per_unit, *qmin, *qmax, *share;
  double *dots, *steps;
} learned_block;

V_INLINE void learned_grids(const learned_block *block, const int COUNT, const int DOTS,
                            const int FIRST, const int LAST, int32_t first) {
  learned_grid grids[LEARNED_TOGETHER];
  learned_sums sums[LEARNED_TOGETHER];
  UNROLL_FULLY for (int j = 0; j < COUNT; j++) {
    grids[j] = (learned_grid){v_set(block->levels_per_unit[first + j]), v_set(block->qmin[first + j]),
                              v_set(block->qmax[first + j]), v_set(block->share[first + j])};
    sums[j] = (learned_sums){v_zero(), v_zero()};
  }
#define BODY(i, n)                                                                          \
  learned_step(grids, COUNT, DOTS, FIRST, LAST, block->x + i, block->g + i, block->inside + i, \
               block->x_gradient ? block->x_gradient + i : NULL, sums, n)
  FOR_VECTORS(block->count, BODY);
#undef BODY
  UNROLL_FULLY for (int j = 0; j < COUNT; j++) {
    block->steps[first + j] += v_sum(sums[j].steps);
    if (!DOTS || !block->dots) continue;
    block->dots[first + j] += v_sum(sums[j].dots) / block->levels_per_unit[first + j];
  }
}

static void vector_learned_steps_backward(const float *x, const float *g, size_t count,
                                          int32_t candidates, const float *levels_per_unit,
                                          const float *qmin, const float *qmax,
                                          const float *share, float *x_gradient, double *dots,
                                          double *steps) {
  float inside[LEARNED_BLOCK];
  for (size_t start = 0; start < count; start += LEARNED_BLOCK) {
    const size_t left = count - start;
    const learned_block block = {.x = x + start,
                                 .g = g + start,
                                 .count = left < LEARNED_BLOCK ? left : LEARNED_BLOCK,
                                 .inside = inside,
                                 .x_gradient = x_gradient ? x_gradient + start : NULL,
                                 .levels_per_unit = levels_per_unit,
                                 .qmin = qmin,
                                 .qmax = qmax,
                                 .share = share,
                                 .dots = dots,
                                 .steps = steps};
    if (candidates == 1 && !dots) {
      learned_grids(&block, 1, 0, 1, 1, 0);
    } else if (candidates == 1) {
      learned_grids(&block, 1, 1, 1, 1, 0);
    } else if (candidates == 2) {
      learned_grids(&block, 2, 1, 1, 1, 0);
    } else if (candidates == 3) {
      learned_grids(&block, 3, 1, 1, 1, 0);
    } else {
      learned_grids(&block, 1, 1, 1, 0, 0);
      for (int32_t j = 1; j < candidates - 1; j++) learned_grids(&block, 1, 1, 0, 0, j);
      learned_grids(&block, 1, 1, 0, 1, candidates - 1);
    }
  }
}
