/* The dense convolution of codes whose results are codes: the tiles of integer_tile.h with the ending of code_ending.h. */
typedef struct {
  code_ending constants;
  const dfq_code_ending *from;
} code_finish;

/* N vectors of sums from *from on. */
#define CODE_FINISH_NEXT(N, RUN)                                                        \
  {                                                                                     \
    vi sums[N];                                                                         \
    size_t at[N];                                                                       \
    UNROLL_FULLY for (int k = 0; k < N; k++) {                                          \
      sums[k] = vi_load(from + k * step);                                               \
      at[k] = place + k / VECTORS * pixel + k % VECTORS * VL;                           \
    }                                                                                   \
    code_ending_write_runs(KIND, N, RUN, &e, channels, sums, at, n);                    \
    left -= N, from += N * step, place += N / VECTORS * pixel;                          \
  }

/* All vectors of a tile, which has VECTORS of n channels a pixel, from the v-th of them on. RUN: how many of four vectors
 * are neighbours in the output. */
V_INLINE void code_finish_vectors(const int KIND, const int VECTORS, const int RUN,
                                  const code_finish *finish, const integer_sums *s, int32_t v,
                                  const int n) {
  const code_ending e = finish->constants;
  code_channels channels[4];
  UNROLL_FULLY for (int k = 0; k < 4; k++) {
    channels[k] = k < VECTORS ? code_channels_at(finish->from, s->output + (v + k) * VL, n)
                              : channels[k - VECTORS];
  }
  /* Vectors of all channels follow each other; those of one, after the others of its pixel. */
  const size_t step = VECTORS == 1 ? s->vectors * VL : VL, pixel = s->pixel_step;
  const int32_t *from = s->sums + v * VL;
  size_t place = s->at + v * VL;
  int32_t left = s->pixels * VECTORS;
  while (left >= 4) CODE_FINISH_NEXT(4, RUN)
  if (VECTORS <= 2 && left >= 2) CODE_FINISH_NEXT(2, VECTORS)
  if (VECTORS == 1 && left) CODE_FINISH_NEXT(1, 1)
}

V_INLINE void code_finish_sums(const int KIND, const code_finish *finish, const integer_sums *s) {
  if (s->lanes == VL && s->vectors == 4) return code_finish_vectors(KIND, 4, 4, finish, s, 0, VL);
  if (s->lanes == VL && s->vectors == 2) return code_finish_vectors(KIND, 2, 2, finish, s, 0, VL);
  if (s->lanes == VL && s->vectors == 1) {
    if (s->pixel_step == VL) return code_finish_vectors(KIND, 1, 4, finish, s, 0, VL);
    return code_finish_vectors(KIND, 1, 1, finish, s, 0, VL);
  }
  for (int32_t v = 0; v < s->vectors; v++) {
    code_finish_vectors(KIND, 1, 1, finish, s, v, v == s->vectors - 1 ? s->lanes : VL);
  }
}

#define CODE_FINISH(KIND)                                                     \
  static void code_finish_##KIND(const void *ending, const integer_sums *s) { \
    code_finish_sums(KIND, ending, s);                                        \
  }
#define CODE_FINISH_NAME(KIND) code_finish_##KIND,

/* Sums as they lie in memory, one vector of channels after the other. */
static void code_finish_fixed(const void *ending, const integer_sums *s) {
  const dfq_fixed_ending *fixed = ((const code_finish *)ending)->from->fixed;
  for (int32_t v = 0; v < s->vectors; v++) {
    fixed_pixels(fixed, s->sums + v * VL, s->vectors * VL, s->pixels, s->output + v * VL,
                 v == s->vectors - 1 ? s->lanes : VL, s->at + v * VL, s->pixel_step);
  }
}

FOR_CODE_KINDS(CODE_FINISH)
static const integer_finish code_finishes[CODE_KINDS + 1] = {
    FOR_CODE_KINDS(CODE_FINISH_NAME)[CODE_FIXED] = code_finish_fixed};

KERNEL void vector_code_conv(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
                             const int8_t *packed, const dfq_code_ending *ending,
                             int32_t first_row, int32_t end_row, void *scratch) {
  const float products = (float)s->kernel_height * s->kernel_width * s->in_channels;
  const code_finish finish = {code_ending_of(ending, s->out_channels, 255 * 128 * products), ending};
  const integer_outputs outputs = {
      .first_output = ending->first_output,
      .end_output = ending->end_output ? ending->end_output : s->out_channels,
      .first_row = first_row,
      .end_row = end_row,
      .finish = code_finishes[finish.constants.kind],
      .ending = &finish};
  integer_convolve(s, input, pad_code, packed, &outputs, scratch);
}
