#include "word_winograd_geometry.h"
#include "word_winograd_weights.h"
#include "word_winograd_input.h"
#include "word_winograd_product.h"
#include "word_winograd_output.h"

/* Strip after strip: inputs, then for each block of outputs the products of a few tiles and what becomes of them. */
KERNEL void vector_word_winograd_conv(const dfq_conv_shape *s, const uint8_t *input,
                                      uint8_t pad_code, const int8_t *packed,
                                      const dfq_code_ending *ending, int32_t first_row,
                                      int32_t end_row, void *scratch) {
  const word_winograd_geometry g = word_winograd_geometry_of(s);
  const size_t tap = word_winograd_tap_step(&g);
  int32_t *sums = (int32_t *)aligned_start(scratch);
  int16_t *strip = (int16_t *)(void *)((uint8_t *)sums + WORD_WINOGRAD_SUMS);
  int16_t *rows = strip + WORD_WINOGRAD_TAPS * tap;
  uint8_t *pads = (uint8_t *)(rows + 4 * WORD_WINOGRAD_SIDE * g.plane);
  memset(pads, pad_code, (size_t)s->in_width * s->in_channels);
  word_winograd_surround(&g, s, pad_code, rows);

  const int32_t first_output = ending->first_output;
  const int32_t end_output = ending->end_output ? ending->end_output : s->out_channels;
  code_tiles results = {
      .shape = s,
      .from = ending,
      .constants = code_ending_of(ending, s->out_channels, 255 * 128 * 9.0f * s->in_channels),
      .sums = sums,
      .columns = g.columns,
      .first_row = first_row,
      .end_row = end_row};
  const code_tiles_write write = word_winograd_writes[results.constants.kind];
  const int32_t last_tile_row = divide_up(end_row, 4);
  for (int32_t y0 = first_row / 4; y0 < last_tile_row; y0 += g.strip) {
    const int32_t y1 = smaller(y0 + g.strip, last_tile_row);
    word_winograd_input(&g, s, input, y0, y1, pads, rows, strip);
    const int32_t tiles = (y1 - y0) * g.columns;
    for (int32_t o = first_output; o < end_output; o += results.vectors * VL) {
      results.output = o;
      results.vectors = word_winograd_block_vectors(&g, s, o);
      results.outputs = smaller(end_output - o, results.vectors * VL);
      word_winograd_job job = {.tap_step = tap,
                               .tile_step = g.channels,
                               .weights = (const int16_t *)(const void *)packed +
                                          word_winograd_block_place(&g, o),
                               .pairs = g.pairs,
                               .sums = sums};
      const word_winograd_choice choice = word_winograd_choice_of(results.vectors);
      const int32_t parts = divide_up(tiles, choice.most);
      int32_t tile = 0;
      for (int32_t part = 0; part < parts; part++) {
        results.tile = tile % g.columns;
        results.row = y0 + tile / g.columns;
        results.tiles = divide_up(tiles - tile, parts - part);
        job.tiles = strip + (size_t)tile * g.channels;
        choice.products[results.tiles - 1](&job);
        write(&results);
        tile += results.tiles;
      }
    }
  }
}
