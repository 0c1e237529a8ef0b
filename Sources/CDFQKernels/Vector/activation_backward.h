/* Gradients of the affine map and activation. Sums over pixels are taken in blocks, so that
 * their rounding does not grow with the image. */
enum { SUM_BLOCK = 64 };

/* The source of the activation's derivative. */
enum { FROM_X, FROM_RESIDUAL, FROM_Y, FROM_BITS };

/* The prefetch distance for x, which was last read in the forward pass. */
enum { ACTIVATION_AHEAD = 1024 };

typedef struct {
  const float *g, *x, *residual, *y;
  const uint8_t *activation_mask;
  float *x_gradient, *residual_gradient;
  int accumulate_residual;
  int adds; /* add offset + slope * x to the gradient at x */
  int sums; /* compute the gradients at scale and shift */
} activation_gradients;

/* dL/dt of one vector at `at`, passed on to x and the residual. LEAKS: negative_slope is not 0. */
V_INLINE vf activation_gradient(const int LEAKS, const activation_settings *s,
                                const activation_gradients *a, const int SOURCE, size_t at, vf x,
                                vf scale, vf shift, vf offset, vf slope, int n) {
  const vf g = v_load_n(a->g + at, n), below = LEAKS ? v_mul(g, s->negative_slope) : v_zero();
  vf masked;
  if (SOURCE == FROM_BITS) {
    masked = v_select(v_load_bits(a->activation_mask + at / 8), below, g);
  } else {
    vf t;
    if (SOURCE == FROM_Y) {
      t = v_load_n(a->y + at, n);
    } else {
      t = v_fma(x, scale, shift);
      if (SOURCE == FROM_RESIDUAL) t = v_add(t, v_load_n(a->residual + at, n));
    }
    const vf inside = v_select(v_at_most(s->upper_bound, t), v_zero(), g);
    masked = v_select(v_at_most(t, v_zero()), below, inside);
  }
  const vf through = v_mul(masked, scale);
  v_store_n(a->x_gradient + at, n, a->adds ? v_add(through, v_fma(slope, x, offset)) : through);
  if (a->residual_gradient) {
    float *to = a->residual_gradient + at;
    v_store_n(to, n, a->accumulate_residual ? v_add(v_load_n(to, n), masked) : masked);
  }
  return masked;
}

V_INLINE void activation_gradient_columns(const int LEAKS, const activation_settings *s,
                                          const activation_gradients *a, const int SOURCE,
                                          const int V, const float *scale, const float *shift,
                                          const float *offset, const float *slope,
                                          float *scale_gradient, float *shift_gradient, int n) {
  vf scales[4], shifts[4], scale_sums[4], shift_sums[4], offsets[4], slopes[4];
  UNROLL_FULLY for (int v = 0; v < V; v++) {
    scales[v] = v_load_n(scale + v * VL, n);
    shifts[v] = v_load_n(shift + v * VL, n);
    scale_sums[v] = shift_sums[v] = v_zero();
    offsets[v] = a->adds ? v_load_n(offset + v * VL, n) : v_zero();
    slopes[v] = a->adds ? v_load_n(slope + v * VL, n) : v_zero();
  }
  size_t row = 0;
  for (int32_t p = 0; p < s->pixels;) {
    const int32_t end = smaller(p + SUM_BLOCK, s->pixels);
    vf scale_parts[4], shift_parts[4];
    UNROLL_FULLY for (int v = 0; v < V; v++) scale_parts[v] = shift_parts[v] = v_zero();
    for (; p < end; p++, row += s->channels) {
      UNROLL_FULLY for (int v = 0; v < V; v++) {
        const size_t at = row + v * VL;
        __builtin_prefetch(a->x + at + ACTIVATION_AHEAD, 0, 2);
        const vf x = v_load_n(a->x + at, n);
        const vf masked = activation_gradient(LEAKS, s, a, SOURCE, at, x, scales[v], shifts[v],
                                              offsets[v], slopes[v], n);
        if (!a->sums) continue;
        scale_parts[v] = v_fma(masked, x, scale_parts[v]);
        shift_parts[v] = v_add(shift_parts[v], masked);
      }
    }
    UNROLL_FULLY for (int v = 0; v < V; v++) {
      scale_sums[v] = v_add(scale_sums[v], scale_parts[v]);
      shift_sums[v] = v_add(shift_sums[v], shift_parts[v]);
    }
  }
  UNROLL_FULLY for (int v = 0; v < V; v++) {
    if (scale_gradient) {
      float *to = scale_gradient + v * VL;
      v_store_n(to, n, v_add(v_load_n(to, n), scale_sums[v]));
    }
    if (shift_gradient) {
      float *to = shift_gradient + v * VL;
      v_store_n(to, n, v_add(v_load_n(to, n), shift_sums[v]));
    }
  }
}

