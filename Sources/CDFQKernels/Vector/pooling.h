/* Maximum pooling, one vector of channels of one window after the other. */

/* The part of an output's window inside the image. */
typedef struct {
  int32_t top, bottom, left, right;
} pool_window;

V_INLINE pool_window pool_window_at(const dfq_conv_shape *s, int32_t y, int32_t x) {
  const int32_t top = y * s->stride_height - s->pad_top, left = x * s->stride_width - s->pad_left;
  return (pool_window){larger(top, 0), smaller(top + s->kernel_height, s->in_height),
                       larger(left, 0), smaller(left + s->kernel_width, s->in_width)};
}

V_INLINE vf pool_maximum(const dfq_conv_shape *s, const pool_window *w, const float *input,
                         int n) {
  vf best = v_set(-INFINITY);
  for (int32_t row = w->top; row < w->bottom; row++) {
    const float *from = input + ((size_t)row * s->in_width + w->left) * s->in_channels;
    for (int32_t column = w->left; column < w->right; column++, from += s->in_channels) {
      const vf x = v_load_n(from, n);
      /* NaN propagates. */
      const vbool keeps = v_or(v_at_most(x, best), v_unordered(best, best));
      best = v_select(keeps, best, x);
    }
  }
  return best;
}

static void vector_max_pool(const dfq_conv_shape *shape, const float *input, float *output) {
  const int32_t channels = shape->in_channels;
  for (int32_t y = 0; y < shape->out_height; y++) {
    for (int32_t x = 0; x < shape->out_width; x++, output += channels) {
      const pool_window w = pool_window_at(shape, y, x);
#define BODY(c, n) v_store_n(output + c, n, pool_maximum(shape, &w, input + c, n))
      FOR_VECTORS((size_t)channels, BODY);
#undef BODY
    }
  }
}

/* The gradient goes to the first of equal values. */
V_INLINE void pool_scatter(const dfq_conv_shape *s, const pool_window *w, const float *input,
                           const float *g, float *gradient, int n) {
  const size_t first = ((size_t)w->top * s->in_width + w->left) * s->in_channels;
  vf best = v_load_n(input + first, n), place = v_zero();
  float position = 0;
  for (int32_t row = w->top; row < w->bottom; row++) {
    const size_t at = ((size_t)row * s->in_width + w->left) * s->in_channels;
    for (int32_t k = 0; k < w->right - w->left; k++, position++) {
      const vf x = v_load_n(input + at + (size_t)k * s->in_channels, n);
      const vbool above = v_less(best, x);
      best = v_select(above, x, best);
      place = v_select(above, v_set(position), place);
    }
  }
  const vf received = v_load_n(g, n);
  position = 0;
  for (int32_t row = w->top; row < w->bottom; row++) {
    float *to = gradient + ((size_t)row * s->in_width + w->left) * s->in_channels;
    for (int32_t column = w->left; column < w->right; column++, to += s->in_channels) {
      const vf here = v_set(position++), old = v_load_n(to, n);
      const vbool chosen = v_and(v_at_most(place, here), v_at_most(here, place));
      v_store_n(to, n, v_select(chosen, v_add(old, received), old));
    }
  }
}

static void vector_max_pool_gradient(const dfq_conv_shape *shape, const float *input,
                                     const float *g, float *gradient) {
  const int32_t channels = shape->in_channels;
  for (int32_t y = 0; y < shape->out_height; y++) {
    for (int32_t x = 0; x < shape->out_width; x++, g += channels) {
      const pool_window w = pool_window_at(shape, y, x);
#define BODY(c, n) pool_scatter(shape, &w, input + c, g + c, gradient + c, n)
      FOR_VECTORS((size_t)channels, BODY);
#undef BODY
    }
  }
}
