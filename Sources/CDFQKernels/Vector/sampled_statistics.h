/* Statistics of codes over a few pixels: the sums of a vector of channels stay in registers. */
typedef struct {
  const int32_t *offsets;
  int32_t count;
  float levels_per_unit;
} sampled_places;

V_INLINE void sampled_columns(const sampled_places *s, const float *x, float *means,
                              float *deviations, int n) {
  const vf least = v_set(-128), most = v_set(255), levels = v_set(s->levels_per_unit);
  const vf count = v_set((float)s->count), step = v_set(1 / s->levels_per_unit);
  vf sum = v_zero(), square_sum = v_zero();
  for (int32_t k = 0; k < s->count; k++) {
    const vf level = v_mul(v_load_n(x + s->offsets[k], n), levels);
    const vf code = v_round(v_min(v_max(level, least), most));
    sum = v_add(sum, code);
    square_sum = v_add(square_sum, v_mul(code, code));
  }
  const vf mean = v_div(sum, count);
  const vf variance = v_sub(v_div(square_sum, count), v_mul(mean, mean));
  if (means) v_store_n(means, n, v_mul(mean, step));
  if (deviations) v_store_n(deviations, n, v_mul(v_sqrt(v_max(variance, v_zero())), step));
}

static void vector_sampled_statistics(const float *x, const int32_t *offsets, int32_t count,
                                      int32_t channels, float levels_per_unit, float *means,
                                      float *deviations) {
  const sampled_places places = {offsets, count, levels_per_unit};
  for (int32_t c = 0; c < channels; c += VL) {
    float *mean = means ? means + c : NULL, *deviation = deviations ? deviations + c : NULL;
    if (c + VL <= channels) {
      sampled_columns(&places, x + c, mean, deviation, VL);
    } else {
      sampled_columns(&places, x + c, mean, deviation, channels - c);
    }
  }
}
