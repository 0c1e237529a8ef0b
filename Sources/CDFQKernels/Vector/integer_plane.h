/* The plane of codes: as plane_fill.h, with pad_code wherever the window leaves the image. */

/* `lanes` codes, and anything after them; `room` codes lie ahead in the image. */
V_INLINE __m128i integer_load_cell(const uint8_t *from, int32_t lanes, size_t room) {
  if (room >= CELL) return _mm_loadu_si128((const __m128i *)from);
  uint8_t codes[CELL] = {0};
  memcpy(codes, from, lanes);
  return _mm_loadu_si128((const __m128i *)codes);
}

/* Cells of the image columns `column`, `column + stride`, ... of the row at `row`, up to which
 * `room` codes are left in the image. */
static void integer_fill_cells(const plane *p, const uint8_t *row, size_t room, int32_t width,
                               int32_t channels, int32_t column, int32_t first, __m128i pad,
                               uint8_t *to) {
  const int32_t lanes = smaller(channels - first, CELL);
  const int32_t begin = smaller(divide_up(larger(-column, 0), p->stride), p->cells);
  const int32_t inside = column < width ? (width - 1 - column) / p->stride + 1 : 0;
  const int32_t end = larger(smaller(inside, p->cells), begin);
  for (int32_t i = 0; i < begin; i++) integer_store_cell(to + (size_t)i * CELL_BYTES, pad);
  const ptrdiff_t step = (ptrdiff_t)p->stride * channels;
  const uint8_t *from = row + (ptrdiff_t)column * channels + begin * step + first;
  uint8_t *cell = to + (size_t)begin * CELL_BYTES;
  room -= from - row;
  int32_t i = begin;
  if (lanes == CELL && step == CELL && CODE_BYTES == 1) {
    memcpy(cell, from, (size_t)(end - begin) * CELL);
    i = end;
  }
  for (; i < end; i++, from += step, cell += CELL_BYTES, room -= step) {
    integer_store_cell(cell, integer_load_cell(from, lanes, room));
  }
  for (; i < p->cells; i++) integer_store_cell(to + (size_t)i * CELL_BYTES, pad);
}

static void integer_plane_fill(const plane *p, const dfq_conv_shape *s, const uint8_t *image,
                               uint8_t pad_code, uint8_t *to) {
  const __m128i pad = _mm_set1_epi8((char)pad_code);
  const size_t row_codes = (size_t)s->in_width * s->in_channels;
  const size_t row_bytes = p->row_step * CODE_BYTES;
  for (int32_t b = 0; b < p->blocks; b++) {
    for (int32_t r = 0; r < p->rows; r++, to += row_bytes) {
      const int32_t y = p->row + r * p->row_stride;
      if (y < 0 || y >= s->in_height) {
        for (size_t i = 0; i < row_bytes; i += CELL_BYTES) integer_store_cell(to + i, pad);
        continue;
      }
      const uint8_t *row = image + y * row_codes;
      const size_t room = (s->in_height - y) * row_codes;
      for (int32_t phase = 0; phase < p->phases; phase++) {
        integer_fill_cells(p, row, room, s->in_width, s->in_channels, p->column + phase, b * CELL,
                           pad, to + (size_t)phase * p->cells * CELL_BYTES);
      }
    }
  }
}
