/* A^T M A of a block's sums and the ending of the four outputs of each tile. The sums are four times those of the convolution; the
 * scale of the ending is divided by 4 instead, which gives the same bits (code_tiles_divide). */

/* A row of outputs of a tile times 4, from [line][tap] or, narrow, from [line][row]; general endings get the outputs themselves. */
V_INLINE void code_winograd_outputs(const int KIND, const int NARROW, const int32_t *sums,
                                    int32_t row, vi *y) {
  vi m[WINOGRAD_LINES];
  UNROLL_FULLY for (int line = 0; line < WINOGRAD_LINES; line++) {
    const int32_t *from = sums + (NARROW ? 2 * line + row : 4 * line) * VL;
    if (NARROW) {
      m[line] = vi_load(from);
    } else {
      const vi b = vi_load(from + VL), c = vi_load(from + 2 * VL);
      m[line] = row == 0 ? vi_add(vi_load(from), vi_add(b, c))
                         : vi_add(vi_subtract(b, c), vi_load(from + 3 * VL));
    }
  }
  y[0] = vi_add(m[0], vi_add(m[1], m[2]));
  y[1] = vi_subtract(vi_subtract(m[1], m[2]), m[3]);
  if (KIND >= CODE_GENERAL) {
    UNROLL_FULLY for (int k = 0; k < 2; k++) y[k] = vi_divide_power(y[k], 2);
  }
}

V_INLINE void code_winograd_outputs_taps(const int KIND, const int32_t *sums, int32_t row, vi *y) {
  code_winograd_outputs(KIND, 0, sums, row, y);
}

V_INLINE void code_winograd_outputs_pairs(const int KIND, const int32_t *sums, int32_t row, vi *y) {
  code_winograd_outputs(KIND, 1, sums, row, y);
}

V_INLINE void code_winograd_part(const int KIND, const int VECTORS, const code_tiles *r, int32_t v,
                                 const int n) {
  if (code_winograd_is_narrow(r->shape)) {
    code_tiles_write_vectors(KIND, 2, 2, VECTORS, WINOGRAD_TAPS / 2 * VL, code_winograd_outputs_pairs,
                             0.25f, r, v, n);
  } else {
    code_tiles_write_vectors(KIND, 2, 2, VECTORS, WINOGRAD_TAPS * VL, code_winograd_outputs_taps, 0.25f,
                             r, v, n);
  }
}

#define CODE_WINOGRAD_REST(KIND)                                                 \
  static void code_winograd_rest_##KIND(const code_tiles *r, int32_t v, int n) { \
    code_winograd_part(KIND, 1, r, v, n);                                        \
  }
#define CODE_WINOGRAD_REST_NAME(KIND) code_winograd_rest_##KIND,
FOR_GENERAL_CODE_KINDS(CODE_WINOGRAD_REST)
static void (*const code_winograd_rests[GENERAL_CODE_KINDS])(const code_tiles *, int32_t,
                                                             int) = {
    FOR_GENERAL_CODE_KINDS(CODE_WINOGRAD_REST_NAME)};

/* A block has one or two vectors, of which the last may not be full. */
#define CODE_WINOGRAD_WRITE(KIND)                                               \
  static void code_winograd_write_##KIND(const code_tiles *r) {                 \
    const int32_t vectors = r->outputs / VL, rest = r->outputs % VL;            \
    if (vectors == 2) code_winograd_part(KIND, 2, r, 0, VL);                    \
    if (vectors == 1) code_winograd_part(KIND, 1, r, 0, VL);                    \
    if (rest) code_winograd_rests[KIND % GENERAL_CODE_KINDS](r, vectors, rest); \
  }
#define CODE_WINOGRAD_WRITE_NAME(KIND) code_winograd_write_##KIND,

FOR_CODE_KINDS(CODE_WINOGRAD_WRITE)
static const code_tiles_write code_winograd_writes[CODE_KINDS] = {
    FOR_CODE_KINDS(CODE_WINOGRAD_WRITE_NAME)};
