/* y[r] += sum over t of a[r][t] * x[t] for rows of y: fully connected layers of several images. Rows of y stay in registers
 * while some terms are added to them, in order: the bits are those of one axpy after the other. */
enum {
  PRODUCT_ROWS = 8,                     /* of y at a time */
  PRODUCT_TERMS = 16,                   /* as many rows of x are read side by side */
  PRODUCT_VECTORS = VL >= 16 ? 2 : 1,   /* of a row at a time: with the rows, as many as there are registers */
};

typedef struct {
  const float *a, *x;
  float *y;
  size_t a_row, a_term, x_term, y_row;
  int32_t terms, from_zero;
} product_block;

#define PRODUCT_TILE(R, V, n)                                                                    \
  do {                                                                                           \
    vf sums[R][V];                                                                               \
    UNROLL_FULLY for (int r = 0; r < (R); r++) {                                                 \
      UNROLL_FULLY for (int v = 0; v < (V); v++) {                                               \
        sums[r][v] = b->from_zero ? v_zero()                                                     \
                                  : v_load_n(b->y + r * b->y_row + j + v * VL,                   \
                                             v + 1 < (V) ? VL : (n));                            \
      }                                                                                          \
    }                                                                                            \
    for (int32_t t = 0; t < b->terms; t++) {                                                     \
      vf x[V];                                                                                   \
      UNROLL_FULLY for (int v = 0; v < (V); v++) {                                               \
        x[v] = v_load_n(b->x + t * b->x_term + j + v * VL, v + 1 < (V) ? VL : (n));              \
      }                                                                                          \
      UNROLL_FULLY for (int r = 0; r < (R); r++) {                                               \
        const vf a = v_set(b->a[r * b->a_row + t * b->a_term]);                                  \
        UNROLL_FULLY for (int v = 0; v < (V); v++) sums[r][v] = v_fma(a, x[v], sums[r][v]);      \
      }                                                                                          \
    }                                                                                            \
    UNROLL_FULLY for (int r = 0; r < (R); r++) {                                                 \
      UNROLL_FULLY for (int v = 0; v < (V); v++) {                                               \
        v_store_n(b->y + r * b->y_row + j + v * VL, v + 1 < (V) ? VL : (n), sums[r][v]);         \
      }                                                                                          \
    }                                                                                            \
  } while (0)

#define PRODUCT_BLOCK(R)                                                            \
  static void product_block_##R(const product_block *b, size_t count) {             \
    size_t j = 0;                                                                   \
    for (; j + PRODUCT_VECTORS * VL <= count; j += PRODUCT_VECTORS * VL) {          \
      PRODUCT_TILE(R, PRODUCT_VECTORS, VL);                                         \
    }                                                                               \
    for (; j + VL <= count; j += VL) PRODUCT_TILE(R, 1, VL);                        \
    if (j < count) PRODUCT_TILE(R, 1, (int)(count - j));                            \
  }

PRODUCT_BLOCK(8)
PRODUCT_BLOCK(4)
PRODUCT_BLOCK(1)

static void vector_add_products(const dfq_products *p, int32_t rows, int32_t terms, size_t count) {
  for (int32_t t = 0; t < terms; t += PRODUCT_TERMS) {
    product_block b = {.a_row = p->a_row, .a_term = p->a_term, .x_term = p->x_term,
                       .y_row = p->y_row, .x = p->x + t * p->x_term,
                       .terms = terms - t < PRODUCT_TERMS ? terms - t : PRODUCT_TERMS,
                       .from_zero = p->from_zero && t == 0};
    for (int32_t r = 0; r < rows;) {
      b.a = p->a + r * p->a_row + t * p->a_term;
      b.y = p->y + r * p->y_row;
      if (rows - r >= PRODUCT_ROWS) {
        product_block_8(&b, count);
        r += PRODUCT_ROWS;
      } else if (rows - r >= 4) {
        product_block_4(&b, count);
        r += 4;
      } else {
        product_block_1(&b, count);
        r += 1;
      }
    }
  }
}
