/* Winograd's minimal filtering F(TILE x TILE, 3 x 3), TILE 2 or 4, in one dimension; applied to
 * the columns and then to the rows of a tile it is the one in two. A tile of SIDE = TILE + 2 inputs
 * gives TILE outputs:
 *
 *   y = At [(G w) * (Bt x)],   and the gradients   dw = Gt [(A dy) * (Bt x)],   dx = B [(G w) * (A dy)].
 *
 * Lavin, Gray: Fast Algorithms for Convolutional Neural Networks, section 4. The interpolation
 * points are 0, 1, -1 and infinity for TILE 2. For TILE 4 they are 0, NEAR, -NEAR, FAR, -FAR and
 * infinity: with 5/8 and 3/2 the largest error is a quarter of that with the usual 1 and 2, and
 * all entries of A and B are exact. */
#define WINOGRAD_SIDE(TILE) ((TILE) + 2)
#define NEAR 0.625f
#define FAR 1.5f
#define NEAR_SQUARE (NEAR * NEAR)
#define FAR_SQUARE (FAR * FAR)
/* The products of a point's distances to all others. */
#define ZERO_NORM (NEAR_SQUARE * FAR_SQUARE)
#define NEAR_NORM (2 * NEAR_SQUARE * (NEAR_SQUARE - FAR_SQUARE))
#define FAR_NORM (2 * FAR_SQUARE * (FAR_SQUARE - NEAR_SQUARE))
enum { WINOGRAD_MOST = 6 };

/* Bt x: SIDE inputs to SIDE. */
V_INLINE void winograd_input_line(const int TILE, const vf *x, vf *y) {
  if (TILE == 2) {
    y[0] = v_sub(x[0], x[2]);
    y[1] = v_add(x[1], x[2]);
    y[2] = v_sub(x[2], x[1]);
    y[3] = v_sub(x[1], x[3]);
    return;
  }
  const vf all = v_set(ZERO_NORM), both = v_set(-(NEAR_SQUARE + FAR_SQUARE));
  const vf near_even = v_fma(v_set(-FAR_SQUARE), x[2], x[4]);
  const vf near_odd = v_fma(v_set(-FAR_SQUARE), x[1], x[3]);
  const vf far_even = v_fma(v_set(-NEAR_SQUARE), x[2], x[4]);
  const vf far_odd = v_fma(v_set(-NEAR_SQUARE), x[1], x[3]);
  y[0] = v_fma(all, x[0], v_fma(both, x[2], x[4]));
  y[1] = v_fma(v_set(NEAR), near_odd, near_even);
  y[2] = v_fma(v_set(-NEAR), near_odd, near_even);
  y[3] = v_fma(v_set(FAR), far_odd, far_even);
  y[4] = v_fma(v_set(-FAR), far_odd, far_even);
  y[5] = v_fma(all, x[1], v_fma(both, x[3], x[5]));
}

/* B m: SIDE products to SIDE input gradients, the transpose of the above. */
V_INLINE void winograd_input_gradient_line(const int TILE, const vf *m, vf *x) {
  if (TILE == 2) {
    x[0] = m[0];
    x[1] = v_add(v_sub(m[1], m[2]), m[3]);
    x[2] = v_sub(v_add(m[1], m[2]), m[0]);
    x[3] = v_sub(v_zero(), m[3]);
    return;
  }
  const vf all = v_set(ZERO_NORM), both = v_set(-(NEAR_SQUARE + FAR_SQUARE));
  const vf near_sum = v_add(m[1], m[2]), near_difference = v_sub(m[1], m[2]);
  const vf far_sum = v_add(m[3], m[4]), far_difference = v_sub(m[3], m[4]);
  x[0] = v_mul(all, m[0]);
  x[1] = v_fma(v_set(-NEAR * FAR_SQUARE), near_difference,
               v_fma(v_set(-FAR * NEAR_SQUARE), far_difference, v_mul(all, m[5])));
  x[2] = v_fma(v_set(-FAR_SQUARE), near_sum,
               v_fma(v_set(-NEAR_SQUARE), far_sum, v_mul(both, m[0])));
  x[3] = v_fma(v_set(NEAR), near_difference,
               v_fma(v_set(FAR), far_difference, v_mul(both, m[5])));
  x[4] = v_add(v_add(m[0], near_sum), far_sum);
  x[5] = m[5];
}

