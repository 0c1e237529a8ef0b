#include "wide_winograd_geometry.h"
#include "wide_winograd_weights.h"
#include "wide_winograd_input.h"
#include "wide_winograd_product.h"
#include "wide_winograd_output.h"

/* Strip after strip: inputs, then for each block of outputs the products of a few tiles and what becomes of them. */
V_INLINE void wide_convolve(const int WIDTH, const dfq_conv_shape *s, const uint8_t *input,
                            uint8_t pad_code, const int8_t *packed,
                            const dfq_code_ending *ending, int32_t first_row, int32_t end_row,
                            void *scratch) {
  const wide_geometry g = wide_geometry_of(WIDTH, s);
  const size_t tap = wide_tap_step(&g);
  int32_t *sums = (int32_t *)aligned_start(scratch);
  uint8_t *strip = (uint8_t *)(sums + WIDE_SUMS), *rows = strip + g.taps * tap;
  uint8_t *pads = rows + WIDE_ROWS * WIDTH * g.plane;
  memset(pads, pad_code, (size_t)s->in_width * s->in_channels);
  wide_surround(WIDTH, &g, s, pad_code, rows);

  const int32_t first_output = ending->first_output;
  const int32_t end_output = ending->end_output ? ending->end_output : s->out_channels;
  const float most_sum = code_tiles_divide(ending, first_output, end_output)
                             ? wide_most_code(WIDTH) * 128 * 9.0f * s->in_channels
                             : INFINITY;
  code_tiles results = {.shape = s,
                        .from = ending,
                        .constants = code_ending_of(ending, s->out_channels, most_sum),
                        .sums = sums,
                        .columns = g.columns,
                        .first_row = first_row,
                        .end_row = end_row};
  const code_tiles_write write = wide_writes[WIDTH / 4][results.constants.kind];
  const int32_t last_tile_row = divide_up(end_row, 4), width = g.vectors * VL;
  for (int32_t y0 = first_row / 4; y0 < last_tile_row; y0 += g.strip) {
    const int32_t y1 = smaller(y0 + g.strip, last_tile_row), tiles = (y1 - y0) * g.columns;
    wide_input(WIDTH, &g, s, input, y0, y1, pads, rows, strip);
    for (int32_t o = first_output; o < end_output; o += width) {
      const uint8_t *block = (const uint8_t *)packed + wide_block_place(&g, o);
      results.output = o;
      results.outputs = smaller(end_output - o, width);
      results.vectors = wide_block_vectors(&g, s, o);
      wide_job job = {.tap_step = tap,
                      .tile_step = g.channels,
                      .starts = block,
                      .weights = block + wide_start_bytes(&g, results.vectors),
                      .groups = g.groups,
                      .lines = g.lines,
                      .sums = sums};
      const int32_t parts = divide_up(tiles, WIDE_MOST_TILES);
      int32_t tile = 0;
      for (int32_t part = 0; part < parts; part++, tile += results.tiles) {
        results.tile = tile % g.columns;
        results.row = y0 + tile / g.columns;
        results.tiles = divide_up(tiles - tile, parts - part);
        job.tiles = strip + (size_t)tile * g.channels;
        wide_product_functions[results.vectors - 1][results.tiles - 1](&job);
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
