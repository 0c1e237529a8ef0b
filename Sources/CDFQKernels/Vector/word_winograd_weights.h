/* Transformed weights: for each block of outputs [tap][pair of inputs][output][input of the pair], 16-bit words. */

/* Where the block of an output begins, in words: all blocks before it are whole. */
V_INLINE size_t word_winograd_block_place(const word_winograd_geometry *g, int32_t output) {
  return (size_t)output * g->pairs * 2 * WORD_WINOGRAD_TAPS;
}

KERNEL size_t vector_word_winograd_weight_bytes(const dfq_conv_shape *s) {
  if (!word_winograd_fits(s)) return 0;
  return (size_t)divide_up(s->out_channels, VL) * VL * divide_up(s->in_channels, 2) * 4 *
         WORD_WINOGRAD_TAPS;
}

/* G of three rows of VL weights. */
V_INLINE void word_winograd_weight_line(const int16_t *a, const int16_t *b, const int16_t *c,
                                        int16_t *taps, size_t step) {
  for (int32_t lane = 0; lane < VL; lane++) {
    const int32_t outer = a[lane] + c[lane], far = a[lane] + 4 * c[lane], twice = 2 * b[lane];
    taps[lane] = (int16_t)(6 * a[lane]);
    taps[step + lane] = (int16_t)(outer + b[lane]);
    taps[2 * step + lane] = (int16_t)(outer - b[lane]);
    taps[3 * step + lane] = (int16_t)(far + twice);
    taps[4 * step + lane] = (int16_t)(far - twice);
    taps[5 * step + lane] = (int16_t)(6 * c[lane]);
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
  const size_t step = (size_t)s->in_channels * s->out_channels;
  int32_t vectors;
  for (int32_t start = 0; start < s->out_channels; start += vectors * VL) {
    vectors = word_winograd_block_vectors(&g, s, start);
    int16_t *block = (int16_t *)(void *)packed + word_winograd_block_place(&g, start);
    for (int32_t v = 0; v < vectors; v++) {
      const int32_t o = start + v * VL, n = smaller(s->out_channels - o, VL);
      if (!word_winograd_divides(s, weight, o, n)) return 0;
      for (int32_t pair = 0; pair < g.pairs; pair++) {
        int16_t taps[2][WORD_WINOGRAD_TAPS * VL] = {{0}};
        for (int32_t i = 2 * pair; i < smaller(2 * pair + 2, s->in_channels); i++) {
          word_winograd_transform(weight + (size_t)i * s->out_channels + o, step, n, taps[i % 2]);
        }
        for (int32_t tap = 0; tap < WORD_WINOGRAD_TAPS; tap++) {
          int16_t *to = block + (((size_t)tap * g.pairs + pair) * vectors + v) * 2 * VL;
          for (int32_t lane = 0; lane < VL; lane++) {
            to[2 * lane] = taps[0][tap * VL + lane];
            to[2 * lane + 1] = taps[1][tap * VL + lane];
          }
        }
      }
    }
  }
  return 1;
}
