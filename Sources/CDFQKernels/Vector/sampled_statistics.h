/* Statistics of codes over a few pixels: the sums of a vector of channels stay in registers. */
typedef struct {
  const int32_t *offsets;
  int32_t count;
  float levels_per_unit;
} sampled_places;

V_INLINE void sampled_statistics_of(const sampled_places *s, vf sum, vf square_sum, vf offset,
                                    float *means, float *deviations, int n) {
  const vf count = v_set((float)s->count), step = v_set(1 / s->levels_per_unit);
  const vf mean = v_div(sum, count);
  const vf variance = v_sub(v_div(square_sum, count), v_mul(mean, mean));
  if (means) v_store_n(means, n, v_mul(v_add(mean, offset), step));
  if (deviations) v_store_n(deviations, n, v_mul(v_sqrt(v_max(variance, v_zero())), step));
}

V_INLINE void sampled_columns(const sampled_places *s, const float *x, float *means,
                              float *deviations, int n) {
  const vf least = v_set(-128), most = v_set(255), levels = v_set(s->levels_per_unit);
  vf sum = v_zero(), square_sum = v_zero();
  for (int32_t k = 0; k < s->count; k++) {
    const vf level = v_mul(v_load_n(x + s->offsets[k], n), levels);
    const vf code = v_round(v_min(v_max(level, least), most));
    sum = v_add(sum, code);
    square_sum = v_add(square_sum, v_mul(code, code));
  }
  sampled_statistics_of(s, sum, square_sum, v_zero(), means, deviations, n);
}

V_INLINE void sampled_code_columns(const sampled_places *s, const uint8_t *codes, float offset,
                                   float *means, float *deviations, int n) {
  vf sum = v_zero(), square_sum = v_zero();
  for (int32_t k = 0; k < s->count; k++) {
    const vf code = v_from_whole(vi_from_bytes_n(codes + s->offsets[k], n));
    sum = v_add(sum, code);
    square_sum = v_add(square_sum, v_mul(code, code));
  }
  sampled_statistics_of(s, sum, square_sum, v_set(offset), means, deviations, n);
}

/* COLUMNS(n, c) for every vector of channels c ..< c + n. */
#define FOR_SAMPLED_CHANNELS(CHANNELS, COLUMNS)                                                    \
  for (int32_t c = 0; c < (CHANNELS); c += VL) {                                                   \
    float *mean = means ? means + c : NULL, *deviation = deviations ? deviations + c : NULL;       \
    if (c + VL <= (CHANNELS)) {                                                                    \
      COLUMNS(VL);                                                                                 \
    } else {                                                                                       \
      COLUMNS((CHANNELS) - c);                                                                     \
    }                                                                                              \
  }

static void vector_sampled_statistics(const float *x, const int32_t *offsets, int32_t count,
                                      int32_t channels, float levels_per_unit, float *means,
                                      float *deviations) {
  const sampled_places places = {offsets, count, levels_per_unit};
#define COLUMNS(n) sampled_columns(&places, x + c, mean, deviation, n)
  FOR_SAMPLED_CHANNELS(channels, COLUMNS)
#undef COLUMNS
}

static void vector_sampled_code_statistics(const uint8_t *codes, const int32_t *offsets,
                                           int32_t count, int32_t channels, float offset,
                                           float levels_per_unit, float *means,
                                           float *deviations) {
  const sampled_places places = {offsets, count, levels_per_unit};
#define COLUMNS(n) sampled_code_columns(&places, codes + c, offset, mean, deviation, n)
  FOR_SAMPLED_CHANNELS(channels, COLUMNS)
#undef COLUMNS
}
