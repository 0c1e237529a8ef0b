/* The levels of quantization.h as bytes. v_max has the lowest level where the value is NaN. */
V_INLINE vf code_of(const vector_grid *grid, vf x) {
  const vf level = v_round(v_sub(v_mul(grid->levels_per_unit, x), grid->zero));
  return v_sub(v_min(v_max(level, grid->qmin), grid->qmax), grid->qmin);
}

static void vector_quantize_codes(const float *x, size_t count, float levels_per_unit, float zero,
                                  float qmin, float qmax, uint8_t *codes) {
  const vector_grid grid = {v_set(levels_per_unit), v_set(zero), v_set(qmin), v_set(qmax)};
#define BODY(i, n) v_store_bytes_n(codes + i, n, code_of(&grid, v_load_n(x + i, n)))
  FOR_VECTORS(count, BODY);
#undef BODY
}
