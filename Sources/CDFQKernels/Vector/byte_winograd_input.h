/* B^T d B of bytes, modulo 256: differences and sums of four rows of inputs, then of four columns.
 *
 * Rows of taps are stored as two planes, of the even and of the odd columns, so that the four columns of a tile are four contiguous
 * streams over all tiles of a row: even columns, odd columns, and both one tile later. */
typedef uint8_t tile_cell __attribute__((vector_size(CELL)));
typedef uint8_t tile_vector __attribute__((vector_size(VL * 4)));

/* A row of taps: the even columns, and the odd ones at a distance. */
V_INLINE uint8_t *tile_place(const tile_geometry *g, uint8_t *rows, int32_t column) {
  return rows + column % 2 * g->plane + (size_t)(column / 2) * g->channels;
}

V_INLINE tile_cell tile_load(const uint8_t *from) {
  tile_cell cell;
  memcpy(&cell, from, sizeof cell);
  return cell;
}

V_INLINE void tile_store_rows(tile_cell a, tile_cell b, tile_cell c, tile_cell d, uint8_t *to,
                              size_t row) {
  const tile_cell rows[4] = {a - c, b + c, c - b, b - d};
  UNROLL_FULLY for (int k = 0; k < 4; k++) memcpy(to + k * row, rows + k, sizeof *rows);
}

/* Four rows of inputs become four rows of taps. from: the rows' pixels 0 ..< count. */
static void tile_rows(const tile_geometry *g, const dfq_conv_shape *s, const uint8_t *const *from,
                      int32_t count, uint8_t *rows) {
  const int32_t channels = s->in_channels, whole = channels / CELL * CELL;
  const size_t row = 2 * g->plane;
  for (int32_t x = 0; x < count; x++) {
    uint8_t *to = tile_place(g, rows, x + s->pad_left);
    const size_t at = (size_t)x * channels;
    const uint8_t *a = from[0] + at, *b = from[1] + at, *c = from[2] + at, *d = from[3] + at;
    for (int32_t i = 0; i < whole; i += CELL) {
      tile_store_rows(tile_load(a + i), tile_load(b + i), tile_load(c + i), tile_load(d + i), to + i,
                      row);
    }
    if (whole == channels) continue;
    uint8_t rest[4][CELL] = {{0}};
    for (int k = 0; k < 4; k++) memcpy(rest[k], from[k] + at + whole, channels - whole);
    tile_store_rows(tile_load(rest[0]), tile_load(rest[1]), tile_load(rest[2]), tile_load(rest[3]),
                    to + whole, row);
  }
}

V_INLINE tile_vector tile_load_vector(const uint8_t *from) {
  tile_vector a;
  memcpy(&a, from, sizeof a);
  return a;
}

/* One row of taps of a row of tiles: four taps of all its tiles. */
static void tile_columns(const tile_geometry *g, const uint8_t *even, int32_t row, uint8_t *to) {
  const uint8_t *odd = even + g->plane;
  const size_t channels = g->channels, count = g->columns * channels, tap = g->tap_step;
  uint8_t offset[4];
  for (int k = 0; k < 4; k++) offset[k] = (uint8_t)tile_offset(4 * row + k);
  for (size_t i = 0; i < count; i += sizeof(tile_vector), to += sizeof(tile_vector)) {
    const tile_vector a = tile_load_vector(even + i), c = tile_load_vector(even + i + channels);
    const tile_vector b = tile_load_vector(odd + i), d = tile_load_vector(odd + i + channels);
    const tile_vector taps[4] = {a - c + offset[0], b + c + offset[1], c - b + offset[2],
                                 b - d + offset[3]};
    UNROLL_FULLY for (int k = 0; k < 4; k++) memcpy(to + k * tap, taps + k, sizeof *taps);
  }
}

/* What surrounds the image in the rows of taps: the same everywhere, since all four rows of inputs are pad codes there. */
static void tile_surround(const tile_geometry *g, const dfq_conv_shape *s, uint8_t pad_code,
                          uint8_t *rows) {
  for (int32_t column = 0; column < 2 * g->columns + 2; column++) {
    if (column >= s->pad_left && column < s->pad_left + s->in_width) continue;
    for (int32_t row = 0; row < 4; row++) {
      uint8_t *to = tile_place(g, rows + 2 * row * g->plane, column);
      memset(to, row == 1 ? 2 * pad_code : 0, g->channels);
    }
  }
}

/* Rows first ..< end of tiles: [tap][tile][channel]. `pads` is a row of pad codes, `rows` what tile_surround filled. */
static void tile_input(const tile_geometry *g, const dfq_conv_shape *s, const uint8_t *image,
                       int32_t first, int32_t end, const uint8_t *pads, uint8_t *rows,
                       uint8_t *strip) {
  const size_t width = (size_t)s->in_width * s->in_channels;
  const int32_t count = smaller(s->in_width, 2 * g->columns + 2 - s->pad_left);
  for (int32_t y = first; y < end; y++, strip += (size_t)g->columns * g->channels) {
    const uint8_t *from[4];
    for (int32_t k = 0; k < 4; k++) {
      const int32_t row = 2 * y - s->pad_top + k;
      from[k] = row >= 0 && row < s->in_height ? image + row * width : pads;
    }
    tile_rows(g, s, from, count, rows);
    for (int32_t row = 0; row < 4; row++) {
      tile_columns(g, rows + 2 * row * g->plane, row, strip + 4 * row * g->tap_step);
    }
  }
}
