/* Transformed weights: for each block of outputs [tap], of which each has what its sums start from, then its weights, [group of
 * inputs][output][input of the group]. */

/* Bytes of one tap of a block. */
V_INLINE size_t tile_tap_bytes(const dfq_conv_shape *s, int32_t vectors) {
  return (size_t)(divide_up(s->in_channels, GROUP) + 1) * vectors * VL * 4;
}

/* Where the block of an output begins: all blocks before it are whole. */
V_INLINE size_t tile_block_place(const dfq_conv_shape *s, int32_t output) {
  return output / (TILE_VECTORS * VL) * TILE_TAPS * tile_tap_bytes(s, TILE_VECTORS);
}

KERNEL size_t vector_code_winograd_weight_bytes(int32_t form, const dfq_conv_shape *s) {
  return form == DFQ_TILES_2X2 && tile_fits(s) ? TILE_TAPS * tile_tap_bytes(s, divide_up(s->out_channels, VL)) : 0;
}

/* What transformed inputs of a tap have more than they should. */
V_INLINE int32_t tile_offset(int32_t tap) {
  if (INTEGER_SIGNED_CODES) return tap == TILE_SUM_TAP ? -TILE_OFFSET : 0;
  return tap == TILE_SUM_TAP ? 0 : TILE_OFFSET;
}

/* (2G) g (2G)^T of the weights of one input and output, whose taps are `step` apart. */
static void tile_transform_weights(const int8_t *weight, size_t step, int32_t *taps) {
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

/* Whether four times the largest sum of an output fits 32 bits. */
static int tile_sums_fit(const dfq_conv_shape *s, const int8_t *weight, int32_t output) {
  int64_t most = 0;
  for (size_t i = 0; i < (size_t)9 * s->in_channels; i++) {
    const int32_t w = weight[i * s->out_channels + output];
    most += 4 * TILE_MOST_CODE * (w < 0 ? -w : w);
  }
  return most <= INT32_MAX;
}

KERNEL int32_t vector_code_winograd_pack(int32_t form, const dfq_conv_shape *s,
                                         const int8_t *weight, int8_t *packed) {
  const int32_t ins = s->in_channels, outs = s->out_channels;
  memset(packed, 0, vector_code_winograd_weight_bytes(form, s));
  for (int32_t o = 0; o < outs; o++) {
    if (!tile_sums_fit(s, weight, o)) return 0;
    const int32_t lane = o % (TILE_VECTORS * VL), vectors = tile_block_vectors(s, o - lane);
    const size_t tap_bytes = tile_tap_bytes(s, vectors);
    int8_t *block = packed + tile_block_place(s, o);
    int32_t starts[TILE_TAPS] = {0};
    for (int32_t i = 0; i < ins; i++) {
      int32_t taps[TILE_TAPS];
      tile_transform_weights(weight + (size_t)i * outs + o, (size_t)ins * outs, taps);
      for (int32_t tap = 0; tap < TILE_TAPS; tap++) {
        if (taps[tap] < -128 || taps[tap] > 127) return 0;
        const size_t group = (size_t)(i / GROUP + 1) * vectors * VL + lane;
        block[tap * tap_bytes + group * GROUP + i % GROUP] = (int8_t)taps[tap];
        starts[tap] -= tile_offset(tap) * taps[tap];
      }
    }
    for (int32_t tap = 0; tap < TILE_TAPS; tap++) {
      memcpy(block + tap * tap_bytes + lane * 4, starts + tap, sizeof *starts);
    }
  }
  return 1;
}
