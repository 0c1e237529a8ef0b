#include "strided_winograd_geometry.h"
#include "strided_winograd_weights.h"
#include "strided_winograd_input.h"

/* A row of outputs of a tile. */
V_INLINE void strided_outputs(const int KIND, const int32_t *sums, int32_t row, vi *y) {
  (void)KIND;
  vi m[3];
  UNROLL_FULLY for (int k = 0; k < 3; k++) {
    m[k] = vi_add(vi_load(sums + (3 * row + k) * VL), vi_load(sums + (3 * (row + 1) + k) * VL));
  }
  y[0] = vi_add(m[0], m[1]);
  y[1] = vi_add(m[1], m[2]);
}

#define STRIDED_WRITE(KIND)                                                                   \
  static void strided_write_##KIND(const code_tiles *r) {                                     \
    code_tiles_write_block(KIND, 2, 2, WINOGRAD_TAPS * VL, strided_outputs, 1, r);            \
  }
#define STRIDED_WRITE_NAME(KIND) strided_write_##KIND,
FOR_CODE_KINDS(STRIDED_WRITE)
static const code_tiles_write strided_writes[CODE_KINDS] = {FOR_CODE_KINDS(STRIDED_WRITE_NAME)};

/* The sums of tiles of a strip, one after the other; each is a product of the channels of several transformed inputs. `is_last`: they
 * end with the last row of tiles. */
static void strided_sum_tiles(const strided_geometry *g, const dfq_conv_shape *s,
                              const uint8_t *strip, int32_t tile, int32_t tiles, int is_last,
                              const uint8_t *block, int32_t vectors, int32_t *sums) {
  const size_t weight_bytes = (size_t)g->groups * vectors * 4 * VL;
  size_t places[4];
  code_winograd_job job = {.groups = g->groups,
                           .weights = block + strided_start_bytes(vectors),
                           .places = places};
  for (int32_t sum = 0; sum < STRIDED_SUMS; sum++) {
    job.runs = g->count[sum];
    for (int32_t run = 0; run < job.runs; run++) places[run] = strided_runs[sum][run] * weight_bytes;
    job.tile_step = (size_t)job.runs * g->channels;
    job.tiles = strip + strided_sum_place(g, sum) + tile * job.tile_step;
    job.starts = block + (size_t)sum * vectors * 4 * VL;
    job.next = job.weights + strided_used[sum] * weight_bytes;
    job.sums = sums + sum * VL;
    const int32_t rows = tiles / g->columns - (is_last && s->out_height % 2 && sum / 3 == 2);
    const int32_t columns = sum % 3 == 2 ? g->last_columns : g->columns;
    code_winograd_sum_tiles(job, vectors, g->few ? rows * columns : tiles);
    if (g->few && columns < g->columns) code_winograd_spread(job.sums, vectors, rows, columns);
  }
}

/* Strip after strip: inputs, then for each block of outputs the products of a few tiles and what becomes of them. */
static void strided_conv(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
                         const int8_t *packed, const dfq_code_ending *ending, int32_t first_row,
                         int32_t end_row, void *scratch) {
  const strided_geometry g = strided_geometry_of(s);
  int32_t *sums = (int32_t *)aligned_start(scratch);
  uint8_t *pads = (uint8_t *)sums + WINOGRAD_SUMS;
  uint8_t *strip = pads + strided_pad_bytes(s);

  code_tiles results =
      code_tiles_of(s, ending, STRIDED_MOST_CODE, 0, sums, g.columns, first_row, end_row);
  const code_tiles_write write = strided_writes[results.constants.kind];
  const int32_t end_output = ending->end_output ? ending->end_output : s->out_channels;
  const int32_t last_tile_row = divide_up(end_row, 2), width = g.vectors * VL;
  for (int32_t y0 = first_row / 2; y0 < last_tile_row; y0 += g.strip) {
    const int32_t y1 = smaller(y0 + g.strip, last_tile_row);
    const code_tiles_span span = code_tiles_span_of(&results, 2, y0, y1);
    strided_input(&g, s, input, y0, y1, pad_code, pads, strip);
    for (int32_t o = ending->first_output; o < end_output; o += width) {
      const uint8_t *block = (const uint8_t *)packed + strided_block_place(&g, o);
      results.output = o;
      results.outputs = smaller(end_output - o, width);
      results.vectors = strided_block_vectors(&g, s, o);
      if (g.few) {
        strided_sum_tiles(&g, s, strip, 0, (y1 - y0) * g.columns, y1 == g.rows, block, results.vectors, sums);
        code_tiles_write_span(&results, span, y0, WINOGRAD_TAPS * VL, write);
        continue;
      }
      for (int32_t tile = span.first; tile < span.end; tile += results.tiles) {
        results.tile = tile % g.columns;
        results.row = y0 + tile / g.columns;
        results.tiles = code_tiles_next(span.end - tile, WINOGRAD_MOST_TILES, 1);
        strided_sum_tiles(&g, s, strip, tile, results.tiles, 0, block, results.vectors, sums);
        write(&results);
      }
    }
  }
}
