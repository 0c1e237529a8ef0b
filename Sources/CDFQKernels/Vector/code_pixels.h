/* Some output pixels of a convolution of codes, for selectors: their windows are copied side by side, tap after tap, and the
 * pixels are computed as one row. */
static size_t code_pixels_plane(const dfq_conv_shape *s, int32_t count) {
  const size_t blocks = divide_up(integer_tap_inputs(s), CELL);
  return integer_taps(s) * blocks * count * CELL_BYTES;
}

/* The residual's bytes, rounded up to those of a cell. */
static size_t code_pixels_residual(const dfq_conv_shape *s, int32_t count) {
  return ((size_t)count * s->out_channels * sizeof(float) + 63) / 64 * 64;
}

KERNEL size_t vector_code_pixels_scratch(const dfq_conv_shape *s, int32_t count) {
  return ALIGNMENT_ROOM * sizeof(float) + code_pixels_residual(s, count) +
         code_pixels_plane(s, count) + integer_taps(s) * sizeof(size_t);
}

/* Where the cells of a pixel's taps are: [tap][block of inputs][pixel]. */
typedef struct {
  const dfq_conv_shape *shape;
  const uint8_t *input, *end;
  vcell pad;
  size_t tap_step, block_step; /* bytes */
} code_pixel_cells;

/* A window inside of the image, of whole cells. */
V_INLINE void code_pixels_copy(const code_pixel_cells *c, int32_t top, int32_t left, uint8_t *to) {
  const dfq_conv_shape *s = c->shape;
  const int32_t channels = s->in_channels;
  const size_t row_step = (size_t)s->in_width * channels;
  const uint8_t *row = c->input + top * row_step + (size_t)left * channels;
  for (int32_t kh = 0; kh < s->kernel_height; kh++, row += row_step) {
    const uint8_t *from = row;
    for (int32_t kw = 0; kw < s->kernel_width; kw++, to += c->tap_step) {
      uint8_t *cell = to;
      for (int32_t i = 0; i < channels; i += CELL, from += CELL, cell += c->block_step) {
        integer_store_cell(cell, cell_load(from));
      }
    }
  }
}

/* The rows of a window of few channels. */
V_INLINE void code_pixels_rows(const code_pixel_cells *c, int32_t top, int32_t left, uint8_t *to) {
  const dfq_conv_shape *s = c->shape;
  const int32_t channels = s->in_channels, inputs = s->kernel_width * channels;
  const int32_t first = larger(-left, 0);
  const int32_t end = larger(smaller(s->in_width - left, s->kernel_width), first);
  for (int32_t y = top; y < top + s->kernel_height; y++, to += c->tap_step) {
    uint8_t row[4 * CELL];
    for (int32_t b = 0; b < 4; b++) cell_store(row + b * CELL, c->pad);
    if (y >= 0 && y < s->in_height && end > first) {
      const size_t from = ((size_t)y * s->in_width + (left + first)) * channels;
      memcpy(row + first * channels, c->input + from, (size_t)(end - first) * channels);
    }
    uint8_t *cell = to;
    for (int32_t i = 0; i < inputs; i += CELL, cell += c->block_step) {
      integer_store_cell(cell, cell_load(row + i));
    }
  }
}

/* The taps of the output pixel whose window begins at row `top` and column `left`. */
V_INLINE void code_pixels_fill(const code_pixel_cells *c, int32_t top, int32_t left, uint8_t *to) {
  const dfq_conv_shape *s = c->shape;
  const int32_t channels = s->in_channels;
  if (integer_uses_patches(s)) return code_pixels_rows(c, top, left, to);
  if (channels % CELL == 0 && top >= 0 && left >= 0 && top + s->kernel_height <= s->in_height &&
      left + s->kernel_width <= s->in_width) {
    return code_pixels_copy(c, top, left, to);
  }
  for (int32_t y = top; y < top + s->kernel_height; y++) {
    const uint8_t *row = c->input + (ptrdiff_t)y * s->in_width * channels;
    for (int32_t x = left; x < left + s->kernel_width; x++, to += c->tap_step) {
      const int inside = y >= 0 && y < s->in_height && x >= 0 && x < s->in_width;
      const uint8_t *from = row + (ptrdiff_t)x * channels;
      uint8_t *cell = to;
      for (int32_t i = 0; i < channels; i += CELL, cell += c->block_step) {
        integer_store_cell(cell, inside ? integer_load_cell(from + i, smaller(channels - i, CELL),
                                                            c->end)
                                        : c->pad);
      }
    }
  }
}

KERNEL void vector_code_pixels(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
                               const int8_t *packed, const dfq_code_ending *ending,
                               const int32_t *pixels, int32_t count, void *scratch) {
  const int32_t channels = s->out_channels;
  const size_t plane_bytes = code_pixels_plane(s, count);
  const size_t tap_bytes = divide_up(integer_tap_inputs(s), CELL) * count * CELL_BYTES;
  uint8_t *residual = (uint8_t *)aligned_start(scratch);
  uint8_t *memory = residual + code_pixels_residual(s, count);
  size_t *taps = (size_t *)(void *)(memory + plane_bytes);
  int32_t tap_count = 0;
  for (; tap_count < integer_taps(s); tap_count++) {
    taps[tap_count] = tap_count * tap_bytes;
  }
  const code_pixel_cells cells = {
      .shape = s,
      .input = input,
      .end = input + (size_t)s->in_height * s->in_width * s->in_channels,
      .pad = cell_set(pad_code),
      .tap_step = tap_bytes,
      .block_step = (size_t)count * CELL_BYTES};
  for (int32_t k = 0; k < count; k++) {
    const int32_t row = pixels[k] / s->out_width, column = pixels[k] - row * s->out_width;
    code_pixels_fill(&cells, row * s->stride_height - s->pad_top,
                     column * s->stride_width - s->pad_left, memory + (size_t)k * CELL_BYTES);
  }
  dfq_code_ending e = *ending;
  for (int32_t k = 0; k < count; k++) {
    const size_t from = (size_t)pixels[k] * channels, at = (size_t)k * channels;
    if (e.residual_codes) memcpy(residual + at, ending->residual_codes + from, channels);
    if (e.residual) {
      memcpy((float *)(void *)residual + at, ending->residual + from, channels * sizeof(float));
    }
  }
  if (e.residual_codes) e.residual_codes = residual;
  if (e.residual) e.residual = (const float *)(const void *)residual;
  const float products = (float)s->kernel_height * s->kernel_width * s->in_channels;
  const code_finish finish = {code_ending_of_few(&e, channels, 255 * 128 * products), &e};
  const integer_job job = {.weights = (const uint8_t *)packed,
                           .block_bytes = integer_block_bytes(s),
                           .tap_bytes = integer_tap_bytes(s),
                           .taps = taps,
                           .tap_count = tap_count,
                           .groups = integer_groups(s),
                           .plane_block = cells.block_step,
                           .ending = {NULL, channels}};
  const integer_area area = {.rows = 1,
                             .columns = count,
                             .x = memory,
                             .finish = code_finishes[finish.constants.kind],
                             .ending = &finish};
  integer_cover(&job, &area, 0, channels, 0);
}
