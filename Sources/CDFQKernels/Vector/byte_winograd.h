#include "byte_winograd_geometry.h"
#include "byte_winograd_weights.h"
#include "byte_winograd_input.h"
#include "byte_winograd_product.h"
#include "byte_winograd_output.h"

/* Strip after strip: inputs, then for each block of outputs the products of a few tiles and what becomes of them. */
KERNEL void vector_code_winograd_conv(int32_t form, const dfq_conv_shape *s,
                                      const uint8_t *input, uint8_t pad_code, const int8_t *packed,
                                      const dfq_code_ending *ending, int32_t first_row,
                                      int32_t end_row, void *scratch) {
  (void)form; /* weight_bytes admits tiles of 2x2 only */
  const tile_geometry g = tile_geometry_of(s);
  int32_t *sums = (int32_t *)(void *)aligned_start(scratch);
  uint8_t *strip = (uint8_t *)(sums + TILE_SUMS);
  uint8_t *rows = strip + TILE_TAPS * g.tap_step, *pads = rows + 8 * g.plane;
  memset(pads, pad_code, (size_t)s->in_width * s->in_channels);
  tile_surround(&g, s, pad_code, rows);

  const int32_t first_output = ending->first_output;
  const int32_t end_output = ending->end_output ? ending->end_output : s->out_channels;
  code_tiles results =
      code_tiles_of(s, ending, TILE_MOST_CODE, 1, sums, g.columns, first_row, end_row);
  const code_tiles_write write = tile_writes[results.constants.kind];
  tile_job job = {.tap_step = g.tap_step,
                  .tile_step = g.channels,
                  .groups = g.groups,
                  .sums = sums};
  const int32_t end_tile_row = divide_up(end_row, 2);
  for (int32_t y0 = first_row / 2; y0 < end_tile_row; y0 += g.strip) {
    const int32_t y1 = smaller(y0 + g.strip, end_tile_row);
    const code_tiles_span span = code_tiles_span_of(&results, 2, y0, y1);
    tile_input(&g, s, input, y0, y1, pads, rows, strip);
    for (int32_t o = first_output; o < end_output; o += TILE_VECTORS * VL) {
      results.output = o;
      results.outputs = smaller(end_output - o, TILE_VECTORS * VL);
      results.vectors = tile_block_vectors(s, o);
      job.weights = (const uint8_t *)packed + tile_block_place(s, o);
      const int32_t parts = divide_up(span.end - span.first, TILES_AT_ONCE);
      int32_t tile = span.first;
      for (int32_t part = 0; part < parts; part++, tile += results.tiles) {
        results.tile = tile % g.columns;
        results.row = y0 + tile / g.columns;
        results.tiles = divide_up(span.end - tile, parts - part);
        job.tiles = strip + tile * job.tile_step;
        tile_product_functions[results.vectors - 1][results.tiles - 1](&job);
        write(&results);
      }
    }
  }
}

#define BYTE_WINOGRAD_KERNELS                                     \
  .code_winograd_weight_bytes = vector_code_winograd_weight_bytes,   \
  .code_winograd_pack = vector_code_winograd_pack,                   \
  .code_winograd_scratch = vector_code_winograd_scratch,             \
  .code_winograd_conv = vector_code_winograd_conv,                   \
  .code_winograd_most_code = {TILE_MOST_CODE}
