/* The scratch memory holds the plane of one band, the offsets of the taps, and a row of the image. */
KERNEL size_t vector_integer_scratch(const dfq_conv_shape *s) {
  const int patches = integer_uses_patches(s);
  const plane band = conv_input_plane(s, patches, 0, conv_band_rows(s, patches, BAND_FLOATS));
  return ALIGNMENT_ROOM * sizeof(float) + plane_floats(&band) * CODE_BYTES +
         integer_taps(s) * sizeof(size_t) + integer_patch_row(s);
}

/* The offsets of the taps' codes in the plane; a row counts as one tap where its taps are joined. */
static int32_t integer_find_taps(const dfq_conv_shape *s, const plane *p, int joins_taps,
                                 size_t *taps) {
  int32_t count = 0;
  for (int32_t kh = 0; kh < s->kernel_height; kh++) {
    const int32_t columns = joins_taps || integer_uses_patches(s) ? 1 : s->kernel_width;
    for (int32_t kw = 0; kw < columns; kw++) {
      taps[count++] = plane_offset(p, p->row + kh, p->column + kw) * CODE_BYTES;
    }
  }
  return count;
}

/* Which outputs of a convolution are computed, and what becomes of their sums. */
typedef struct {
  int32_t first_output, end_output, first_row, end_row;
  int32_t base_row; /* the row of the ending's first element */
  const integer_values *values; /* or NULL for sums that are finished */
  integer_finish finish;
  const void *ending;
} integer_outputs;

static void integer_convolve(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
                             const int8_t *packed, const integer_outputs *outputs, void *scratch) {
  const int joins_taps = integer_joins_taps(s);
  const int patches = integer_uses_patches(s);
  const int32_t band = conv_band_rows(s, patches, BAND_FLOATS);
  uint8_t *memory = (uint8_t *)aligned_start(scratch);
  const plane whole = conv_input_plane(s, patches, 0, band);
  size_t *taps = (size_t *)(void *)(memory + plane_floats(&whole) * CODE_BYTES);
  uint8_t *row = (uint8_t *)(taps + integer_taps(s));
  integer_job job = {.weights = (const uint8_t *)packed,
                     .block_bytes = integer_block_bytes(s),
                     .tap_bytes = integer_tap_bytes(s),
                     .taps = taps,
                     .tap_count = integer_find_taps(s, &whole, joins_taps, taps),
                     .groups = integer_groups(s),
                     .ending = {outputs->values, s->out_channels}};
  integer_area area = {.x = memory, .finish = outputs->finish, .ending = outputs->ending};
  for (int32_t y0 = outputs->first_row; y0 < outputs->end_row; y0 += band) {
    const int32_t y1 = smaller(y0 + band, outputs->end_row);
    const plane p = conv_input_plane(s, patches, y0, y1);
    integer_plane_fill(&p, s, input, pad_code, row, memory);
    job.plane_block = p.block_step * CODE_BYTES;
    area.rows = y1 - y0;
    area.columns = s->out_width;
    area.x_row = conv_row_advance(s, &p) * CODE_BYTES;
    area.at = (size_t)(y0 - outputs->base_row) * s->out_width * s->out_channels;
    /* The pixels of a 1x1 convolution are contiguous for any stride: one row of full tiles. */
    if (s->kernel_height == 1 && s->kernel_width == 1) {
      area.columns *= area.rows;
      area.rows = 1;
    }
    integer_cover(&job, &area, outputs->first_output, outputs->end_output, joins_taps);
  }
}

KERNEL void vector_integer_conv(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
                                const int8_t *packed, const float *scale, const float *offset,
                                int32_t first_row, int32_t end_row, float *output,
                                void *scratch) {
  const integer_values values = {scale, offset, output};
  const integer_outputs outputs = {.end_output = s->out_channels,
                                   .first_row = first_row,
                                   .end_row = end_row,
                                   .base_row = first_row,
                                   .values = &values};
  integer_convolve(s, input, pad_code, packed, &outputs, scratch);
}
