typedef struct {
  vf levels_per_unit, zero, qmin, qmax;
} vector_grid;

/* The grid's value in levels: the product is rounded before zero is subtracted, as PyTorch does;
 * NaN propagates. */
V_INLINE vf grid_level(const vector_grid *grid, vf x) {
  const vf level = v_round(v_sub(v_mul(grid->levels_per_unit, x), grid->zero));
  return v_add(v_max(grid->qmin, v_min(grid->qmax, level)), grid->zero);
}

V_INLINE vf on_grid(const vector_grid *grid, vf x) {
  return v_div(grid_level(grid, x), grid->levels_per_unit);
}

#ifdef V_TABLE
/* A grid with few levels: its values are divided once and looked up by the low bits of the level. */
V_INLINE vf in_table(const vector_grid *grid, const vf *table, const int TABLES, vf x) {
  const vf level = v_round(v_sub(v_mul(grid->levels_per_unit, x), grid->zero));
  const vf found = v_look_up(table, TABLES, v_max(grid->qmin, v_min(grid->qmax, level)));
  return v_select(v_unordered(x, x), x, found);
}

/* The number of tables that the grid takes; 0 where it has too many levels or bounds that are not
 * levels. */
static int fill_table(vf *table, float levels_per_unit, float zero, float qmin, float qmax) {
  if (!(qmin >= -128 && qmax <= 255 && qmin == rintf(qmin) && qmax == rintf(qmax))) return 0;
  const int tables = qmax - qmin < V_TABLE ? 1 : 2;
  if (qmax - qmin >= 2 * V_TABLE) return 0;
  float values[2 * V_TABLE] = {0};
  for (float level = qmin; level <= qmax; level++) {
    values[(int32_t)level & (tables * V_TABLE - 1)] = (level + zero) / levels_per_unit;
  }
  table[0] = v_load(values);
  table[1] = v_load(values + V_TABLE);
  return tables;
}
#endif

static void vector_fake_quantize(const float *x, size_t count, float levels_per_unit, float zero,
                                 float qmin, float qmax, float *y) {
  const vector_grid grid = {v_set(levels_per_unit), v_set(zero), v_set(qmin), v_set(qmax)};
#ifdef V_TABLE
  vf table[2];
  const int tables = fill_table(table, levels_per_unit, zero, qmin, qmax);
#define BODY(i, n) v_store_n(y + i, n, in_table(&grid, table, TABLES, v_load_n(x + i, n)))
  if (tables == 1) {
    enum { TABLES = 1 };
    FOR_VECTORS(count, BODY);
    return;
  }
  if (tables == 2) {
    enum { TABLES = 2 };
    FOR_VECTORS(count, BODY);
    return;
  }
#undef BODY
#endif
#define BODY(i, n) v_store_n(y + i, n, on_grid(&grid, v_load_n(x + i, n)))
  FOR_VECTORS(count, BODY);
#undef BODY
}

V_INLINE void fake_quantize_columns(const int V, const float *x, size_t rows, size_t channels,
                                    const float *levels_per_unit, const float *zero, float qmin,
                                    float qmax, float *y, int n) {
  vector_grid grids[4];
  UNROLL_FULLY for (int v = 0; v < V; v++) {
    grids[v] = (vector_grid){v_load_n(levels_per_unit + v * VL, n), v_load_n(zero + v * VL, n),
                             v_set(qmin), v_set(qmax)};
  }
  for (size_t row = 0; row < rows; row++, x += channels, y += channels) {
    UNROLL_FULLY for (int v = 0; v < V; v++) {
      v_store_n(y + v * VL, n, on_grid(&grids[v], v_load_n(x + v * VL, n)));
    }
  }
}

static void vector_fake_quantize_channels(const float *x, size_t rows, int32_t channels,
                                          const float *levels_per_unit, const float *zero,
                                          float qmin, float qmax, float *y) {
#define BODY(c, V, n)                                                                         \
  fake_quantize_columns(V, x + c, rows, channels, levels_per_unit + c, zero + c, qmin, qmax,  \
                        y + c, n)
  FOR_CHANNELS((size_t)channels, BODY);
#undef BODY
}

/* The sum is divided by levels_per_unit later. */
static void vector_fake_quantize_dots(const float *x, const float *g, size_t count,
                                      int32_t candidates, const float *levels_per_unit,
                                      const float *zero, const float *qmin, const float *qmax,
                                      double *dots) {
  enum { BLOCK = 1024 };
  while (count > 0) {
    const size_t block = count < BLOCK ? count : BLOCK;
    for (int32_t j = 0; j < candidates; j++) {
      const vector_grid grid = {v_set(levels_per_unit[j]), v_set(zero[j]), v_set(qmin[j]),
                                v_set(qmax[j])};
      vf sum = v_zero();
#define BODY(i, n) sum = v_fma(v_load_n(g + i, n), grid_level(&grid, v_load_n(x + i, n)), sum)
      FOR_VECTORS(block, BODY);
#undef BODY
      dots[j] += v_sum(sum) / levels_per_unit[j];
    }
    x += block;
    g += block;
    count -= block;
  }
}

V_INLINE void clipped_step(vf low, vf high, const float *x, const float *g, float *x_gradient,
                           int n) {
  const vf value = v_load_n(x, n);
  const vbool inside = v_and(v_at_most(low, value), v_at_most(value, high));
  v_store_n(x_gradient, n, v_select(inside, v_load_n(g, n), v_zero()));
}

static void vector_clipped_backward(const float *x, const float *g, size_t count, float low,
                                    float high, float *x_gradient) {
  const vf least = v_set(low), most = v_set(high);
#define BODY(i, n) clipped_step(least, most, x + i, g + i, x_gradient + i, n)
  FOR_VECTORS(count, BODY);
#undef BODY
}
