/* Transformed weights: for each block of outputs the start values of the sums, [sum][output] words, then the bytes,
 * [place][group of inputs][output][input of the group]. */
V_INLINE size_t strided_start_bytes(int32_t vectors) {
  return (size_t)STRIDED_SUMS * vectors * VL * sizeof(int32_t);
}

V_INLINE size_t strided_block_bytes(const strided_geometry *g, int32_t vectors) {
  return strided_start_bytes(vectors) + (size_t)STRIDED_WEIGHTS * g->groups * vectors * 4 * VL;
}

/* Where the block of an output begins: all blocks before it are whole. */
V_INLINE size_t strided_block_place(const strided_geometry *g, int32_t output) {
  return output / (g->vectors * VL) * strided_block_bytes(g, g->vectors);
}

static size_t strided_weight_bytes(const dfq_conv_shape *s) {
  if (!strided_fits(s)) return 0;
  const strided_geometry g = strided_geometry_of(s);
  return s->out_channels / VL * strided_block_bytes(&g, 1);
}

/* g0, g1, g0 + g2, g1, g2 of three numbers that are `step` apart. */
V_INLINE void strided_taps(const int32_t *from, int32_t step, int32_t *to, int32_t to_step) {
  const int32_t a = from[0], b = from[step], c = from[2 * step];
  const int32_t taps[STRIDED_SIDE] = {a, b, a + c, b, c};
  for (int32_t k = 0; k < STRIDED_SIDE; k++) to[k * to_step] = taps[k];
}

/* The weights of one input and output, which are `step` apart. */
static void strided_transform(const int8_t *weight, size_t step, int32_t *taps) {
  int32_t rows[3][STRIDED_SIDE];
  for (int32_t y = 0; y < 3; y++) {
    const int32_t row[3] = {weight[3 * y * step], weight[(3 * y + 1) * step],
                            weight[(3 * y + 2) * step]};
    strided_taps(row, 1, rows[y], 1);
  }
  for (int32_t x = 0; x < STRIDED_SIDE; x++) {
    strided_taps(rows[0] + x, STRIDED_SIDE, taps + x, STRIDED_SIDE);
  }
}

static int32_t strided_pack(const dfq_conv_shape *s, const int8_t *weight, int8_t *packed) {
  const strided_geometry g = strided_geometry_of(s);
  const int32_t ins = s->in_channels, outs = s->out_channels;
  memset(packed, 0, strided_weight_bytes(s));
  for (int32_t o = 0; o < outs; o++) {
    const int32_t lane = o % (g.vectors * VL);
    const int32_t lanes = strided_block_vectors(&g, s, o - lane) * VL;
    int8_t *block = packed + strided_block_place(&g, o);
    int8_t *bytes = block + strided_start_bytes(lanes / VL);
    int32_t starts[STRIDED_SUMS] = {0};
    for (int32_t i = 0; i < ins; i++) {
      int32_t taps[STRIDED_PRODUCTS];
      strided_transform(weight + (size_t)i * outs + o, (size_t)ins * outs, taps);
      for (int32_t k = 0; k < STRIDED_PRODUCTS; k++) {
        if (taps[k] < -128 || taps[k] > 127) return 0;
        const int32_t row = k / STRIDED_SIDE, column = k % STRIDED_SIDE;
        const int32_t sum = strided_sum_of(row, column);
        const size_t place = strided_weight_place(row, column);
        bytes[((place * g.groups + i / 4) * lanes + lane) * 4 + i % 4] = (int8_t)taps[k];
        starts[sum] -= strided_offset(row, column) * taps[k];
      }
    }
    for (int32_t sum = 0; sum < STRIDED_SUMS; sum++) {
      memcpy(block + ((size_t)sum * lanes + lane) * sizeof(int32_t), starts + sum,
             sizeof(int32_t));
    }
  }
  return 1;
}
