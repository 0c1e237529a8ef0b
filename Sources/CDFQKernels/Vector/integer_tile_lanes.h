/* The products of a register tile where a product reads its codes from one lane: a cell of codes is loaded once for its four
 * groups. */

/* Adds groups x[0 ..< count], count at most 4, of every pixel. Cells are whole. */
V_INLINE void integer_tile_groups(const int TAPS, const int PIXELS, const int VECTORS,
                                  const uint8_t *x, const uint8_t *w, size_t block, size_t tap,
                                  int32_t count, vi *sums) {
  vcell cells[CONV_REGISTERS];
  UNROLL_FULLY for (int q = 0; q < PIXELS + TAPS - 1; q++) cells[q] = cell_load(x + q * CELL_BYTES);
  UNROLL_FULLY for (int g = 0; g < CELL / GROUP; g++, w += 4 * VL) {
    if (g >= count) continue;
    UNROLL_FULLY for (int k = 0; k < TAPS; k++) {
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
        const vi weights = vi_load(w + k * tap + v * block);
        UNROLL_FULLY for (int p = 0; p < PIXELS; p++) {
          sums[p * VECTORS + v] =
              integer_dot_lane(sums[p * VECTORS + v], cells[p + k], g, weights);
        }
      }
    }
  }
}
