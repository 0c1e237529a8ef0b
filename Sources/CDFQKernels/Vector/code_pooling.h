/* The largest codes of windows. */
typedef struct {
  int32_t rows, columns, channels;
  size_t row_step; /* bytes */
} code_window;

/* Channels c ..< c + 16. */
V_INLINE void code_pool_cell(const code_window *w, const uint8_t *from, int32_t c, uint8_t *to) {
  vcell largest = cell_set(0);
  for (int32_t y = 0; y < w->rows; y++) {
    const uint8_t *at = from + y * w->row_step + c;
    for (int32_t x = 0; x < w->columns; x++, at += w->channels) {
      largest = cell_max(largest, cell_load(at));
    }
  }
  cell_store(to + c, largest);
}

V_INLINE void code_pool_vector(const code_window *w, const uint8_t *from, int32_t c, uint8_t *to) {
  vi largest = vi_zero();
  for (int32_t y = 0; y < w->rows; y++) {
    const uint8_t *at = from + y * w->row_step + c;
    for (int32_t x = 0; x < w->columns; x++, at += w->channels) {
      largest = vi_max_bytes(largest, vi_load(at));
    }
  }
  vi_store(to + c, largest);
}

static void code_pool_pixel(const code_window *w, const uint8_t *from, uint8_t *to) {
  int32_t c = 0;
  for (; c + 4 * VL <= w->channels; c += 4 * VL) code_pool_vector(w, from, c, to);
  for (; c + CELL <= w->channels; c += CELL) code_pool_cell(w, from, c, to);
  if (c == w->channels) return;
  if (w->channels >= CELL) return code_pool_cell(w, from, w->channels - CELL, to);
  memset(to, 0, w->channels);
  for (int32_t y = 0; y < w->rows; y++) {
    const uint8_t *at = from + y * w->row_step;
    for (int32_t x = 0; x < w->columns; x++, at += w->channels) {
      for (c = 0; c < w->channels; c++) to[c] = at[c] > to[c] ? at[c] : to[c];
    }
  }
}

static void vector_code_max_pool(const dfq_conv_shape *s, const uint8_t *input, uint8_t *output) {
  code_window w = {.channels = s->in_channels,
                   .row_step = (size_t)s->in_width * s->in_channels};
  for (int32_t oy = 0; oy < s->out_height; oy++) {
    const int32_t top = oy * s->stride_height - s->pad_top, y0 = larger(top, 0);
    w.rows = smaller(top + s->kernel_height, s->in_height) - y0;
    for (int32_t ox = 0; ox < s->out_width; ox++, output += s->in_channels) {
      const int32_t left = ox * s->stride_width - s->pad_left, x0 = larger(left, 0);
      w.columns = smaller(left + s->kernel_width, s->in_width) - x0;
      code_pool_pixel(&w, input + y0 * w.row_step + (size_t)x0 * s->in_channels, output);
    }
  }
}
