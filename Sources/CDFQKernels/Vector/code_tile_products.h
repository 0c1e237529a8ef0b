/* Products of transformed codes of a few tiles with weights, for the forms on bytes with the many registers of AVX-512. */
V_INLINE vi code_tile_codes(const uint8_t *from) {
  int32_t group;
  memcpy(&group, from, sizeof group);
  return vi_set(group);
}

/* Adds the products of TAPS taps, which are `tap` bytes apart, of TILES tiles, which are `step` bytes apart. Sums are
 * [tap][tile][vector of outputs], weights [group of inputs][tap][vector]. Where there is `next`, a line of later weights is fetched from
 * there for each group. */
V_INLINE void code_tile_add(const int VECTORS, const int TILES, const int TAPS, int32_t groups,
                            const uint8_t *x, size_t tap, size_t step, const uint8_t *w,
                            const uint8_t **next, vi *sums) {
  const uint8_t *fetched = next ? *next : NULL;
  for (int32_t group = 0; group < groups; group++, x += 4, w += TAPS * VECTORS * 4 * VL) {
    if (next) {
      __builtin_prefetch(fetched, 0, 2);
      fetched += 4 * VL;
    }
    UNROLL_FULLY for (int k = 0; k < TAPS; k++) {
      vi weights[2];
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
        weights[v] = vi_load(w + (k * VECTORS + v) * 4 * VL);
      }
      UNROLL_FULLY for (int t = 0; t < TILES; t++) {
        const vi codes = code_tile_codes(x + k * tap + t * step);
        UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
          const int place = (k * TILES + t) * VECTORS + v;
          sums[place] = integer_dot(sums[place], codes, weights[v]);
        }
      }
    }
  }
  if (next) *next = fetched;
}
