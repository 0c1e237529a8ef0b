/* The dense convolution of codes whose results are codes: the tiles of integer_tile.h with the ending of code_ending.h. */
typedef struct {
  code_ending constants;
  const dfq_code_ending *from;
} code_finish;

/* One vector of channels of all pixels of a tile, four pixels at a time. */
V_INLINE void code_finish_vector(const int KIND, const code_finish *finish, const integer_sums *s,
                                 int32_t v, const int n) {
  const code_ending e = finish->constants;
  const code_channels c = code_channels_at(finish->from, s->output + v * VL, n);
  const code_channels channels[4] = {c, c, c, c};
  const size_t step = (size_t)s->vectors * VL, pixel = s->pixel_step;
  const int32_t *from = s->sums + v * VL, pixels = s->pixels;
  size_t place = s->at + v * VL;
  int32_t p = 0;
  for (; p + 4 <= pixels; p += 4, from += 4 * step, place += 4 * pixel) {
    const vi sums[4] = {vi_load(from), vi_load(from + step), vi_load(from + 2 * step),
                        vi_load(from + 3 * step)};
    const size_t at[4] = {place, place + pixel, place + 2 * pixel, place + 3 * pixel};
    code_ending_write(KIND, 4, &e, channels, sums, at, n);
  }
  for (; p < pixels; p++, from += step, place += pixel) {
    const vi sum = vi_load(from);
    code_ending_write(KIND, 1, &e, channels, &sum, &place, n);
  }
}

#define CODE_FINISH(KIND)                                                             \
  static void code_finish_##KIND(const void *ending, const integer_sums *s) {         \
    for (int32_t v = 0; v < s->vectors; v++) {                                        \
      const int32_t lanes = v == s->vectors - 1 ? s->lanes : VL;                      \
      if (lanes == VL) code_finish_vector(KIND, ending, s, v, VL);                    \
      if (lanes < VL) code_finish_vector(KIND, ending, s, v, lanes);                  \
    }                                                                                 \
  }
#define CODE_FINISH_NAME(KIND) code_finish_##KIND,
#define FOR_CODE_KINDS(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11)

FOR_CODE_KINDS(CODE_FINISH)
static const integer_finish code_finishes[CODE_KINDS] = {FOR_CODE_KINDS(CODE_FINISH_NAME)};

static void vector_code_conv(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
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
