/* Affine map and activation: the constants of a few vectors of channels stay in registers for all
 * pixels. */
typedef struct {
  vf negative_slope, upper_bound;
  size_t channels;
  int32_t pixels;
} activation_settings;

V_INLINE void activation_columns(const activation_settings *s, const int V, const float *x,
                                 const float *scale, const float *shift, const float *residual,
                                 float *y, uint8_t *activation_mask, int n) {
  vf a[4], b[4];
  UNROLL_FULLY for (int v = 0; v < V; v++) {
    a[v] = v_load_n(scale + v * VL, n);
    b[v] = v_load_n(shift + v * VL, n);
  }
  for (int32_t p = 0; p < s->pixels; p++, x += s->channels, y += s->channels) {
    UNROLL_FULLY for (int v = 0; v < V; v++) {
      vf t = v_fma(v_load_n(x + v * VL, n), a[v], b[v]);
      if (residual) t = v_add(t, v_load_n(residual + v * VL, n));
      v_store_n(y + v * VL, n, activation_value(t, s->negative_slope, s->upper_bound));
      if (activation_mask) v_store_bits(activation_mask + v * VL / 8, v_at_most(t, v_zero()));
    }
    if (residual) residual += s->channels;
    if (activation_mask) activation_mask += s->channels / 8;
  }
}

static void vector_affine_activation(const float *x, const float *scale, const float *shift,
                                     const float *residual, float negative_slope, float upper_bound,
                                     int32_t pixels, int32_t channels, float *y,
                                     uint8_t *activation_mask) {
  const activation_settings s = {v_set(negative_slope), v_set(upper_bound), channels, pixels};
#define BODY(c, V, n)                                                                      \
  if (activation_mask) {                                                                              \
    activation_columns(&s, V, x + c, scale + c, shift + c, residual ? residual + c : NULL, \
                       y + c, activation_mask + c / 8, n);                                            \
  } else if (residual) {                                                                   \
    activation_columns(&s, V, x + c, scale + c, shift + c, residual + c, y + c, NULL, n);  \
  } else {                                                                                 \
    activation_columns(&s, V, x + c, scale + c, shift + c, NULL, y + c, NULL, n);          \
  }
  FOR_CHANNELS((size_t)channels, BODY);
#undef BODY
}
