/* Values that a pass reads again later are in the third-level cache or in memory. The values of a
 * tile are too scattered for the hardware prefetcher, so they are prefetched while the matrices of
 * the block are multiplied. */
enum { CACHE_LINE_FLOATS = 16 };

/* Contiguous rows of pixels: the rows of a strip. `row` counts from the top of its first
 * tile. */
V_INLINE void winograd_prefetch_row(const int32_t height, const int32_t width,
                                    const int32_t channels, int32_t row, int32_t column,
                                    int32_t pixels, const float *image, int write) {
  const int32_t first = larger(column, 0), end = smaller(column + pixels, width);
  if (row < 0 || row >= height || first >= end) return;
  const float *from = image + ((size_t)row * width + first) * channels;
  const float *to = from + (size_t)(end - first) * channels;
  if (write) {
    for (; from < to; from += CACHE_LINE_FLOATS) __builtin_prefetch(from, 1, 2);
  } else {
    for (; from < to; from += CACHE_LINE_FLOATS) __builtin_prefetch(from, 0, 2);
  }
}

/* One of TILE parts (rows of the tiles) of what tiles first ..< end of a block are written to. */
V_INLINE void winograd_prefetch_output(const int TILE, const winograd_job *job, int32_t first,
                                       int32_t end, const dfq_conv_ending *ending,
                                       const float *output, size_t image_step, int32_t part) {
  const dfq_conv_shape *s = job->shape;
  if (ending->drops || ending->streams) return;
  for (int32_t tile = first; tile < end;) {
    const winograd_strip strip = winograd_strip_at(job, tile, end);
    winograd_prefetch_row(s->out_height, s->out_width, s->out_channels, strip.row * TILE + part,
                          strip.column * TILE, strip.count * TILE,
                          output + strip.image * image_step, 1);
    tile += strip.count;
  }
}

/* The same for the inputs of tiles first ..< end of the next block. */
V_INLINE void winograd_prefetch_input(const int TILE, const winograd_job *job, int32_t first,
                                      int32_t end, const float *input, size_t image_step,
                                      int32_t part) {
  const dfq_conv_shape *s = job->shape;
  for (int32_t tile = first; tile < end;) {
    const winograd_strip strip = winograd_strip_at(job, tile, end);
    winograd_prefetch_row(s->in_height, s->in_width, s->in_channels,
                          strip.row * TILE + part - s->pad_top, strip.column * TILE - s->pad_left,
                          strip.count * TILE + 2, input + strip.image * image_step, 0);
    tile += strip.count;
  }
}
