/* A^T along the columns, and the ending of the outputs of each tile. */
/* What makes 64 times the outputs of the sums of a row and a column, which are 9 times and 8, 4, 2 and 2 times the outputs
 * along the rows and along the columns: the inverse of 9, and a power of two. */
#define WORD_WINOGRAD_FACTORS(POWER)                                                       \
  {(int32_t)((uint32_t)WORD_WINOGRAD_INVERSE << (POWER)),                                  \
   (int32_t)((uint32_t)WORD_WINOGRAD_INVERSE << (POWER + 1)),                              \
   (int32_t)((uint32_t)WORD_WINOGRAD_INVERSE << (POWER + 2)),                              \
   (int32_t)((uint32_t)WORD_WINOGRAD_INVERSE << (POWER + 2))}
static const int32_t word_winograd_factors[4][4] = {
    WORD_WINOGRAD_FACTORS(0), WORD_WINOGRAD_FACTORS(1), WORD_WINOGRAD_FACTORS(2),
    WORD_WINOGRAD_FACTORS(2)};

/* A row of outputs of a tile, from one sum of each line: 64 times the outputs, or the outputs for general endings. */
V_INLINE void word_winograd_outputs(const int KIND, const int32_t *sums, int32_t row,
                                    vi *outputs) {
  vi m[WORD_WINOGRAD_SIDE];
  UNROLL_FULLY for (int line = 0; line < WORD_WINOGRAD_SIDE; line++) {
    m[line] = vi_load(sums + (4 * line + row) * VL);
  }
  word_winograd_output_line(m, outputs);
  UNROLL_FULLY for (int column = 0; column < 4; column++) {
    const vi factor = vi_set(word_winograd_factors[row][column]);
    outputs[column] = vi_multiply(outputs[column], factor);
    if (KIND >= CODE_GENERAL) outputs[column] = vi_divide_power(outputs[column], 6);
  }
}

V_INLINE void word_winograd_write_vector(const int KIND, const code_tiles *r, int32_t v,
                                         const int n) {
  code_tiles_write_vectors(KIND, 4, 4, 1, WORD_WINOGRAD_VECTOR_SUMS, word_winograd_outputs, 0x1p-6f, r,
                          v, n);
}

#define WORD_WINOGRAD_REST(KIND)                                          \
  static void word_winograd_rest_##KIND(const code_tiles *r, int32_t v) { \
    word_winograd_write_vector(KIND, r, v, r->outputs % VL);              \
  }
#define WORD_WINOGRAD_REST_NAME(KIND) word_winograd_rest_##KIND,
FOR_GENERAL_CODE_KINDS(WORD_WINOGRAD_REST)
static void (*const word_winograd_rests[GENERAL_CODE_KINDS])(const code_tiles *, int32_t) = {
    FOR_GENERAL_CODE_KINDS(WORD_WINOGRAD_REST_NAME)};

#define WORD_WINOGRAD_WRITE(KIND)                                                        \
  static void word_winograd_write_##KIND(const code_tiles *r) {                          \
    const int32_t vectors = r->outputs / VL;                                             \
    for (int32_t v = 0; v < vectors; v++) word_winograd_write_vector(KIND, r, v, VL);    \
    if (r->outputs % VL) word_winograd_rests[KIND % GENERAL_CODE_KINDS](r, vectors);     \
  }
#define WORD_WINOGRAD_WRITE_NAME(KIND) word_winograd_write_##KIND,

FOR_CODE_KINDS(WORD_WINOGRAD_WRITE)
static const code_tiles_write word_winograd_writes[CODE_KINDS] = {
    FOR_CODE_KINDS(WORD_WINOGRAD_WRITE_NAME)};
