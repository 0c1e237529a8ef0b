/* Transformed weights: for each block of outputs the start values of the sums, [tap][output] words, then the bytes. Narrow:
 * [line][pair b, c or a, d][group of inputs][tap of the pair][output][input of the group]; else [tap][group][output][input].
 * The last tap of each line is negated. */
V_INLINE size_t code_winograd_start_bytes(const code_winograd_geometry *g, int32_t vectors) {
  return (size_t)g->taps * vectors * VL * sizeof(int32_t);
}

/* Where the block of an output begins: all blocks before it are whole. */
V_INLINE size_t code_winograd_block_place(const code_winograd_geometry *g, int32_t output) {
  return (size_t)(output / (g->vectors * VL)) * g->vectors * (g->groups + 1) * g->taps * VL * 4;
}

static size_t vector_code_winograd_weight_bytes(int32_t width, const dfq_conv_shape *s) {
  if (!code_winograd_fits(width, s)) return 0;
  return (size_t)divide_up(s->out_channels, VL) * (divide_up(s->in_channels, 4) + 1) *
         WINOGRAD_ROWS * (width + 2) * VL * 4;
}

/* G of the three columns a, b, c. */
static void code_winograd_weight_line(int32_t width, int32_t a, int32_t b, int32_t c,
                                      int32_t *lines) {
  lines[1] = a + b + c;
  lines[2] = a - b + c;
  if (width == 2) {
    lines[0] = 2 * a;
    lines[3] = 2 * c;
    return;
  }
  lines[0] = (width == 3 ? 3 : 6) * a;
  lines[3] = a + 2 * b + 4 * c;
  if (width == 4) lines[4] = a - 2 * b + 4 * c;
  lines[width + 1] = 6 * c;
}

/* The taps of the weights of one input and output, which are `step` apart: [line][tap], the last of each line negated. */
static void code_winograd_transform(int32_t width, const int8_t *weight, size_t step,
                                    int32_t *taps) {
  int32_t lines[3][WINOGRAD_MOST_LINES];
  for (int32_t y = 0; y < 3; y++) {
    const int8_t *row = weight + 3 * y * step;
    code_winograd_weight_line(width, row[0], row[step], row[2 * step], lines[y]);
  }
  for (int32_t line = 0; line < width + 2; line++, taps += WINOGRAD_ROWS) {
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
V_INLINE void code_winograd_join_starts(int32_t taps, int32_t *starts) {
  for (int32_t tap = 0; tap < taps; tap += 4) {
    const int32_t a = starts[tap] / 2, d = starts[tap + 3] / 2;
    starts[tap + 1] += a + d;
    starts[tap + 2] += a - d;
  }
}

/* Sums are below this: times the power of two of the output transform, they fit 32 bits. */
V_INLINE int64_t code_winograd_most_sum(int32_t width) { return 1 << (width == 4 ? 27 : 29); }

static int32_t vector_code_winograd_pack(int32_t width, const dfq_conv_shape *s,
                                         const int8_t *weight, int8_t *packed) {
  const code_winograd_geometry g = code_winograd_geometry_of(width, s);
  const int32_t ins = s->in_channels, outs = s->out_channels;
  memset(packed, 0, vector_code_winograd_weight_bytes(width, s));
  for (int32_t o = 0; o < outs; o++) {
    const int32_t lane = o % (g.vectors * VL);
    const int32_t vectors = code_winograd_block_vectors(&g, s, o - lane), lanes = vectors * VL;
    int8_t *block = packed + code_winograd_block_place(&g, o);
    int8_t *bytes = block + code_winograd_start_bytes(&g, vectors);
    int32_t starts[WINOGRAD_ROWS * WINOGRAD_MOST_LINES] = {0};
    int64_t most = 0;
    for (size_t i = 0; i < (size_t)9 * ins; i++) most += abs(weight[i * outs + o]);
    if (code_winograd_most_code(width) * most >= code_winograd_most_sum(width)) return 0;
    for (int32_t i = 0; i < ins; i++) {
      int32_t taps[WINOGRAD_ROWS * WINOGRAD_MOST_LINES];
      code_winograd_transform(width, weight + (size_t)i * outs + o, (size_t)ins * outs, taps);
      for (int32_t tap = 0; tap < g.taps; tap++) {
        if (taps[tap] < -128 || taps[tap] > 127) return 0;
        const size_t place = code_winograd_place(&g, tap, i / 4);
        bytes[(place * lanes + lane) * 4 + i % 4] = (int8_t)taps[tap];
        starts[tap] -= code_winograd_offset(width, tap) * taps[tap];
      }
    }
    if (g.narrow) code_winograd_join_starts(g.taps, starts);
    for (int32_t tap = 0; tap < g.taps; tap++) {
      memcpy(block + ((size_t)tap * lanes + lane) * sizeof(int32_t), starts + tap,
             sizeof(int32_t));
    }
  }
  return 1;
}
