/* Sums of codes over a few pixels: the sums of a vector of channels stay in registers. */
V_INLINE void sampled_columns(const float *x, const int32_t *offsets, int32_t count, vf levels,
                              float *sums, float *square_sums, int n) {
  const vf least = v_set(-128), most = v_set(255);
  vf sum = v_load_n(sums, n), square_sum = v_load_n(square_sums, n);
  for (int32_t k = 0; k < count; k++) {
    const vf level = v_mul(v_load_n(x + offsets[k], n), levels);
    const vf code = v_round(v_min(v_max(level, least), most));
    sum = v_add(sum, code);
    square_sum = v_add(square_sum, v_mul(code, code));
  }
  v_store_n(sums, n, sum);
  v_store_n(square_sums, n, square_sum);
}

static void vector_sampled_sums(const float *x, const int32_t *offsets, int32_t count,
                                int32_t channels, float levels_per_unit, float *sums,
                                float *square_sums) {
  const vf levels = v_set(levels_per_unit);
  int32_t c = 0;
  for (; c + VL <= channels; c += VL) {
    sampled_columns(x + c, offsets, count, levels, sums + c, square_sums + c, VL);
  }
  if (c < channels) {
    sampled_columns(x + c, offsets, count, levels, sums + c, square_sums + c, channels - c);
  }
}
