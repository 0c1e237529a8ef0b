#include "wide_winograd_geometry.h"
#include "wide_winograd_weights.h"
#include "wide_winograd_transform.h"
#include "wide_winograd_input.h"
#include "wide_winograd_product.h"
#include "wide_winograd_output.h"

/* The sums of some tiles, line after line, whose weights stay in the first-level cache; those of a single vector do so for all lines.
 * Inputs of the next strip are transformed between the lines: their stores miss the first-level cache, and wait while products run. */
V_INLINE void wide_part(const int WIDTH, const wide_geometry *g, const uint8_t *tiles,
                        int32_t count, const uint8_t *block, int32_t vectors, int32_t *sums,
                        wide_queue *queue, const uint8_t **next) {
  const int32_t groups = divide_up(count, WIDE_MOST_TILES);
  const int32_t lines = vectors == 1 ? g->lines : 1;
  const size_t starts = (size_t)WIDE_STARTS * vectors * 4 * VL, tap = wide_tap_step(g);
  const size_t weights = (size_t)WIDE_ROWS * g->groups * vectors * 4 * VL;
  for (int32_t line = 0; line < g->lines; line += lines) {
    wide_job job = {.tiles = tiles + line * WIDE_ROWS * tap,
                    .tap_step = tap,
                    .tile_step = g->channels,
                    .starts = block + line * starts,
                    .weights = block + wide_start_bytes(g, vectors) + line * weights,
                    .groups = g->groups,
                    .lines = lines,
                    .tile_sums = g->lines * 4 * VL,
                    .sums = sums + 4 * line * VL};
    int32_t left = count;
    for (int32_t group = 0; group < groups; group++) {
      const int32_t n = divide_up(left, groups - group);
      job.next = *next ? *next : job.weights;
      wide_product_functions[vectors - 1][n - 1](&job);
      if (*next) *next += WIDE_STEPS * (size_t)g->groups * 4 * VL;
      left -= n;
      job.tiles += n * job.tile_step;
      job.sums += n * vectors * job.tile_sums;
    }
    wide_transform_next(WIDTH, g, queue);
  }
}

/* Strip after strip: inputs, then for each block of outputs the products of a few tiles and what becomes of them. */
V_INLINE void wide_convolve(const int WIDTH, const dfq_conv_shape *s, const uint8_t *input,
                            uint8_t pad_code, const int8_t *packed,
                            const dfq_code_ending *ending, int32_t first_row, int32_t end_row,
                            void *scratch) {
  const wide_geometry g = wide_geometry_of(WIDTH, s);
  int32_t *sums = (int32_t *)aligned_start(scratch);
  uint8_t *strip = (uint8_t *)(sums + WIDE_SUMS), *next = strip + wide_strip_bytes(&g);
  uint8_t *rows = strip + wide_strips(&g) * wide_strip_bytes(&g);
  const wide_image image = {input, rows + wide_rows_bytes(&g), pad_code, rows};
  memset(rows, pad_code, wide_rows_bytes(&g) + (size_t)s->in_width * s->in_channels);

  const int32_t first_output = ending->first_output;
  const int32_t end_output = ending->end_output ? ending->end_output : s->out_channels;
  code_tiles results =
      code_tiles_of(s, ending, wide_most_code(WIDTH), 1, sums, g.columns, first_row, end_row);
  const code_tiles_write write = wide_writes[WIDTH / 4][results.constants.kind];
  const int32_t first_tile_row = first_row / 4, last_tile_row = divide_up(end_row, 4);
  const int32_t width = g.vectors * VL;
  wide_queue queue = {.shape = s,
                      .image = &image,
                      .row = first_tile_row,
                      .tile = ending->first_tile,
                      .end_row = smaller(first_tile_row + g.strip, last_tile_row),
                      .to = next + (size_t)ending->first_tile * g.channels};
  if (g.sorted) queue.end_row = queue.row;
  for (int32_t y0 = first_tile_row; y0 < last_tile_row; y0 += g.strip) {
    const int32_t y1 = smaller(y0 + g.strip, last_tile_row);
    const code_tiles_span span = code_tiles_span_of(&results, 4, y0, y1);
    if (g.sorted) {
      wide_sorted_input(WIDTH, &g, s, &image, y0, y1, strip);
    } else {
      while (queue.row < queue.end_row) wide_transform_next(WIDTH, &g, &queue);
      queue.end_row = smaller(y1 + g.strip, last_tile_row);
      queue.to = strip;
      strip = next;
      next = queue.to;
    }
    for (int32_t o = first_output; o < end_output; o += width) {
      const uint8_t *block = (const uint8_t *)packed + wide_block_place(&g, o);
      results.output = o;
      results.outputs = smaller(end_output - o, width);
      results.vectors = wide_block_vectors(&g, s, o);
      const uint8_t *later = y0 == first_tile_row ? block + wide_block_place(&g, width) : NULL;
      for (int32_t tile = span.first; tile < span.end; tile += results.tiles) {
        results.tile = tile % g.columns;
        results.row = y0 + tile / g.columns;
        results.tiles = code_tiles_next(span.end - tile, WIDE_MOST_TILES, g.small ? 1 : WIDE_GROUPS);
        wide_part(WIDTH, &g, strip + (size_t)tile * g.channels, results.tiles, block,
                  results.vectors, sums, &queue, &later);
        write(&results);
      }
    }
  }
}

static void wide_conv(int32_t width, const dfq_conv_shape *s, const uint8_t *input,
                      uint8_t pad_code, const int8_t *packed, const dfq_code_ending *ending,
                      int32_t first_row, int32_t end_row, void *scratch) {
  if (width == 4) {
    wide_convolve(4, s, input, pad_code, packed, ending, first_row, end_row, scratch);
  } else {
    wide_convolve(2, s, input, pad_code, packed, ending, first_row, end_row, scratch);
  }
}
