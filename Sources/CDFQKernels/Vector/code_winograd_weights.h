/* Transformed weights: for each block of outputs the start values of the sums, [tap][output] words, then the bytes. Narrow:
 * [row of taps][group of inputs][tap of the row][output][input of the group]; else [tap][group][output][input]. */
V_INLINE size_t code_winograd_start_bytes(const code_winograd_geometry *g) {
  return WINOGRAD_TAPS * code_winograd_sum_bytes(g);
}

V_INLINE size_t code_winograd_block_bytes(const code_winograd_geometry *g) {
  return code_winograd_start_bytes(g) +
         (size_t)WINOGRAD_TAPS * g->groups * g->vectors * VL * 4;
}

static size_t vector_code_winograd_weight_bytes(const dfq_conv_shape *s) {
  if (!code_winograd_fits(s)) return 0;
  const code_winograd_geometry g = code_winograd_geometry_of(s);
  return code_winograd_block_bytes(&g) * g.blocks;
}

/* (2G) g (2G)^T of the weights of one input and output, whose taps are `step` apart. */
static void code_winograd_transform(const int8_t *weight, size_t step, int32_t *taps) {
  int32_t half[4][3];
  for (int32_t x = 0; x < 3; x++) {
    const int32_t a = weight[x * step], b = weight[(3 + x) * step], c = weight[(6 + x) * step];
    half[0][x] = 2 * a;
    half[1][x] = a + b + c;
    half[2][x] = a - b + c;
    half[3][x] = 2 * c;
  }
  for (int32_t y = 0; y < 4; y++) {
    const int32_t a = half[y][0], b = half[y][1], c = half[y][2];
    taps[4 * y] = 2 * a;
    taps[4 * y + 1] = a + b + c;
    taps[4 * y + 2] = a - b + c;
    taps[4 * y + 3] = 2 * c;
  }
}

static int32_t vector_code_winograd_pack(const dfq_conv_shape *s, const int8_t *weight,
                                         int8_t *packed) {
  const code_winograd_geometry g = code_winograd_geometry_of(s);
  const int32_t width = g.vectors * VL, ins = s->in_channels, outs = s->out_channels;
  memset(packed, 0, code_winograd_block_bytes(&g) * g.blocks);
  for (int32_t o = 0; o < outs; o++) {
    int8_t *block = packed + (size_t)(o / width) * code_winograd_block_bytes(&g);
    int8_t *bytes = block + code_winograd_start_bytes(&g);
    int32_t starts[WINOGRAD_TAPS] = {0};
    for (int32_t i = 0; i < ins; i++) {
      int32_t taps[WINOGRAD_TAPS];
      code_winograd_transform(weight + (size_t)i * outs + o, (size_t)ins * outs, taps);
      for (int32_t tap = 0; tap < WINOGRAD_TAPS; tap++) {
        if (taps[tap] < -128 || taps[tap] > 127) return 0;
        const size_t group = i / 4;
        const size_t place = g.narrow ? ((size_t)(tap / 4) * g.groups + group) * 4 + tap % 4
                                      : (size_t)tap * g.groups + group;
        bytes[(place * width + o % width) * 4 + i % 4] = (int8_t)taps[tap];
        /* The sum of four codes has no offset. */
        if (tap != 5) starts[tap] -= WINOGRAD_OFFSET * taps[tap];
      }
    }
    for (int32_t tap = 0; tap < WINOGRAD_TAPS; tap++) {
      memcpy(block + ((size_t)tap * width + o % width) * sizeof(int32_t), starts + tap,
             sizeof(int32_t));
    }
  }
  return 1;
}
