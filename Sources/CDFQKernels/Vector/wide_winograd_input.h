/* The inputs of a strip of tiles.
 *
 * Where channels fill vectors, tiles read the image itself. Vectors of fewer channels hold several tiles: rows of the image are sorted
 * into W planes, each of every W-th column, so that the columns of a tile are contiguous streams over all tiles of a row: the planes,
 * and the first two of them one tile later. */

/* The channels of a pixel, and zeros up to whole cells, without reading beyond them. */
V_INLINE void wide_copy_pixel(const uint8_t *from, int32_t channels, uint8_t *to) {
  int32_t c = 0;
  for (; c + CELL <= channels; c += CELL) cell_store(to + c, cell_load(from + c));
  if (c == channels) return;
  cell_store(to + c, _mm_maskz_loadu_epi8(v_first(channels - c), from + c));
}

/* Pixels of CELL or 2 * CELL channels that fill W vectors: one for each plane. */
V_INLINE void wide_sort(const int WIDTH, const int CHANNELS, const uint8_t *from, vi *planes) {
  const vi a = vi_load(from), b = vi_load(from + 64);
  if (WIDTH == 2) {
    planes[0] = CHANNELS == CELL ? vi_quarters(a, b, 0x88) : vi_quarters(a, b, 0x44);
    planes[1] = CHANNELS == CELL ? vi_quarters(a, b, 0xDD) : vi_quarters(a, b, 0xEE);
    return;
  }
  const vi c = vi_load(from + 128), d = vi_load(from + 192);
  if (CHANNELS == CELL) {
    const vi low = vi_quarters(a, b, 0x44), high = vi_quarters(c, d, 0x44);
    const vi low_end = vi_quarters(a, b, 0xEE), high_end = vi_quarters(c, d, 0xEE);
    planes[0] = vi_quarters(low, high, 0x88);
    planes[1] = vi_quarters(low, high, 0xDD);
    planes[2] = vi_quarters(low_end, high_end, 0x88);
    planes[3] = vi_quarters(low_end, high_end, 0xDD);
  } else {
    planes[0] = vi_quarters(a, c, 0x44);
    planes[1] = vi_quarters(a, c, 0xEE);
    planes[2] = vi_quarters(b, d, 0x44);
    planes[3] = vi_quarters(b, d, 0xEE);
  }
}

/* Where a column of a row is in its planes. */
V_INLINE size_t wide_plane_place(const int WIDTH, const wide_geometry *g, int32_t column) {
  const uint32_t c = (uint32_t)column;
  return c % WIDTH * g->plane + (size_t)(c / WIDTH) * g->channels;
}

/* Pixels 0 ..< count of a row of the image, of CELL or 2 * CELL channels, as far as they fill vectors. Returns how many. */
V_INLINE int32_t wide_sort_pixels(const int WIDTH, const int CHANNELS, const wide_geometry *g,
                                  int32_t left, const uint8_t *from, int32_t count,
                                  uint8_t *to) {
  const int PIXELS = WIDTH * 4 * VL / CHANNELS;
  uint8_t *places[WIDE_MOST_WIDTH];
  UNROLL_FULLY for (int k = 0; k < WIDTH; k++) places[k] = to + wide_plane_place(WIDTH, g, left + k);
  int32_t x = 0;
  for (; x + PIXELS <= count; x += PIXELS, from += WIDTH * 4 * VL) {
    vi planes[WIDE_MOST_WIDTH];
    wide_sort(WIDTH, CHANNELS, from, planes);
    UNROLL_FULLY for (int k = 0; k < WIDTH; k++) {
      vi_store(places[k], planes[k]);
      places[k] += 4 * VL;
    }
  }
  return x;
}

V_INLINE void wide_sort_row(const int WIDTH, const wide_geometry *g, const dfq_conv_shape *s,
                            const uint8_t *from, int32_t count, uint8_t *to) {
  const int32_t channels = s->in_channels, left = s->pad_left;
  int32_t x = 0;
  if (channels == CELL) x = wide_sort_pixels(WIDTH, CELL, g, left, from, count, to);
  if (channels == 2 * CELL) x = wide_sort_pixels(WIDTH, 2 * CELL, g, left, from, count, to);
  for (; x < count; x++) {
    wide_copy_pixel(from + (size_t)x * channels, channels, to + wide_plane_place(WIDTH, g, x + left));
  }
}

