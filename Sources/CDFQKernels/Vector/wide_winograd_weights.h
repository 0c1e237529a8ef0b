/* Transformed weights: for each block of outputs what the sums of each line start from, [line][start][output] words, then the bytes,
 * [line][taps that are multiplied together][group of inputs][tap][output][input of the group]. */
V_INLINE size_t wide_start_bytes(const wide_geometry *g, int32_t vectors) {
  return (size_t)g->lines * WIDE_STARTS * vectors * VL * sizeof(int32_t);
}

/* Where the block of an output begins: all blocks before it are whole. */
V_INLINE size_t wide_block_place(const wide_geometry *g, int32_t output) {
  return (size_t)(output / (g->vectors * VL)) * g->vectors * VL * 4 *
         (g->lines * WIDE_STARTS + (size_t)g->taps * g->groups);
}

static size_t wide_weight_bytes(int32_t width, const dfq_conv_shape *s) {
  if (!wide_fits(s)) return 0;
  const wide_geometry g = wide_geometry_of(width, s);
  return (size_t)s->out_channels * 4 * (g.lines * WIDE_STARTS + (size_t)g.taps * g.groups);
}

/* G of the three weights a, b, c. */
static void wide_weight_line(int32_t a, int32_t b, int32_t c, int32_t *taps) {
  taps[WIDE_SUM] = a + b + c;
  taps[WIDE_ALTERNATING] = a - b + c;
  taps[WIDE_JOINT] = a + b - c;
  taps[WIDE_EVEN] = a - c;
  taps[WIDE_ODD] = b;
  taps[WIDE_FIRST] = 4 * a;
  taps[WIDE_LAST] = 4 * c;
}

/* G of F(2, 3), times 2. */
static void wide_two_weight_line(int32_t a, int32_t b, int32_t c, int32_t *taps) {
  taps[WIDE_SUM] = a + b + c;
  taps[WIDE_ALTERNATING] = a - b + c;
  taps[WIDE_TWO_FIRST] = 2 * a;
  taps[WIDE_TWO_LAST] = 2 * c;
}

/* The taps of the weights of one input and output, which are `step` apart: [line][tap]. */
static void wide_transform(int32_t width, const int8_t *weight, size_t step, int32_t *taps) {
  int32_t rows[3][WIDE_MOST_LINES];
  for (int32_t y = 0; y < 3; y++) {
    const int8_t *row = weight + 3 * y * step;
    (width == 4 ? wide_weight_line : wide_two_weight_line)(row[0], row[step], row[2 * step], rows[y]);
  }
  for (int32_t line = 0; line < wide_lines(width); line++) {
    wide_weight_line(rows[0][line], rows[1][line], rows[2][line], taps + WIDE_ROWS * line);
  }
}

/* Where the weights of a tap and a group of inputs are, in vectors of the block. */
V_INLINE size_t wide_place(const wide_geometry *g, int32_t tap, int32_t group) {
  const int32_t line = tap / WIDE_ROWS, k = tap % WIDE_ROWS;
  const int32_t first = k < WIDE_EVEN ? WIDE_SUM : k < WIDE_FIRST ? WIDE_EVEN : WIDE_FIRST;
  const int32_t count = first == WIDE_SUM ? 3 : 2;
  return (size_t)(line * WIDE_ROWS + first) * g->groups + group * count + k - first;
}

/* What three accumulators of a line start from, and what the odd sums have more than the even ones: what offsets add to all seven,
 * where the first and the last begin at the outputs that the others give. All are multiples of four. */
static void wide_line_starts(const int32_t *tap, int32_t *starts) {
  const int32_t first = tap[WIDE_FIRST] / 4, last = tap[WIDE_LAST] / 4;
  starts[0] = tap[WIDE_SUM] + first + last;
  starts[1] = tap[WIDE_ALTERNATING] + first - last;
  starts[2] = tap[WIDE_JOINT] + tap[WIDE_EVEN] + first;
  starts[3] = tap[WIDE_ODD] - last - tap[WIDE_EVEN] - first;
}

static int32_t wide_pack(int32_t width, const dfq_conv_shape *s, const int8_t *weight,
                         int8_t *packed) {
  const wide_geometry g = wide_geometry_of(width, s);
  const int32_t ins = s->in_channels, outs = s->out_channels;
  memset(packed, 0, wide_weight_bytes(width, s));
  for (int32_t o = 0; o < outs; o++) {
    const int32_t lane = o % (g.vectors * VL);
    const int32_t lanes = wide_block_vectors(&g, s, o - lane) * VL;
    int8_t *block = packed + wide_block_place(&g, o);
    int8_t *bytes = block + wide_start_bytes(&g, lanes / VL);
    int32_t sums[WIDE_ROWS * WIDE_MOST_LINES] = {0};
    int64_t most = 0;
    for (size_t i = 0; i < (size_t)9 * ins; i++) most += abs(weight[i * outs + o]);
    if (wide_most_code(width) * most >= WIDE_MOST_SUM) return 0;
    for (int32_t i = 0; i < ins; i++) {
      int32_t taps[WIDE_ROWS * WIDE_MOST_LINES];
      wide_transform(width, weight + (size_t)i * outs + o, (size_t)ins * outs, taps);
      for (int32_t tap = 0; tap < g.taps; tap++) {
        if (taps[tap] < -128 || taps[tap] > 127) return 0;
        bytes[(wide_place(&g, tap, i / 4) * lanes + lane) * 4 + i % 4] = (int8_t)taps[tap];
        sums[tap] -= wide_offset(tap) * taps[tap];
      }
    }
    for (int32_t line = 0; line < g.lines; line++) {
      int32_t starts[WIDE_STARTS];
      wide_line_starts(sums + WIDE_ROWS * line, starts);
      for (int32_t k = 0; k < WIDE_STARTS; k++) {
        const size_t at = (size_t)(line * WIDE_STARTS + k) * lanes + lane;
        memcpy(block + at * sizeof(int32_t), starts + k, sizeof(int32_t));
      }
    }
  }
  return 1;
}
