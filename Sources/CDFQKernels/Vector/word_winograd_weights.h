/* Transformed weights, 16-bit words: for each block of two vectors of outputs
 * [line][step][pair of inputs][tap][vector][output][input of the pair]. A single vector has halves of which each has both taps,
 * as the strip has them: [line][step][pair][two outputs of each four][output][tap][input]. */

/* Where the weights of a block begin, in words: all blocks before it are whole. */
V_INLINE size_t word_winograd_weight_place(const word_winograd_geometry *g, int32_t output) {
  return (size_t)output * g->pairs * 2 * WORD_WINOGRAD_TAPS;
}

/* Outputs in whole blocks. */
V_INLINE int32_t word_winograd_outputs_in_blocks(const word_winograd_geometry *g,
                                                 const dfq_conv_shape *s) {
  const int32_t block = g->single ? VL : 2 * VL;
  return divide_up(s->out_channels, block) * block;
}

KERNEL size_t vector_word_winograd_weight_bytes(const dfq_conv_shape *s) {
  if (!word_winograd_fits(s)) return 0;
  const word_winograd_geometry g = word_winograd_geometry_of(s);
  return sizeof(int16_t) *
         word_winograd_weight_place(&g, word_winograd_outputs_in_blocks(&g, s));
}

/* Stores the weights of a tap of both inputs of a pair, for vector 0 or 1 of a block. */
V_INLINE void word_winograd_place(const word_winograd_geometry *g, int32_t tap, int32_t pair,
                                  int32_t vector, const int16_t *even, const int16_t *odd,
                                  int16_t *block) {
  const int32_t row = tap / WORD_WINOGRAD_SIDE, line = tap % WORD_WINOGRAD_SIDE;
  const size_t step = ((size_t)line * WORD_WINOGRAD_STEPS + row / 2) * g->pairs + pair;
  int16_t *to = block + step * (g->single ? 4 : 8) * VL;
  if (g->single) {
    for (int32_t o = 0; o < VL; o++) {
      const int32_t at = o % 4 / 2 * VL + o / 4 * 4 + o % 2 * 2 + row % 2;
      to[2 * at] = even[o];
      to[2 * at + 1] = odd[o];
    }
  } else {
    to += (row % 2 * 2 + vector) * 2 * VL;
    for (int32_t o = 0; o < VL; o++) {
      to[2 * o] = even[o];
      to[2 * o + 1] = odd[o];
    }
  }
}

/* G of three rows of VL weights. */
V_INLINE void word_winograd_weight_line(const int16_t *a, const int16_t *b, const int16_t *c,
                                        int16_t *taps, size_t step) {
  for (int32_t lane = 0; lane < VL; lane++) {
    const int32_t outer = a[lane] + c[lane], far = a[lane] + 4 * c[lane], twice = 2 * b[lane];
    taps[WORD_WINOGRAD_FIRST * step + lane] = (int16_t)(6 * a[lane]);
    taps[WORD_WINOGRAD_ONE * step + lane] = (int16_t)(outer + b[lane]);
    taps[WORD_WINOGRAD_MINUS_ONE * step + lane] = (int16_t)(outer - b[lane]);
    taps[WORD_WINOGRAD_TWO * step + lane] = (int16_t)(far + twice);
    taps[WORD_WINOGRAD_MINUS_TWO * step + lane] = (int16_t)(far - twice);
    taps[WORD_WINOGRAD_LAST * step + lane] = (int16_t)(6 * c[lane]);
  }
}

/* G g G^T of the weights of one input and n outputs, whose taps are `step` apart: [tap][output]. */
static void word_winograd_transform(const int8_t *weight, size_t step, int32_t n, int16_t *taps) {
  int16_t kernel[9 * VL] = {0}, half[3 * WORD_WINOGRAD_SIDE * VL];
  for (int32_t k = 0; k < 9; k++) {
    for (int32_t lane = 0; lane < n; lane++) kernel[k * VL + lane] = weight[k * step + lane];
  }
  for (int32_t x = 0; x < 3; x++) {
    const int16_t *column = kernel + x * VL;
    word_winograd_weight_line(column, column + 3 * VL, column + 6 * VL, half + x * VL, 3 * VL);
  }
  for (int32_t y = 0; y < WORD_WINOGRAD_SIDE; y++) {
    const int16_t *row = half + 3 * y * VL;
    word_winograd_weight_line(row, row + VL, row + 2 * VL, taps + WORD_WINOGRAD_SIDE * y * VL, VL);
  }
}

/* Whether all sums of outputs o ..< o + n, n <= VL, are small enough for the division of the output transform. */
static int word_winograd_divides(const dfq_conv_shape *s, const int8_t *weight, int32_t o,
                                 int32_t n) {
  /* With more products, a sum of weights might not fit 32 bits. */
  if (s->in_channels > 1 << 20) return 0;
  int32_t above[VL] = {0}, below[VL] = {0};
  for (size_t i = 0; i < (size_t)9 * s->in_channels; i++) {
    for (int32_t lane = 0; lane < n; lane++) {
      const int32_t w = weight[i * s->out_channels + o + lane];
      above[lane] += larger(w, 0);
      below[lane] += larger(-w, 0);
    }
  }
  for (int32_t lane = 0; lane < n; lane++) {
    if (larger(above[lane], below[lane]) > (WORD_WINOGRAD_MOST - 1) / 255) return 0;
  }
  return 1;
}

KERNEL int32_t vector_word_winograd_pack(const dfq_conv_shape *s, const int8_t *weight,
                                         int8_t *packed) {
  const word_winograd_geometry g = word_winograd_geometry_of(s);
  const size_t tap_weights = (size_t)s->in_channels * s->out_channels;
  const int32_t outputs = word_winograd_outputs_in_blocks(&g, s);
  for (int32_t o = 0; o < outputs; o += VL) {
    const int32_t vector = g.single ? 0 : o / VL % 2, n = smaller(larger(s->out_channels - o, 0), VL);
    if (!word_winograd_divides(s, weight, o, n)) return 0;
    int16_t *block =
        (int16_t *)(void *)packed + word_winograd_weight_place(&g, o - vector * VL);
    for (int32_t pair = 0; pair < g.pairs; pair++) {
      int16_t taps[2][WORD_WINOGRAD_TAPS * VL] = {{0}};
      for (int32_t i = 2 * pair; i < smaller(2 * pair + 2, s->in_channels); i++) {
        word_winograd_transform(weight + (size_t)i * s->out_channels + o, tap_weights, n,
                                taps[i % 2]);
      }
      for (int32_t tap = 0; tap < WORD_WINOGRAD_TAPS; tap++) {
        word_winograd_place(&g, tap, pair, vector, taps[0] + tap * VL, taps[1] + tap * VL, block);
      }
    }
  }
  return 1;
}