/* The rows of an image that rows of tiles read. */
typedef struct {
  const uint8_t *image, *pads; /* pads: a row of pad codes */
  uint8_t pad_code;
  uint8_t *rows; /* of planes */
} wide_image;

V_INLINE const uint8_t *wide_image_row(const dfq_conv_shape *s, const wide_image *image,
                                       int32_t row) {
  const size_t width = (size_t)s->in_width * s->in_channels;
  return row >= 0 && row < s->in_height ? image->image + row * width : image->pads;
}

/* A row of tiles whose rows `known` ..< WIDE_SPAN are not in the planes yet; every row has the place of the one six rows before.
 * What lies at its left and right stays there. */
V_INLINE void wide_sorted_tiles(const int WIDTH, const wide_geometry *g, const dfq_conv_shape *s,
                                const wide_image *image, int32_t y, int32_t known, uint8_t *strip,
                                size_t tap) {
  const int32_t count = smaller(s->in_width, WIDTH * g->columns + 2 - s->pad_left);
  wide_inputs from;
  for (int row = 0; row < WIDE_SPAN; row++) {
    uint8_t *planes = image->rows + (4 * (uint32_t)y + row) % WIDE_SPAN * WIDTH * g->plane;
    if (row >= known) {
      wide_sort_row(WIDTH, g, s, wide_image_row(s, image, 4 * y - s->pad_top + row), count, planes);
    }
    from.rows[row] = planes;
    from.columns[row] = wide_plane_place(WIDTH, g, row);
  }
  wide_vectors(WIDTH, 0, &from, 0, (size_t)g->columns * g->channels, strip, tap);
}

/* Tiles whose channels fill vectors, which are transformed one vector after the other. */
typedef struct {
  const dfq_conv_shape *shape;
  const wide_image *image;
  int32_t row, tile, end_row; /* the next tile, and the row of tiles after the last one */
  size_t channel;             /* of that tile, the first that is not transformed */
  uint8_t *to;
} wide_queue;

/* Transforms the next vector of channels, if there is one. */
V_INLINE void wide_transform_next(const int WIDTH, const wide_geometry *g, wide_queue *q) {
  if (q->row == q->end_row) return;
  const dfq_conv_shape *s = q->shape;
  const ptrdiff_t channels = g->channels;
  const int32_t span = WIDTH + 2, x = WIDTH * q->tile - s->pad_left;
  const size_t end = q->channel + 4 * VL, tap = wide_tap_step(g);
  wide_inputs from;
  for (int column = 0; column < span; column++) from.columns[column] = column * channels;
  for (int row = 0; row < WIDE_SPAN; row++) {
    from.rows[row] = wide_image_row(s, q->image, 4 * q->row - s->pad_top + row) + x * channels;
  }
  if (x >= 0 && x + span <= s->in_width) {
    wide_vectors(WIDTH, 0, &from, q->channel, end, q->to, tap);
  } else {
    from.pad = vi_set_bytes(q->image->pad_code);
    for (int32_t k = 0; k < span; k++) {
      from.inside[k] = x + k >= 0 && x + k < s->in_width ? ~(__mmask64)0 : 0;
    }
    wide_vectors(WIDTH, 1, &from, q->channel, end, q->to, tap);
  }
  q->channel = end;
  if (end < (size_t)channels) return;
  q->channel = 0;
  q->to += channels;
  if (++q->tile < g->columns) return;
  q->tile = 0;
  q->row++;
}

/* Rows first ..< end of tiles whose inputs are sorted: [line][tap][tile][channel]. */
V_INLINE void wide_sorted_input(const int WIDTH, const wide_geometry *g, const dfq_conv_shape *s,
                                const wide_image *image, int32_t first, int32_t end, uint8_t *strip) {
  const size_t tap = wide_tap_step(g);
  for (int32_t y = first; y < end; y++, strip += (size_t)g->columns * g->channels) {
    wide_sorted_tiles(WIDTH, g, s, image, y, y > first ? 2 : 0, strip, tap);
  }
}
