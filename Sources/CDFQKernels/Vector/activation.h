/* Affine map and activation. Channels are walked in vectors, each over all pixels, its constants in registers. */
typedef struct {
  vf leak, high;
  size_t channels;
  int32_t pixels;
} activation_settings;

V_INLINE vf preactivation(const float *x, vf scale, vf shift, const float *residual, int n) {
  const vf t = v_fma(v_load_n(x, n), scale, shift);
  return residual ? v_add(t, v_load_n(residual, n)) : t;
}

V_INLINE void activation_column(const activation_settings *s, const float *x, const float *scale,
                                const float *shift, const float *residual, float *y, int n) {
  const vf a = v_load_n(scale, n), b = v_load_n(shift, n);
  for (int32_t p = 0; p < s->pixels; p++, x += s->channels, y += s->channels) {
    const vf t = preactivation(x, a, b, residual, n);
    const vf bent = v_select(v_less(t, v_zero()), v_fma(t, s->leak, v_zero()), t);
    v_store_n(y, n, v_min(s->high, bent));
    if (residual) residual += s->channels;
  }
}

static void vector_affine_activation(const float *x, const float *scale, const float *shift,
                                     const float *residual, float leak, float high,
                                     int32_t pixels, int32_t channels, float *y) {
  const activation_settings s = {v_set(leak), v_set(high), channels, pixels};
#define BODY(c, n)                                                                      \
  if (residual) {                                                                       \
    activation_column(&s, x + c, scale + c, shift + c, residual + c, y + c, n);         \
  } else {                                                                              \
    activation_column(&s, x + c, scale + c, shift + c, NULL, y + c, n);                 \
  }
  FOR_VECTORS((size_t)channels, BODY);
#undef BODY
}

/* Sums over pixels are taken in blocks, so that their rounding does not grow with the image. */
enum { SUM_BLOCK = 64 };

typedef struct {
  const float *g, *x, *scale, *shift, *residual;
  float *x_gradient, *residual_gradient;
  int accumulate_residual;
} activation_gradients;

V_INLINE void activation_gradient_column(const activation_settings *s, activation_gradients a,
                                         const int HAS_RESIDUAL, float *scale_gradient,
                                         float *shift_gradient, int n) {
  const vf scale = v_load_n(a.scale, n), shift = v_load_n(a.shift, n);
  vf scale_sum = v_zero(), shift_sum = v_zero();
  size_t at = 0;
  for (int32_t p = 0; p < s->pixels;) {
    const int32_t end = smaller(p + SUM_BLOCK, s->pixels);
    vf scale_part = v_zero(), shift_part = v_zero();
    for (; p < end; p++, at += s->channels) {
      const vf x = v_load_n(a.x + at, n), g = v_load_n(a.g + at, n);
      vf t = v_fma(x, scale, shift);
      if (HAS_RESIDUAL) t = v_add(t, v_load_n(a.residual + at, n));
      const vf inside = v_select(v_at_most(s->high, t), v_zero(), g);
      const vf masked = v_select(v_at_most(t, v_zero()), v_mul(g, s->leak), inside);
      scale_part = v_fma(masked, x, scale_part);
      shift_part = v_add(shift_part, masked);
      v_store_n(a.x_gradient + at, n, v_mul(masked, scale));
      if (!a.residual_gradient) continue;
      float *to = a.residual_gradient + at;
      v_store_n(to, n, a.accumulate_residual ? v_add(v_load_n(to, n), masked) : masked);
    }
    scale_sum = v_add(scale_sum, scale_part);
    shift_sum = v_add(shift_sum, shift_part);
  }
  if (scale_gradient) v_store_n(scale_gradient, n, v_add(v_load_n(scale_gradient, n), scale_sum));
  if (shift_gradient) v_store_n(shift_gradient, n, v_add(v_load_n(shift_gradient, n), shift_sum));
}

V_INLINE const float *plus(const float *p, size_t n) { return p ? p + n : NULL; }

static void vector_affine_activation_backward(
    const float *g, const float *x, const float *scale, const float *shift, const float *residual,
    float leak, float high, int32_t pixels, int32_t channels, float *x_gradient,
    float *residual_gradient, dfq_store residual_store, float *scale_gradient,
    float *shift_gradient) {
  const activation_settings s = {v_set(leak), v_set(high), channels, pixels};
#define BODY(c, n)                                                                                \
  {                                                                                               \
    const activation_gradients a = {g + c, x + c, scale + c, shift + c, plus(residual, c),        \
                                    x_gradient + c, (float *)plus(residual_gradient, c),          \
                                    residual_store == DFQ_ACCUMULATE};                            \
    float *to_scale = (float *)plus(scale_gradient, c);                                           \
    float *to_shift = (float *)plus(shift_gradient, c);                                           \
    if (residual) {                                                                               \
      activation_gradient_column(&s, a, 1, to_scale, to_shift, n);                                \
    } else {                                                                                      \
      activation_gradient_column(&s, a, 0, to_scale, to_shift, n);                                \
    }                                                                                             \
  }
  FOR_VECTORS((size_t)channels, BODY);
#undef BODY
}
