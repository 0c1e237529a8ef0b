/* Per-channel sums, and the gradients of what is computed from them. */
V_INLINE void moments_column(const float *x, int32_t pixels, size_t channels, double *sum,
                             double *square_sum, int n) {
  for (int32_t p = 0; p < pixels;) {
    const int32_t end = smaller(p + SUM_BLOCK, pixels);
    vf sums[2] = {v_zero(), v_zero()}, squares[2] = {v_zero(), v_zero()};
    for (; p + 2 <= end; p += 2) {
      UNROLL_FULLY for (int k = 0; k < 2; k++, x += channels) {
        const vf a = v_load_n(x, n);
        sums[k] = v_add(sums[k], a);
        squares[k] = v_fma(a, a, squares[k]);
      }
    }
    for (; p < end; p++, x += channels) {
      const vf a = v_load_n(x, n);
      sums[0] = v_add(sums[0], a);
      squares[0] = v_fma(a, a, squares[0]);
    }
    v_add_to_doubles(sum, n, v_add(sums[0], sums[1]));
    v_add_to_doubles(square_sum, n, v_add(squares[0], squares[1]));
  }
}

static void vector_moments(const float *x, int32_t pixels, int32_t channels, double *sum,
                           double *square_sum) {
#define BODY(c, n) moments_column(x + c, pixels, channels, sum + c, square_sum + c, n)
  FOR_VECTORS((size_t)channels, BODY);
#undef BODY
}

V_INLINE void channel_affine_column(const float *x, const float *a, const float *b, int32_t pixels,
                                    size_t channels, int accumulate, float *g, int n) {
  const vf offset = v_load_n(a, n), slope = v_load_n(b, n);
  for (int32_t p = 0; p < pixels; p++, x += channels, g += channels) {
    const vf t = v_fma(slope, v_load_n(x, n), offset);
    v_store_n(g, n, accumulate ? v_add(v_load_n(g, n), t) : t);
  }
}

static void vector_add_channel_affine(const float *x, const float *a, const float *b,
                                      int32_t pixels, int32_t channels, dfq_store store,
                                      float *g) {
#define BODY(c, n) \
  channel_affine_column(x + c, a + c, b + c, pixels, channels, store == DFQ_ACCUMULATE, g + c, n)
  FOR_VECTORS((size_t)channels, BODY);
#undef BODY
}
