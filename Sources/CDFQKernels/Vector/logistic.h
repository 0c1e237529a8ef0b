/* 1 / (1 + e^-x), in the operations of dfq_scalar_logistic one by one, so that both give the same bits. */
V_INLINE vf logistic_value(vf x) {
  const vf whole = v_sub(v_zero(), x);
  /* Comparisons in this order keep a NaN. */
  const vf t = v_max(v_set(LOGISTIC_LEAST), v_min(v_set(LOGISTIC_MOST), whole));
  const vf n = v_round(v_mul(t, v_set(LOGISTIC_LOG2E)));
  vf r = v_fma(n, v_set(-LOGISTIC_LN2_HIGH), t);
  r = v_fma(n, v_set(-LOGISTIC_LN2_LOW), r);
  vf p = v_set(LOGISTIC_P0);
  p = v_fma(p, r, v_set(LOGISTIC_P1));
  p = v_fma(p, r, v_set(LOGISTIC_P2));
  p = v_fma(p, r, v_set(LOGISTIC_P3));
  p = v_fma(p, r, v_set(LOGISTIC_P4));
  p = v_fma(p, r, v_set(LOGISTIC_P5));
  p = v_add(v_fma(v_mul(r, r), p, r), v_set(1));
  const vf power = v_of_bits(vi_shift_left(vi_add(v_to_whole(n), vi_set(127)), 23));
  const vf y = v_div(v_set(1), v_fma(p, power, v_set(1)));
  return v_select(v_less(v_set(LOGISTIC_MOST), whole), v_zero(), y);
}

V_INLINE void logistic_step(const float *x, int32_t multiplies, float *y, int n) {
  const vf v = v_load_n(x, n), s = logistic_value(v);
  v_store_n(y, n, multiplies ? v_mul(v, s) : s);
}

static void vector_logistic(const float *x, size_t count, int32_t multiplies, float *y) {
#define BODY(i, n) logistic_step(x + i, multiplies, y + i, n)
  FOR_VECTORS(count, BODY);
#undef BODY
}

V_INLINE void logistic_slope_step(const float *x, int32_t multiplies, float *g, int n) {
  const vf v = v_load_n(x, n), s = logistic_value(v);
  const vf slope = v_mul(s, v_sub(v_set(1), s));
  v_store_n(g, n, v_mul(v_load_n(g, n), multiplies ? v_fma(v, slope, s) : slope));
}

static void vector_logistic_slopes(const float *x, size_t count, int32_t multiplies, float *g) {
#define BODY(i, n) logistic_slope_step(x + i, multiplies, g + i, n)
  FOR_VECTORS(count, BODY);
#undef BODY
}
