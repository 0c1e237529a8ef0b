/* Elementwise kernels: whole vectors, then one partial vector. Where a product and a sum are
 * rounded once, they are v_fma here and fmaf in the scalar kernels, so that both give the same
 * bits. */
#define FOR_VECTORS(count, BODY)            \
  do {                                      \
    size_t i = 0;                           \
    for (; i + VL <= (count); i += VL) {    \
      BODY(i, VL);                          \
    }                                       \
    if (i < (count)) {                      \
      BODY(i, (int)((count) - i));          \
    }                                       \
  } while (0)

/* Rows of channels: BODY(c, V, n) processes V vectors of channels that start at c; the last one has
 * n lanes. Processing several vectors at a time reads the rows in memory order. */
#define FOR_CHANNELS(channels, BODY)                          \
  do {                                                        \
    size_t c = 0;                                             \
    for (; c + 4 * VL <= (channels); c += 4 * VL) {           \
      BODY(c, 4, VL);                                         \
    }                                                         \
    if (c + 2 * VL <= (channels)) {                           \
      BODY(c, 2, VL);                                         \
      c += 2 * VL;                                            \
    }                                                         \
    for (; c < (channels); c += VL) {                         \
      if (c + VL <= (channels)) {                             \
        BODY(c, 1, VL);                                       \
      } else {                                                \
        BODY(c, 1, (int)((channels) - c));                    \
      }                                                       \
    }                                                         \
  } while (0)

V_INLINE void axpy_step(vf a, const float *x, float *y, int n) {
  v_store_n(y, n, v_fma(a, v_load_n(x, n), v_load_n(y, n)));
}

static void vector_axpy(float a, const float *x, size_t count, float *y) {
  const vf factor = v_set(a);
#define BODY(i, n) axpy_step(factor, x + i, y + i, n)
  FOR_VECTORS(count, BODY);
#undef BODY
}

/* The inner products of x with some rows of y, each as if it were alone. */
#define DOTS(R)                                                                             \
  static void vector_dots_##R(const float *x, const float *y, size_t y_row, size_t count,   \
                              double *sums) {                                               \
    enum { BLOCK = 1024 };                                                                  \
    for (int r = 0; r < (R); r++) sums[r] = 0;                                              \
    while (count > 0) {                                                                     \
      const size_t n = count < BLOCK ? count : BLOCK;                                       \
      vf parts[R][4];                                                                       \
      UNROLL_FULLY for (int r = 0; r < (R); r++) {                                          \
        UNROLL_FULLY for (int k = 0; k < 4; k++) parts[r][k] = v_zero();                    \
      }                                                                                     \
      size_t i = 0;                                                                         \
      for (; i + 4 * VL <= n; i += 4 * VL) {                                                \
        UNROLL_FULLY for (int k = 0; k < 4; k++) {                                          \
          const vf own = v_load(x + i + k * VL);                                            \
          UNROLL_FULLY for (int r = 0; r < (R); r++) {                                      \
            parts[r][k] = v_fma(own, v_load(y + r * y_row + i + k * VL), parts[r][k]);      \
          }                                                                                 \
        }                                                                                   \
      }                                                                                     \
      for (; i + VL <= n; i += VL) {                                                        \
        UNROLL_FULLY for (int r = 0; r < (R); r++) {                                        \
          parts[r][0] = v_fma(v_load(x + i), v_load(y + r * y_row + i), parts[r][0]);       \
        }                                                                                   \
      }                                                                                     \
      const int rest = (int)(n - i);                                                        \
      UNROLL_FULLY for (int r = 0; r < (R); r++) {                                          \
        if (rest > 0) {                                                                     \
          parts[r][1] =                                                                     \
              v_fma(v_load_n(x + i, rest), v_load_n(y + r * y_row + i, rest), parts[r][1]); \
        }                                                                                   \
        sums[r] +=                                                                          \
            v_sum(v_add(v_add(parts[r][0], parts[r][1]), v_add(parts[r][2], parts[r][3]))); \
      }                                                                                     \
      x += n;                                                                               \
      y += n;                                                                               \
      count -= n;                                                                           \
    }                                                                                       \
  }

DOTS(1)
DOTS(4)

static double vector_dot(const float *x, const float *y, size_t count) {
  double sum;
  vector_dots_1(x, y, 0, count, &sum);
  return sum;
}

static void vector_dots(const float *x, const float *y, size_t y_row, int32_t rows, size_t count,
                        double *sums) {
  int32_t r = 0;
  for (; VL >= 16 && r + 4 <= rows; r += 4) {
    vector_dots_4(x, y + r * y_row, y_row, count, sums + r);
  }
  for (; r < rows; r++) vector_dots_1(x, y + r * y_row, y_row, count, sums + r);
}

static void vector_minimum_maximum(const float *x, size_t count, float *low, float *high) {
  float ends[2 * VL];
  vf least = v_set(INFINITY), most = v_set(-INFINITY);
  vbool unordered = v_never();
  size_t i = 0;
  for (; i + VL <= count; i += VL) {
    const vf a = v_load(x + i);
    least = v_min(a, least);
    most = v_max(a, most);
    unordered = v_or(unordered, v_unordered(a, a));
  }
  v_store(ends, least);
  v_store(ends + VL, most);
  float rest_low, rest_high;
  dfq_scalar_minimum_maximum(x + i, count - i, &rest_low, &rest_high);
  float vector_low, vector_high, ignored;
  dfq_scalar_minimum_maximum(ends, VL, &vector_low, &ignored);
  dfq_scalar_minimum_maximum(ends + VL, VL, &ignored, &vector_high);
  if (v_any(unordered) || rest_low != rest_low) {
    *low = *high = NAN;
    return;
  }
  *low = rest_low < vector_low ? rest_low : vector_low;
  *high = rest_high > vector_high ? rest_high : vector_high;
}
