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

typedef struct {
  int32_t rows, columns;
  const uint8_t *x; /* place of output (0, 0) in the plane */
  size_t x_row;     /* bytes between rows of outputs, in the plane */
  float *out;
  size_t out_row;
} integer_area;

static void integer_cover_outputs(const integer_job *job, const integer_area *area, int32_t output,
                                  vmask tail, const integer_tile_set *set) {
  const int32_t count = divide_up(area->columns, set->most_pixels);
  float *out = area->out + output;
  for (int32_t y = 0; y < area->rows; y++, out += area->out_row) {
    const uint8_t *x = area->x + y * area->x_row;
    int32_t column = 0;
    for (int32_t i = 0; i < count; i++) {
      const int32_t pixels = divide_up(area->columns - column, count - i);
      set->tiles[pixels - 1](job, x + (size_t)column * CELL_BYTES, output, tail,
                             out + column * job->pixel_step);
      column += pixels;
    }
  }
}

/* Whether the taps of a row are processed at once; see conv_joins_taps. */
V_INLINE int integer_joins_taps(const dfq_conv_shape *s) {
  return s->out_channels <= VL && s->stride_width == 1 && s->kernel_width == INTEGER_ROW_TAPS;
}

static void integer_cover(const integer_job *job, const integer_area *area, int32_t outputs,
                          int joins_taps) {
  integer_job part = *job;
  for (int32_t output = 0; output < outputs;) {
    const int32_t vectors = divide_up(outputs - output, VL);
    const integer_tile_set *set =
        joins_taps ? &integer_row_set_1
        : vectors >= 4 && area->columns <= integer_set_4.most_pixels ? &integer_set_4
        : vectors >= 2 ? &integer_set_2 : &integer_set_1;
    const vmask tail = v_first(smaller(outputs - output - (set->vectors - 1) * VL, VL));
    integer_cover_outputs(&part, area, output, tail, set);
    part.weights += set->vectors * part.block_bytes;
    output += set->vectors * VL;
  }
}
