/* Covers rows x columns of outputs with register tiles of codes, like conv_engine.h. */
REPEAT_TILE_1(INTEGER_TILE, 1)
REPEAT_TILE_2(INTEGER_TILE, 2)
REPEAT_TILE_4(INTEGER_TILE, 4)
REPEAT_ROW_TILE_1(INTEGER_ROW_TILE, 1)

static const integer_tile_function integer_tiles_1[] = {REPEAT_TILE_1(INTEGER_TILE_NAME, 1)};
static const integer_tile_function integer_tiles_2[] = {REPEAT_TILE_2(INTEGER_TILE_NAME, 2)};
static const integer_tile_function integer_tiles_4[] = {REPEAT_TILE_4(INTEGER_TILE_NAME, 4)};
static const integer_tile_function integer_row_tiles_1[] = {
    REPEAT_ROW_TILE_1(INTEGER_ROW_TILE_NAME, 1)};

/* tiles[p - 1] is p pixels long. */
typedef struct {
  const integer_tile_function *tiles;
  int32_t most_pixels, vectors;
} integer_tile_set;

#define INTEGER_SET(tiles, vectors) {tiles, sizeof(tiles) / sizeof *(tiles), vectors}
static const integer_tile_set integer_set_1 = INTEGER_SET(integer_tiles_1, 1);
static const integer_tile_set integer_set_2 = INTEGER_SET(integer_tiles_2, 2);
static const integer_tile_set integer_set_4 = INTEGER_SET(integer_tiles_4, 4);
static const integer_tile_set integer_row_set_1 = INTEGER_SET(integer_row_tiles_1, 1);

/* The sums of some tiles: of `pixels` neighbouring pixels, each with `vectors` vectors of output channels that begin at channel
 * `output`, the last one with `lanes` channels. at: the element of the output image of the first sum. */
typedef struct {
  const int32_t *sums;
  int32_t pixels, vectors, output, lanes;
  size_t at, pixel_step;
} integer_sums;

/* What becomes of sums that were stored. */
typedef void (*integer_finish)(const void *ending, const integer_sums *sums);

typedef struct {
  int32_t rows, columns;
  const uint8_t *x; /* place of output (0, 0) in the plane */
  size_t x_row;     /* bytes between rows of outputs, in the plane */
  size_t at;        /* the first element of the output image, in which rows follow each other */
  integer_finish finish; /* or NULL for values */
  const void *ending;
} integer_area;

/* Vectors of sums that are finished together: several tiles, still in the first-level cache. */
enum { INTEGER_SUMS = 4 * CONV_REGISTERS };

/* A set's vectors of output channels from `output` on, the last one of `lanes` channels. */
static void integer_cover_outputs(const integer_job *job, const integer_area *area, int32_t output,
                                  int32_t lanes, const integer_tile_set *set) {
  _Alignas(64) int32_t sums[INTEGER_SUMS * VL];
  const int32_t count = divide_up(area->columns, set->most_pixels);
  integer_place place = {output, lanes, area->at + output, sums};
  integer_sums stored = {.sums = sums,
                         .vectors = set->vectors,
                         .output = output,
                         .lanes = lanes,
                         .at = place.at,
                         .pixel_step = job->ending.pixel_step};
  for (int32_t y = 0; y < area->rows; y++) {
    const uint8_t *x = area->x + y * area->x_row;
    int32_t column = 0;
    for (int32_t i = 0; i < count; i++) {
      const int32_t pixels = divide_up(area->columns - column, count - i);
      if (area->finish && (stored.pixels + pixels) * set->vectors > INTEGER_SUMS) {
        area->finish(area->ending, &stored);
        stored.at = place.at;
        stored.pixels = 0;
      }
      place.sums = sums + stored.pixels * set->vectors * VL;
      set->tiles[pixels - 1](job, x + (size_t)column * CELL_BYTES, &place);
      place.at += pixels * job->ending.pixel_step;
      if (area->finish) stored.pixels += pixels;
      column += pixels;
    }
  }
  if (area->finish) area->finish(area->ending, &stored);
}

/* Whether the taps of a row are processed at once; see conv_joins_taps. */
V_INLINE int integer_joins_taps(const dfq_conv_shape *s) {
  return s->out_channels <= VL && s->stride_width == 1 &&
         s->kernel_width == INTEGER_ROW_TAPS && !integer_uses_patches(s);
}

/* Output channels first ..< end; first is a multiple of all vectors of a tile. */
static void integer_cover(const integer_job *job, const integer_area *area, int32_t first,
                          int32_t end, int joins_taps) {
  integer_job part = *job;
  part.weights += first / VL * part.block_bytes;
  for (int32_t output = first; output < end;) {
    const int32_t vectors = divide_up(end - output, VL);
    const integer_tile_set *set =
        joins_taps ? &integer_row_set_1
        : vectors >= 4 && (INTEGER_LANES || area->columns <= integer_set_4.most_pixels) ? &integer_set_4
        : vectors >= 2 ? &integer_set_2 : &integer_set_1;
    const int32_t lanes = smaller(end - output - (set->vectors - 1) * VL, VL);
    integer_cover_outputs(&part, area, output, lanes, set);
    part.weights += set->vectors * part.block_bytes;
    output += set->vectors * VL;
  }
}
