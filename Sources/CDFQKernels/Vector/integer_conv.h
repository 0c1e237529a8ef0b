/* The scratch memory holds the plane of one band, then the offsets of the taps. */
static size_t vector_integer_scratch(const dfq_conv_shape *s) {
  const plane band = conv_input_plane(s, 0, 0, conv_band_rows(s, 0, BAND_FLOATS));
  const size_t taps = (size_t)s->kernel_height * s->kernel_width;
  return ALIGNMENT_ROOM * sizeof(float) + plane_floats(&band) * CODE_BYTES + taps * sizeof(size_t);
}

/* The offsets of the taps' codes in the plane; a row counts as one tap where its taps are joined. */
static int32_t integer_find_taps(const dfq_conv_shape *s, const plane *p, int joins_taps,
                                 size_t *taps) {
  int32_t count = 0;
  for (int32_t kh = 0; kh < s->kernel_height; kh++) {
    for (int32_t kw = 0; kw < (joins_taps ? 1 : s->kernel_width); kw++) {
      taps[count++] = plane_offset(p, p->row + kh, p->column + kw) * CODE_BYTES;
    }
  }
  return count;
}

static void vector_integer_conv(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
                                const int8_t *packed, const float *scale, const float *offset,
                                int32_t first_row, int32_t end_row, float *output,
                                void *scratch) {
  const int joins_taps = integer_joins_taps(s);
  const int32_t band = conv_band_rows(s, 0, BAND_FLOATS);
  uint8_t *memory = (uint8_t *)aligned_start(scratch);
  const plane whole = conv_input_plane(s, 0, 0, band);
  size_t *taps = (size_t *)(void *)(memory + plane_floats(&whole) * CODE_BYTES);
  integer_job job = {.weights = (const uint8_t *)packed,
                     .block_bytes = integer_block_bytes(s),
                     .tap_bytes = integer_tap_bytes(s),
                     .taps = taps,
                     .tap_count = integer_find_taps(s, &whole, joins_taps, taps),
                     .groups = integer_groups(s),
                     .scale = scale,
                     .offset = offset,
                     .pixel_step = s->out_channels};
  const size_t out_row = (size_t)s->out_width * s->out_channels;
  for (int32_t y0 = first_row; y0 < end_row; y0 += band) {
    const int32_t y1 = smaller(y0 + band, end_row);
    const plane p = conv_input_plane(s, 0, y0, y1);
    integer_plane_fill(&p, s, input, pad_code, memory);
    job.plane_block = p.block_step * CODE_BYTES;
    integer_area area = {.rows = y1 - y0,
                         .columns = s->out_width,
                         .x = memory,
                         .x_row = conv_row_advance(s, &p) * CODE_BYTES,
                         .out = output + (y0 - first_row) * out_row,
                         .out_row = out_row};
    /* The pixels of a 1x1 convolution are contiguous for any stride: one row of full tiles. */
    if (s->kernel_height == 1 && s->kernel_width == 1) {
      area.columns *= area.rows;
      area.rows = 1;
    }
    integer_cover(&job, &area, s->out_channels, joins_taps);
  }
}
