/* Gradients through grids of learned steps: x and its gradient are read once for all grids that are
 * mixed, block by block. */
typedef struct {
  vf levels_per_unit, qmin, qmax, share;
} learned_grid;

typedef struct {
  vf dots, steps;
} learned_sums;

/* n elements through one grid. `inside` holds the shares of the grids before; the last grid
 * replaces it by the gradient. */
V_INLINE void learned_step(const learned_grid *grid, const int FIRST, const int LAST,
                           const float *x, const float *g, float *inside, float *x_gradient,
                           learned_sums *sums, int n) {
  const vf gradient = v_load_n(g, n), v = v_mul(v_load_n(x, n), grid->levels_per_unit);
  const vbool outside = v_or(v_less(v, grid->qmin), v_less(grid->qmax, v));
  const vf level = v_max(grid->qmin, v_min(grid->qmax, v_round(v)));
  /* Outside, the level is the bound. */
  const vf term = v_sub(level, v_select(outside, v_zero(), v));
  sums->dots = v_fma(gradient, level, sums->dots);
  sums->steps = v_fma(gradient, term, sums->steps);
  vf share = v_select(outside, v_zero(), grid->share);
  if (!FIRST) share = v_add(v_load_n(inside, n), share);
  if (!LAST) {
    v_store_n(inside, n, share);
  } else if (x_gradient) {
    v_store_n(x_gradient, n, v_mul(gradient, share));
  }
}

V_INLINE learned_sums learned_block(const learned_grid *grid, const int FIRST, const int LAST,
                                    const float *x, const float *g, size_t count, float *inside,
                                    float *x_gradient) {
  learned_sums sums = {v_zero(), v_zero()};
#define BODY(i, n)                                                                      \
  learned_step(grid, FIRST, LAST, x + i, g + i, inside + i,                             \
               x_gradient ? x_gradient + i : NULL, &sums, n)
  FOR_VECTORS(count, BODY);
#undef BODY
  return sums;
}

static void vector_learned_steps_backward(const float *x, const float *g, size_t count,
                                          int32_t candidates, const float *levels_per_unit,
                                          const float *qmin, const float *qmax,
                                          const float *share, float *x_gradient, double *dots,
                                          double *steps) {
  enum { BLOCK = 1024 };
  float inside[BLOCK];
  for (size_t start = 0; start < count; start += BLOCK) {
    const size_t block = count - start < BLOCK ? count - start : BLOCK;
    const float *from = x + start, *received = g + start;
    float *to = x_gradient ? x_gradient + start : NULL;
    for (int32_t j = 0; j < candidates; j++) {
      const learned_grid grid = {v_set(levels_per_unit[j]), v_set(qmin[j]), v_set(qmax[j]),
                                 v_set(share[j])};
      const int last = j == candidates - 1;
      const learned_sums sums =
          j == 0 ? (last ? learned_block(&grid, 1, 1, from, received, block, inside, to)
                         : learned_block(&grid, 1, 0, from, received, block, inside, to))
                 : (last ? learned_block(&grid, 0, 1, from, received, block, inside, to)
                         : learned_block(&grid, 0, 0, from, received, block, inside, to));
      steps[j] += v_sum(sums.steps);
      if (dots) dots[j] += v_sum(sums.dots) / levels_per_unit[j];
    }
  }
}
