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

/* G of three numbers, `step` apart. */
static void word_winograd_weight_line(const int32_t *g, int32_t step, int32_t *taps) {
  const int32_t a = g[0], b = g[step], c = g[2 * step];
  taps[0] = 6 * a;
  taps[1] = a + b + c;
  taps[2] = a - b + c;
  taps[3] = a + 2 * b + 4 * c;
  taps[4] = a - 2 * b + 4 * c;
  taps[5] = 6 * c;
}

/* Whether all sums of an output are small enough for the division of the output transform. */
static int word_winograd_divides(const dfq_conv_shape *s, const int8_t *weight, int32_t output) {
  int64_t above = 0, below = 0;
  for (size_t i = 0; i < (size_t)9 * s->in_channels; i++) {
    const int32_t w = weight[i * s->out_channels + output];
    if (w > 0) above += w;
    if (w < 0) below -= w;
  }
  return 255 * (above > below ? above : below) < WORD_WINOGRAD_MOST;
}

KERNEL int32_t vector_word_winograd_pack(const dfq_conv_shape *s, const int8_t *weight,
                                         int8_t *packed) {
  const word_winograd_geometry g = word_winograd_geometry_of(s);
  const int32_t ins = s->in_channels, outs = s->out_channels;
  int16_t *words = (int16_t *)(void *)packed;
  memset(packed, 0, vector_word_winograd_weight_bytes(s));
  for (int32_t o = 0; o < outs; o++) {
    if (!word_winograd_divides(s, weight, o)) return 0;
    /* Whole blocks come first, then one of two vectors, then one of one. */
    int32_t start = o / (g.vectors * VL) * g.vectors * VL;
    int32_t vectors = word_winograd_block_vectors(&g, s, start);
    while (o >= start + vectors * VL) {
      start += vectors * VL;
      vectors = word_winograd_block_vectors(&g, s, start);
    }
    int16_t *block = words + word_winograd_block_place(&g, start);
    for (int32_t i = 0; i < ins; i++) {
      int32_t kernel[9], half[18], taps[6];
      for (int32_t k = 0; k < 9; k++) kernel[k] = weight[((size_t)k * ins + i) * outs + o];
      for (int32_t x = 0; x < 3; x++) {
        word_winograd_weight_line(kernel + x, 3, taps);
        for (int32_t y = 0; y < 6; y++) half[3 * y + x] = taps[y];
      }
      for (int32_t y = 0; y < 6; y++) {
        word_winograd_weight_line(half + 3 * y, 1, taps);
        for (int32_t x = 0; x < 6; x++) {
          const size_t place = (size_t)(6 * y + x) * g.pairs + i / 2;
          block[(place * vectors * VL + (o - start)) * 2 + i % 2] = (int16_t)taps[x];
        }
      }
    }
  }
  return 1;
}
