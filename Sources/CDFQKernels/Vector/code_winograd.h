#include "code_winograd_geometry.h"
#include "code_winograd_weights.h"
#include "code_winograd_input.h"
#include "code_winograd_product.h"
#include "code_winograd_few.h"
#include "code_winograd_output.h"

/* Weights come from memory where they are many: the next block is fetched during the last two parts of the tiles, half of it in each, line
 * after line, which processors recognize and run ahead of. Other parts fetch what they use. */
static const uint8_t *code_winograd_next(const uint8_t *weights, int32_t part, int32_t parts,
                                         int32_t block) {
  if (part < parts - 2) return weights;
  return weights + block + (part > 0 && part == parts - 1 ? block / 2 : 0);
}

/* Sums of the tiles of a small map, or of some of its rows; `is_last`: they end with the map's last row. */
static void code_winograd_sum_few(const code_winograd_geometry *g, const dfq_conv_shape *s,
                                  const code_winograd_job *first, int32_t vectors, int32_t rows,
                                  int is_last) {
  code_winograd_job job = *first;
  const int cuts_columns = s->out_width % 2, cuts_rows = is_last && s->out_height % 2;
  for (int32_t tap = 0; tap < WINOGRAD_TAPS; tap++) {
    const int cuts_column = cuts_columns && tap / WINOGRAD_ROWS == WINOGRAD_LINES - 1;
    const int cuts_row = cuts_rows && tap % WINOGRAD_ROWS == WINOGRAD_ROWS - 1;
    const int32_t columns = cuts_column ? g->last_line_columns : g->columns;
    job.next = job.weights + WINOGRAD_AHEAD;
    code_winograd_sum_tiles(job, vectors, (rows - cuts_row) * columns);
    if (cuts_column) code_winograd_spread(job.sums, vectors, rows - cuts_row, columns);
    job.tiles += job.tap_step;
    job.starts += vectors * 4 * VL;
    job.weights += (size_t)g->groups * vectors * 4 * VL;
    job.sums += VL;
  }
}

/* Strip after strip: inputs, then for each block of outputs the products of a few tiles and what becomes of them. */
static void vector_code_winograd_conv(const dfq_conv_shape *s, const uint8_t *input,
                                      uint8_t pad_code, const int8_t *packed,
                                      const dfq_code_ending *ending, int32_t first_row,
                                      int32_t end_row, void *scratch) {
  const code_winograd_geometry g = code_winograd_geometry_of(s);
  const size_t tap = code_winograd_tap_step(&g);
  uint8_t *strip = (uint8_t *)aligned_start(scratch);
  int32_t *sums = (int32_t *)(void *)(strip + WINOGRAD_TAPS * tap);
  uint8_t *rows = (uint8_t *)sums + WINOGRAD_SUMS;
  uint8_t *pads = rows + WINOGRAD_ROWS * 2 * g.plane_bytes;
  memset(pads, pad_code, (size_t)s->in_width * s->in_channels);
  code_winograd_surround(&g, s, pad_code, rows);

  const int32_t width = g.vectors * VL;
  const int32_t first_output = ending->first_output;
  const int32_t end_output = ending->end_output ? ending->end_output : s->out_channels;
  code_tiles results =
      code_tiles_of(s, ending, WINOGRAD_MOST_CODE, 1, sums, g.columns, first_row, end_row);
  const code_tiles_write write = code_winograd_writes[results.constants.kind];
  const int32_t batch = g.narrow ? WINOGRAD_BATCH : 1;
  const int32_t last_tile_row = divide_up(end_row, 2);
  for (int32_t y0 = first_row / 2; y0 < last_tile_row; y0 += g.strip) {
    const int32_t y1 = smaller(y0 + g.strip, last_tile_row);
    code_winograd_input(&g, s, input, y0, y1, pads, rows, strip);
    const code_tiles_span span = code_tiles_span_of(&results, 2, y0, y1);
    for (int32_t o = first_output; o < end_output; o += width) {
      const uint8_t *block = (const uint8_t *)packed + code_winograd_block_place(&g, o);
      const int32_t vectors = code_winograd_block_vectors(&g, s, o);
      const code_winograd_product *products = g.narrow ? code_winograd_pair_products[vectors - 1]
                                                       : code_winograd_taps_products[vectors - 1];
      const int32_t most = g.narrow ? WINOGRAD_MOST_TILES / vectors : WINOGRAD_MOST_TILES;
      const int32_t parts = divide_up(span.end - span.first, most);
      code_winograd_job job = {.tiles = strip,
                               .tap_step = tap,
                               .tile_step = g.channels,
                               .starts = block,
                               .weights = block + code_winograd_start_bytes(vectors),
                               .taps = WINOGRAD_TAPS,
                               .groups = g.groups,
                               .runs = 1,
                               .sums = sums};
      results.output = o;
      results.outputs = smaller(end_output - o, width);
      results.vectors = vectors;
      if (g.few) {
        code_winograd_sum_few(&g, s, &job, vectors, y1 - y0, y1 == g.rows);
        code_tiles_write_span(&results, span, y0, code_winograd_sum_words(&g), write);
        continue;
      }
      int32_t tile = span.first;
      for (int32_t part = 0; part < parts;) {
        results.tile = tile % g.columns;
        results.row = y0 + tile / g.columns;
        results.tiles = 0;
        for (const int32_t end = smaller(part + batch, parts); part < end; part++) {
          const int32_t count = divide_up(span.end - tile, parts - part);
          job.tiles = strip + (size_t)tile * g.channels;
          job.next = code_winograd_next(job.weights, part, parts, code_winograd_block_bytes(&g));
          job.sums = sums + results.tiles * vectors * code_winograd_sum_words(&g);
          products[count - 1](&job);
          results.tiles += count;
          tile += count;
        }
        write(&results);
      }
    }
  }
}