/* At m: SIDE products to TILE outputs. */
V_INLINE void winograd_output_line(const int TILE, const vf *m, vf *y) {
  const vf sum = v_add(m[1], m[2]), difference = v_sub(m[1], m[2]);
  if (TILE == 2) {
    y[0] = v_add(m[0], sum);
    y[1] = v_sub(difference, m[3]);
    return;
  }
  const vf far_sum = v_add(m[3], m[4]), far_difference = v_sub(m[3], m[4]);
  y[0] = v_add(v_add(m[0], sum), far_sum);
  y[1] = v_fma(v_set(FAR), far_difference, v_mul(v_set(NEAR), difference));
  y[2] = v_fma(v_set(FAR_SQUARE), far_sum, v_mul(v_set(NEAR_SQUARE), sum));
  y[3] = v_fma(v_set(FAR * FAR_SQUARE), far_difference,
               v_fma(v_set(NEAR * NEAR_SQUARE), difference, m[5]));
}

/* A g: TILE output gradients to SIDE, the transpose of the above. */
V_INLINE void winograd_gradient_line(const int TILE, const vf *g, vf *z) {
  z[0] = g[0];
  if (TILE == 2) {
    z[1] = v_add(g[0], g[1]);
    z[2] = v_sub(g[0], g[1]);
    z[3] = v_sub(v_zero(), g[1]);
    return;
  }
  const vf near_even = v_fma(v_set(NEAR_SQUARE), g[2], g[0]);
  const vf near_odd = v_fma(v_set(NEAR_SQUARE), g[3], g[1]);
  const vf far_even = v_fma(v_set(FAR_SQUARE), g[2], g[0]);
  const vf far_odd = v_fma(v_set(FAR_SQUARE), g[3], g[1]);
  z[1] = v_fma(v_set(NEAR), near_odd, near_even);
  z[2] = v_fma(v_set(-NEAR), near_odd, near_even);
  z[3] = v_fma(v_set(FAR), far_odd, far_even);
  z[4] = v_fma(v_set(-FAR), far_odd, far_even);
  z[5] = g[3];
}

/* G w: 3 weights to SIDE. */
V_INLINE void winograd_weight_line(const int TILE, const vf *w, vf *u) {
  if (TILE == 2) {
    const vf half = v_set(0.5f), ends = v_add(w[0], w[2]);
    u[0] = w[0];
    u[1] = v_mul(half, v_add(ends, w[1]));
    u[2] = v_mul(half, v_sub(ends, w[1]));
    u[3] = w[2];
    return;
  }
  const vf near = v_mul(v_set(1 / NEAR_NORM), v_fma(v_set(NEAR_SQUARE), w[2], w[0]));
  const vf far = v_mul(v_set(1 / FAR_NORM), v_fma(v_set(FAR_SQUARE), w[2], w[0]));
  u[0] = v_mul(v_set(1 / ZERO_NORM), w[0]);
  u[1] = v_fma(v_set(NEAR / NEAR_NORM), w[1], near);
  u[2] = v_fma(v_set(-NEAR / NEAR_NORM), w[1], near);
  u[3] = v_fma(v_set(FAR / FAR_NORM), w[1], far);
  u[4] = v_fma(v_set(-FAR / FAR_NORM), w[1], far);
  u[5] = w[2];
}

/* Gt p: SIDE products to the gradients of 3 weights, the transpose of the above. */
V_INLINE void winograd_weight_gradient_line(const int TILE, const vf *p, vf *w) {
  const vf sum = v_add(p[1], p[2]);
  if (TILE == 2) {
    const vf half = v_set(0.5f);
    w[0] = v_fma(half, sum, p[0]);
    w[1] = v_mul(half, v_sub(p[1], p[2]));
    w[2] = v_fma(half, sum, p[3]);
    return;
  }
  const vf near = v_mul(v_set(1 / NEAR_NORM), sum);
  const vf far = v_mul(v_set(1 / FAR_NORM), v_add(p[3], p[4]));
  w[0] = v_fma(v_set(1 / ZERO_NORM), p[0], v_add(near, far));
  w[1] = v_fma(v_set(NEAR / NEAR_NORM), v_sub(p[1], p[2]),
               v_mul(v_set(FAR / FAR_NORM), v_sub(p[3], p[4])));
  w[2] = v_fma(v_set(NEAR_SQUARE), near, v_fma(v_set(FAR_SQUARE), far, p[5]));
}
