/* The levels of quantization.h as bytes. v_max gives the lowest level for NaN. */
V_INLINE vf level_of(const vector_grid *grid, vf x) {
  const vf level = v_round(v_sub(v_mul(grid->levels_per_unit, x), grid->zero));
  return v_min(v_max(level, grid->qmin), grid->qmax);
}

/* Only codes. */
static void codes_of(const vector_grid *grid, const float *x, size_t count, uint8_t *codes) {
#define BODY(i, n) \
  v_store_bytes_n(codes + i, n, v_sub(level_of(grid, v_load_n(x + i, n)), grid->qmin))
  FOR_VECTORS(count, BODY);
#undef BODY
}

/* Codes and values; the values of TABLES > 0 tables are looked up. */
V_INLINE void codes_and_values(const int TABLES, const vector_grid *grid, const vf *table,
                               const float *from, uint8_t *codes, float *y, int n) {
  const vf x = v_load_n(from, n), level = level_of(grid, x);
  vf value;
#ifdef V_TABLE
  if (TABLES) {
    value = v_look_up(table, TABLES, level);
  } else
#endif
  {
    value = v_div(v_add(level, grid->zero), grid->levels_per_unit);
  }
  v_store_bytes_n(codes, n, v_sub(level, grid->qmin));
  v_store_n(y, n, v_select(v_unordered(x, x), x, value));
}

static void vector_quantize_codes(const float *x, size_t count, float levels_per_unit, float zero,
                                  float qmin, float qmax, uint8_t *codes, float *y) {
  const vector_grid grid = {v_set(levels_per_unit), v_set(zero), v_set(qmin), v_set(qmax)};
  if (!y) return codes_of(&grid, x, count, codes);
#define BODY(i, n) codes_and_values(TABLES, &grid, table, x + i, codes + i, y + i, n)
#ifdef V_TABLE
  vf table[2];
  const int tables = fill_table(table, levels_per_unit, zero, qmin, qmax);
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
#else
  const vf *table = NULL;
#endif
  enum { TABLES = 0 };
  FOR_VECTORS(count, BODY);
#undef BODY
}