V_INLINE void affine_activation_backward(
    const int LEAKS, const float *g, const float *x, const float *scale, const float *shift,
    const float *residual, const float *y, const uint8_t *activation_mask, float negative_slope, float upper_bound,
    int32_t pixels, int32_t channels, float *x_gradient, float *residual_gradient,
    dfq_store residual_store, const float *offset, const float *slope, float *scale_gradient,
    float *shift_gradient) {
  const activation_settings s = {v_set(negative_slope), v_set(upper_bound), channels, pixels};
#define OFFSET(p, c) ((p) ? (p) + (c) : NULL)
#define BODY(c, V, n)                                                                       \
  {                                                                                         \
    const activation_gradients a = {g + c, x + c, OFFSET(residual, c), OFFSET(y, c),        \
                                    OFFSET(activation_mask, c / 8), x_gradient + c,                    \
                                    OFFSET(residual_gradient, c),                           \
                                    residual_store == DFQ_ACCUMULATE, offset != NULL,       \
                                    scale_gradient != NULL};                                \
    const float *from_offset = OFFSET(offset, c), *from_slope = OFFSET(slope, c);           \
    float *to_scale = OFFSET(scale_gradient, c), *to_shift = OFFSET(shift_gradient, c);     \
    if (activation_mask) {                                                                             \
      activation_gradient_columns(LEAKS, &s, &a, FROM_BITS, V, scale + c, shift + c,        \
                                  from_offset, from_slope, to_scale, to_shift, n);          \
    } else if (y) {                                                                         \
      activation_gradient_columns(LEAKS, &s, &a, FROM_Y, V, scale + c, shift + c, from_offset,\
                                  from_slope, to_scale, to_shift, n);                       \
    } else if (residual) {                                                                  \
      activation_gradient_columns(LEAKS, &s, &a, FROM_RESIDUAL, V, scale + c, shift + c,    \
                                  from_offset, from_slope, to_scale, to_shift, n);          \
    } else {                                                                                \
      activation_gradient_columns(LEAKS, &s, &a, FROM_X, V, scale + c, shift + c, from_offset,\
                                  from_slope, to_scale, to_shift, n);                       \
    }                                                                                       \
  }
  FOR_CHANNELS((size_t)channels, BODY);
#undef BODY
#undef OFFSET
}

static void vector_affine_activation_backward(
    const float *g, const float *x, const float *scale, const float *shift, const float *residual,
    const float *y, const uint8_t *activation_mask, float negative_slope, float upper_bound,
    int32_t pixels, int32_t channels,
    float *x_gradient, float *residual_gradient, dfq_store residual_store, const float *offset,
    const float *slope, float *scale_gradient, float *shift_gradient) {
  if (negative_slope == 0) {
    affine_activation_backward(0, g, x, scale, shift, residual, y, activation_mask, negative_slope, upper_bound, pixels,
                               channels, x_gradient, residual_gradient, residual_store, offset,
                               slope, scale_gradient, shift_gradient);
  } else {
    affine_activation_backward(1, g, x, scale, shift, residual, y, activation_mask, negative_slope, upper_bound, pixels,
                               channels, x_gradient, residual_gradient, residual_store, offset,
                               slope, scale_gradient, shift_gradient);
  }
}
