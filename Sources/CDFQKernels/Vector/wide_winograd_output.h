/* A^T along the columns, and the ending of the outputs of each tile. The sums are 16 or 8 times those of the convolution; the scale
 * of the ending is divided by that instead, which gives the same bits (code_tiles_divide). */
/* A row of outputs of a tile, from one sum of each line; general endings get the outputs themselves. */
V_INLINE void wide_outputs(const int KIND, const int WIDTH, const int32_t *sums, int32_t row,
                           vi *y) {
  vi m[WIDE_MOST_LINES];
  UNROLL_FULLY for (int line = 0; line < wide_lines(WIDTH); line++) {
    m[line] = vi_load(sums + (4 * line + row) * VL);
  }
  const vi sum = vi_add(m[WIDE_SUM], m[WIDE_ALTERNATING]);
  const vi difference = vi_subtract(m[WIDE_SUM], m[WIDE_ALTERNATING]);
  if (WIDTH == 2) {
    y[0] = vi_add(sum, m[WIDE_TWO_FIRST]);
    y[1] = vi_subtract(difference, m[WIDE_TWO_LAST]);
  } else {
    const vi even = vi_add(m[WIDE_JOINT], m[WIDE_EVEN]), odd = vi_add(m[WIDE_JOINT], m[WIDE_ODD]);
    const vi even_twice = vi_add(even, even), odd_twice = vi_add(odd, odd);
    y[0] = vi_add(vi_add(sum, even_twice), m[WIDE_FIRST]);
    y[1] = vi_add(difference, odd_twice);
    y[2] = vi_subtract(sum, even_twice);
    y[3] = vi_add(vi_subtract(difference, odd_twice), m[WIDE_LAST]);
  }
  if (KIND >= CODE_GENERAL) {
    UNROLL_FULLY for (int k = 0; k < WIDTH; k++) y[k] = vi_divide_power(y[k], WIDTH == 4 ? 4 : 3);
  }
}

V_INLINE void wide_outputs_2(const int KIND, const int32_t *sums, int32_t row, vi *y) {
  wide_outputs(KIND, 2, sums, row, y);
}

V_INLINE void wide_outputs_4(const int KIND, const int32_t *sums, int32_t row, vi *y) {
  wide_outputs(KIND, 4, sums, row, y);
}

#define WIDE_VECTOR_SUMS(WIDTH) ((WIDTH == 4 ? WIDE_MOST_LINES : WIDE_TWO_LINES) * 4 * VL)
#define WIDE_WRITE(WIDTH, KIND)                                                             \
  static void wide_write_##WIDTH##_##KIND(const code_tiles *r) {                          \
    code_tiles_write_block(KIND, 4, WIDTH, WIDE_VECTOR_SUMS(WIDTH), wide_outputs_##WIDTH,   \
                           WIDTH == 4 ? 0x1p-4f : 0x1p-3f, r);                              \
  }
#define WIDE_WRITE_2(KIND) WIDE_WRITE(2, KIND)
#define WIDE_WRITE_4(KIND) WIDE_WRITE(4, KIND)
#define WIDE_WRITE_NAME_2(KIND) wide_write_2_##KIND,
#define WIDE_WRITE_NAME_4(KIND) wide_write_4_##KIND,

FOR_CODE_KINDS(WIDE_WRITE_2)
FOR_CODE_KINDS(WIDE_WRITE_4)
/* By width of tiles, 2 and 4, and kind of ending. */
static const code_tiles_write wide_writes[2][CODE_KINDS] = {{FOR_CODE_KINDS(WIDE_WRITE_NAME_2)},
                                                      {FOR_CODE_KINDS(WIDE_WRITE_NAME_4)}};
