/* The plane of codes, like plane_fill.h, with pad_code outside of the image. */

/* Loads `lanes` codes; the lanes after them are unspecified. Does not read at or beyond `end`. */
V_INLINE vcell integer_load_cell(const uint8_t *from, int32_t lanes, const uint8_t *end) {
  if (end - from >= CELL) return cell_load(from);
  uint8_t codes[CELL] = {0};
  memcpy(codes, from, lanes);
  return cell_load(codes);
}

/* `count` cells of `lanes` codes with a distance of `step`, in an image that ends at `end`. */
V_INLINE void integer_fill_cells(const uint8_t *from, size_t step, int32_t count, int32_t lanes,
                                 const uint8_t *end, uint8_t *to) {
  if (count <= 0) return;
  if (CODE_BYTES == 1 && !INTEGER_SIGNED_CODES && lanes == CELL && step == CELL) {
    /* Rows are short: a call of memcpy takes as long as the copy. */
    int32_t i = 0;
    for (; i + 4 <= count; i += 4) vi_copy(to + i * CELL, from + i * CELL);
    for (; i < count; i++) {
      integer_store_cell(to + i * CELL, cell_load(from + i * CELL));
    }
    return;
  }
  if (end - (from + (count - 1) * step) >= CELL) {
#pragma clang loop unroll_count(4)
    for (int32_t i = 0; i < count; i++, from += step, to += CELL_BYTES) {
      integer_store_cell(to, cell_load(from));
    }
    return;
  }
  for (int32_t i = 0; i < count; i++, from += step, to += CELL_BYTES) {
    integer_store_cell(to, integer_load_cell(from, lanes, end));
  }
}

V_INLINE void integer_fill_pad(vcell pad, int32_t count, uint8_t *to) {
  for (int32_t i = 0; i < count; i++) integer_store_cell(to + (size_t)i * CELL_BYTES, pad);
}

/* The cells of one phase and block, in every row: `to` is the first row's. */
static void integer_fill_phase(const plane *p, const dfq_conv_shape *s, const uint8_t *image,
                               int32_t phase, int32_t first, vcell pad, uint8_t *to) {
  const int32_t width = s->in_width, channels = s->in_channels, stride = p->stride;
  const int32_t column = p->column + phase, lanes = smaller(channels - first, CELL);
  /* Cells begin ..< end lie inside the image. */
  const int32_t begin = smaller(divide_up(larger(-column, 0), stride), p->cells);
  const int32_t inside = column < width ? (width - 1 - column) / stride + 1 : 0;
  const int32_t end = larger(smaller(inside, p->cells), begin);
  const size_t row_codes = (size_t)width * channels;
  const uint8_t *image_end = image + s->in_height * row_codes;
  const size_t start = (size_t)(column + begin * stride) * channels + first;
  for (int32_t r = 0; r < p->rows; r++, to += p->row_step * CODE_BYTES) {
    const int32_t y = p->row + r * p->row_stride;
    if (y < 0 || y >= s->in_height || begin == end) {
      integer_fill_pad(pad, p->cells, to);
      continue;
    }
    integer_fill_pad(pad, begin, to);
    integer_fill_cells(image + y * row_codes + start, (size_t)stride * channels, end - begin,
                       lanes, image_end, to + (size_t)begin * CELL_BYTES);
    integer_fill_pad(pad, p->cells - end, to + (size_t)end * CELL_BYTES);
  }
}

static void integer_fill_pixels(const plane *p, const dfq_conv_shape *s, const uint8_t *image,
                               uint8_t pad_code, uint8_t *to) {
  const vcell pad = cell_set(pad_code);
  for (int32_t b = 0; b < p->blocks; b++, to += p->block_step * CODE_BYTES) {
    for (int32_t phase = 0; phase < p->phases; phase++) {
      integer_fill_phase(p, s, image, phase, b * CELL, pad,
                         to + (size_t)phase * p->cells * CELL_BYTES);
    }
  }
}

/* Rows of the kernel as cells: `row` receives a row of the image between its pad codes. */
static void integer_fill_patches(const plane *p, const dfq_conv_shape *s, const uint8_t *image,
                                 uint8_t pad_code, uint8_t *row, uint8_t *to) {
  const vcell pad = cell_set(pad_code);
  const int32_t channels = s->in_channels;
  const int32_t reached = (s->out_width - 1) * s->stride_width + s->kernel_width;
  const int32_t inside = larger(smaller(s->in_width, reached - s->pad_left), 0);
  const size_t step = (size_t)s->stride_width * channels;
  memset(row, pad_code, (size_t)reached * channels);
  for (int32_t r = 0; r < p->rows; r++, to += p->row_step * CODE_BYTES) {
    const int32_t y = p->row + r * p->row_stride;
    const int is_inside = y >= 0 && y < s->in_height;
    if (is_inside) {
      memcpy(row + (size_t)s->pad_left * channels, image + (size_t)y * s->in_width * channels,
             (size_t)inside * channels);
    }
    uint8_t *cells = to;
    for (int32_t b = 0; b < p->blocks; b++, cells += p->block_step * CODE_BYTES) {
      if (!is_inside) {
        integer_fill_pad(pad, p->cells, cells);
        continue;
      }
      for (int32_t x = 0; x < p->cells; x++) {
        const uint8_t *from = row + x * step + b * CELL;
        integer_store_cell(cells + (size_t)x * CELL_BYTES, cell_load(from));
      }
    }
  }
}

/* The bytes of such a row, which is read up to the end of its last cell. */
V_INLINE size_t integer_patch_row(const dfq_conv_shape *s) {
  if (!integer_uses_patches(s)) return 0;
  const size_t pixels = (size_t)(s->out_width - 1) * s->stride_width + s->kernel_width;
  return (larger(s->pad_left + s->in_width, 0) + pixels) * s->in_channels + 4 * CELL;
}

static void integer_plane_fill(const plane *p, const dfq_conv_shape *s, const uint8_t *image,
                               uint8_t pad_code, uint8_t *row, uint8_t *to) {
  if (integer_uses_patches(s)) {
    integer_fill_patches(p, s, image, pad_code, row, to);
  } else {
    integer_fill_pixels(p, s, image, pad_code, to);
  }
}
