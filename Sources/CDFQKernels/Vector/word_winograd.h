#include "word_winograd_geometry.h"
#include "word_winograd_weights.h"
#include "word_winograd_input.h"
#include "word_winograd_product.h"
#include "word_winograd_output.h"

/* The sums of some tiles, line after line, whose weights stay in the cache. */
static void word_winograd_part(const word_winograd_geometry *g, const int16_t *tiles,
                               int32_t count, const int16_t *weights, int32_t *sums) {
  const int32_t groups = divide_up(count, WORD_WINOGRAD_TILES), vectors = g->single ? 1 : 2;
  const size_t unit_words = word_winograd_unit_words(g);
  const size_t line_weights = (size_t)WORD_WINOGRAD_SIDE * g->pairs * 2 * VL * vectors;
  for (int32_t line = 0; line < WORD_WINOGRAD_SIDE; line++) {
    word_winograd_job job = {.tiles = tiles + line * g->units * unit_words,
                             .unit_words = unit_words,
                             .cell = g->cell,
                             .weights = weights + line * line_weights,
                             .pairs = g->pairs,
                             .sums = sums + 4 * line * VL};
    int32_t left = count;
    for (int32_t group = 0; group < groups; group++) {
      const int32_t n = divide_up(left, groups - group);
      word_winograd_functions[g->single][n - 1](&job);
      left -= n;
      job.tiles += n * job.cell;
      job.sums += n * vectors * WORD_WINOGRAD_VECTOR_SUMS;
    }
  }
}

/* Strip after strip: inputs, then for each vector of outputs the products of some tiles and what becomes of them. */
KERNEL void vector_word_winograd_conv(const dfq_conv_shape *s, const uint8_t *input,
                                      uint8_t pad_code, const int8_t *packed,
                                      const dfq_code_ending *ending, int32_t first_row,
                                      int32_t end_row, void *scratch) {
  const word_winograd_geometry g = word_winograd_geometry_of(s);
  int32_t *sums = (int32_t *)aligned_start(scratch);
  int16_t *strip = (int16_t *)(void *)(sums + WORD_WINOGRAD_SUMS);
  int16_t *rows = strip + word_winograd_strip_words(&g);
  uint8_t *pads = (uint8_t *)(rows + 4 * g.units * g.plane);
  memset(pads, pad_code, (size_t)s->in_width * s->in_channels);
  word_winograd_surround(&g, s, pad_code, rows);

  const int32_t first_output = ending->first_output;
  const int32_t end_output = ending->end_output ? ending->end_output : s->out_channels;
  code_tiles results =
      code_tiles_of(s, ending, 255, 1, sums, g.columns, first_row, end_row);
  results.vectors = g.single ? 1 : 2;
  const code_tiles_write write = word_winograd_writes[results.constants.kind];
  const int32_t last_tile_row = divide_up(end_row, 4);
  for (int32_t y0 = first_row / 4; y0 < last_tile_row; y0 += g.strip) {
    const int32_t y1 = smaller(y0 + g.strip, last_tile_row);
    const code_tiles_span span = code_tiles_span_of(&results, 4, y0, y1);
    word_winograd_input(&g, s, input, y0, y1, pads, rows, strip);
    for (int32_t o = first_output; o < end_output; o += 2 * VL) {
      const int16_t *weights =
          (const int16_t *)(const void *)packed + word_winograd_weight_place(&g, o);
      results.output = o;
      results.outputs = smaller(end_output - o, 2 * VL);
      const int32_t groups = WORD_WINOGRAD_GROUPS / results.vectors;
      for (int32_t tile = span.first; tile < span.end; tile += results.tiles) {
        results.tile = tile % g.columns;
        results.row = y0 + tile / g.columns;
        results.tiles = code_tiles_next(span.end - tile, WORD_WINOGRAD_TILES, groups);
        word_winograd_part(&g, strip + (size_t)tile * g.cell, results.tiles, weights, sums);
        write(&results);
      }
    }
  }
}
