/* Per-channel sums, and the gradients of what is computed from them. */
typedef struct {
  vf sums[4], squares[4];
} moment_sums;

/* ROWS pixels of V vectors, each with separate sums. */
V_INLINE void moments_add(const int V, const int ROWS, const float *x, size_t channels, int n,
                          moment_sums *m) {
  UNROLL_FULLY for (int r = 0; r < ROWS; r++) {
    UNROLL_FULLY for (int v = 0; v < V; v++) {
      const vf a = v_load_n(x + r * channels + v * VL, n);
      m->sums[r * V + v] = v_add(m->sums[r * V + v], a);
      m->squares[r * V + v] = v_fma(a, a, m->squares[r * V + v]);
    }
  }
}

V_INLINE void moments_columns(const int V, const float *x, int32_t pixels, size_t channels,
                              double *sum, double *square_sum, int n) {
  const int ROWS = 4 / V; /* four sums hide the latency of an addition */
  for (int32_t p = 0; p < pixels;) {
    const int32_t end = smaller(p + SUM_BLOCK, pixels);
    moment_sums m;
    UNROLL_FULLY for (int i = 0; i < 4; i++) m.sums[i] = m.squares[i] = v_zero();
    for (; p + ROWS <= end; p += ROWS, x += ROWS * channels) {
      moments_add(V, ROWS, x, channels, n, &m);
    }
    for (; p < end; p++, x += channels) moments_add(V, 1, x, channels, n, &m);
    UNROLL_FULLY for (int r = 1; r < ROWS; r++) {
      UNROLL_FULLY for (int v = 0; v < V; v++) {
        m.sums[v] = v_add(m.sums[v], m.sums[r * V + v]);
        m.squares[v] = v_add(m.squares[v], m.squares[r * V + v]);
      }
    }
    UNROLL_FULLY for (int v = 0; v < V; v++) {
      v_add_to_doubles(sum + v * VL, n, m.sums[v]);
      v_add_to_doubles(square_sum + v * VL, n, m.squares[v]);
    }
  }
}

static void vector_moments(const float *x, int32_t pixels, int32_t channels, double *sum,
                           double *square_sum) {
#define BODY(c, V, n) moments_columns(V, x + c, pixels, channels, sum + c, square_sum + c, n)
  FOR_CHANNELS((size_t)channels, BODY);
#undef BODY
}

V_INLINE void channel_affine_columns(const int V, const float *x, const float *a, const float *b,
                                     int32_t pixels, size_t channels, int accumulate, float *g,
                                     int n) {
  vf offsets[4], slopes[4];
  UNROLL_FULLY for (int v = 0; v < V; v++) {
    offsets[v] = v_load_n(a + v * VL, n);
    slopes[v] = v_load_n(b + v * VL, n);
  }
  for (int32_t p = 0; p < pixels; p++, x += channels, g += channels) {
    UNROLL_FULLY for (int v = 0; v < V; v++) {
      const vf t = v_fma(slopes[v], v_load_n(x + v * VL, n), offsets[v]);
      v_store_n(g + v * VL, n, accumulate ? v_add(v_load_n(g + v * VL, n), t) : t);
    }
  }
}

static void vector_add_channel_affine(const float *x, const float *a, const float *b,
                                      int32_t pixels, int32_t channels, dfq_store store,
                                      float *g) {
  const int accumulate = store == DFQ_ACCUMULATE;
#define BODY(c, V, n) \
  channel_affine_columns(V, x + c, a + c, b + c, pixels, channels, accumulate, g + c, n)
  FOR_CHANNELS((size_t)channels, BODY);
#undef BODY
}
