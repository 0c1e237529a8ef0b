/* Transformed weights: for each block of outputs the start values of the sums, [tap][output] words, then the bytes. Narrow:
 * [line][pair b, c or a, d][group of inputs][tap of the pair][output][input of the group]; else [tap][group][output][input].
 * The last tap of each line is negated. */
V_INLINE size_t code_winograd_start_bytes(int32_t vectors) {
  return (size_t)WINOGRAD_TAPS * vectors * VL * sizeof(int32_t);
}

/* Of a whole block. */
V_INLINE int32_t code_winograd_block_bytes(const code_winograd_geometry *g) {
  return g->vectors * (g->groups + 1) * WINOGRAD_TAPS * VL * 4;
}

/* Where the block of an output begins: all blocks before it are whole. */
V_INLINE size_t code_winograd_block_place(const code_winograd_geometry *g, int32_t output) {
  return (size_t)(output / (g->vectors * VL)) * code_winograd_block_bytes(g);
}

static size_t vector_code_winograd_weight_bytes(const dfq_conv_shape *s) {
  if (!code_winograd_fits(s)) return 0;
  return (size_t)divide_up(s->out_channels, VL) * (divide_up(s->in_channels, 4) + 1) *
         WINOGRAD_TAPS * VL * 4;
}

/* (2G) g (2G)^T of the weights of one input and output, which are `step` apart: [line][tap], the last of each line negated. */
static void code_winograd_transform(const int8_t *weight, size_t step, int32_t *taps) {
  int32_t lines[3][WINOGRAD_LINES];
  for (int32_t y = 0; y < 3; y++) {
    const int8_t *row = weight + 3 * y * step;
    const int32_t a = row[0], b = row[step], c = row[2 * step];
    lines[y][0] = 2 * a;
    lines[y][1] = a + b + c;
    lines[y][2] = a - b + c;
    lines[y][3] = 2 * c;
  }
  for (int32_t line = 0; line < WINOGRAD_LINES; line++, taps += WINOGRAD_ROWS) {
    const int32_t a = lines[0][line], b = lines[1][line], c = lines[2][line];
    taps[0] = 2 * a;
    taps[1] = a + b + c;
    taps[2] = a - b + c;
    taps[3] = -2 * c;
  }
}

/* Where a tap's weights of one group of inputs are, in vectors of the block. */
V_INLINE size_t code_winograd_place(const code_winograd_geometry *g, int32_t tap, int32_t group) {
  if (!g->narrow) return (size_t)tap * g->groups + group;
  const int32_t middle = tap % 4 == 1 || tap % 4 == 2, second = tap % 4 >= 2;
  return (((size_t)(tap / 4) * 2 + !middle) * g->groups + group) * 2 + second;
}

/* The sums of b and c begin with what all four need: b + c and b - c are the begin of a's and d's. All starts are even. */
V_INLINE void code_winograd_join_starts(int32_t *starts) {
  for (int32_t tap = 0; tap < WINOGRAD_TAPS; tap += 4) {
    const int32_t a = starts[tap] / 2, d = starts[tap + 3] / 2;
    starts[tap + 1] += a + d;
    starts[tap + 2] += a - d;
  }
}

static int32_t vector_code_winograd_pack(const dfq_conv_shape *s, const int8_t *weight,
                                         int8_t *packed) {
  const code_winograd_geometry g = code_winograd_geometry_of(s);
  const int32_t ins = s->in_channels, outs = s->out_channels;
  memset(packed, 0, vector_code_winograd_weight_bytes(s));
  for (int32_t o = 0; o < outs; o++) {
    const int32_t lane = o % (g.vectors * VL);
    const int32_t vectors = code_winograd_block_vectors(&g, s, o - lane), lanes = vectors * VL;
    int8_t *block = packed + code_winograd_block_place(&g, o);
    int8_t *bytes = block + code_winograd_start_bytes(vectors);
    int32_t starts[WINOGRAD_TAPS] = {0};
    int64_t most = 0;
    for (size_t i = 0; i < (size_t)9 * ins; i++) most += abs(weight[i * outs + o]);
    if (WINOGRAD_MOST_CODE * most >= WINOGRAD_MOST_SUM) return 0;
    for (int32_t i = 0; i < ins; i++) {
      int32_t taps[WINOGRAD_TAPS];
      code_winograd_transform(weight + (size_t)i * outs + o, (size_t)ins * outs, taps);
      for (int32_t tap = 0; tap < WINOGRAD_TAPS; tap++) {
        if (taps[tap] < -128 || taps[tap] > 127) return 0;
        const size_t place = code_winograd_place(&g, tap, i / 4);
        bytes[(place * lanes + lane) * 4 + i % 4] = (int8_t)taps[tap];
        starts[tap] -= code_winograd_offset(tap) * taps[tap];
      }
    }
    if (g.narrow) code_winograd_join_starts(starts);
    for (int32_t tap = 0; tap < WINOGRAD_TAPS; tap++) {
      memcpy(block + ((size_t)tap * lanes + lane) * sizeof(int32_t), starts + tap,
             sizeof(int32_t));
    }
  }
  return 1;
}
