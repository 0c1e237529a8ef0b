/* Small maps: weights are many more than inputs, so each sum is formed for all tiles before the next one. The outputs of the last row
 * and column of tiles may be half outside; sums that only those need are left out. */

/* One sum of some tiles: those of the first one are at job.sums. The weights at job.next are fetched meanwhile. */
static void code_winograd_sum_tiles(code_winograd_job job, int32_t vectors, int32_t tiles) {
  const int32_t parts = divide_up(tiles, WINOGRAD_MOST_TILES);
  job.taps = 1;
  for (int32_t part = 0; part < parts; part++) {
    const int32_t count = divide_up(tiles, parts - part);
    code_winograd_taps_products[vectors - 1][count - 1](&job);
    job.next += (size_t)job.runs * job.groups * 4 * VL;
    job.tiles += count * job.tile_step;
    job.sums += count * vectors * WINOGRAD_TAPS * VL;
    tiles -= count;
  }
}

/* Moves one sum of tiles: rows of them get room for a tile at their end. */
static void code_winograd_spread(int32_t *sums, int32_t vectors, int32_t rows, int32_t columns) {
  for (int32_t y = rows - 1; y > 0; y--) {
    for (int32_t i = columns * vectors - 1; i >= 0; i--) {
      const int32_t *from = sums + (y * columns * vectors + i) * WINOGRAD_TAPS * VL;
      vi_store(sums + (y * (columns + 1) * vectors + i) * WINOGRAD_TAPS * VL, vi_load(from));
    }
  }
}
