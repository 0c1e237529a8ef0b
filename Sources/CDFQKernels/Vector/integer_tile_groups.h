/* The products of a register tile: a group of codes is copied to all lanes. */

/* Adds groups x[0 ..< count] of every pixel. */
V_INLINE void integer_tile_groups(const int TAPS, const int PIXELS, const int VECTORS,
                                  const uint8_t *x, const uint8_t *w, size_t block, size_t tap,
                                  int32_t count, vi *sums) {
#pragma clang loop unroll_count(4)
  for (int32_t g = 0; g < count; g++, x += 4, w += 4 * VL) {
    vi weights[INTEGER_ROW_TAPS * 4];
    UNROLL_FULLY for (int k = 0; k < TAPS; k++) {
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
        weights[k * VECTORS + v] = vi_load(w + k * tap + v * block);
      }
    }
    UNROLL_FULLY for (int q = 0; q < PIXELS + TAPS - 1; q++) {
      const vi codes = integer_codes(x + q * CELL_BYTES);
      UNROLL_FULLY for (int k = 0; k < TAPS; k++) {
        const int p = q - k;
        if (p < 0 || p >= PIXELS) continue;
        UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
          sums[p * VECTORS + v] =
              integer_dot(sums[p * VECTORS + v], codes, weights[k * VECTORS + v]);
        }
      }
    }
  }
}
