/* Covers rows x columns of outputs with register tiles. */
REPEAT_TILE_1(CONV_TILE, 1)
REPEAT_TILE_2(CONV_TILE, 2)
REPEAT_TILE_4(CONV_TILE, 4)
REPEAT_ROW_TILE_1(CONV_ROW_TILE, 1)

static const conv_tile_function conv_tiles_1[] = {REPEAT_TILE_1(CONV_TILE_NAME, 1)};
static const conv_tile_function conv_tiles_2[] = {REPEAT_TILE_2(CONV_TILE_NAME, 2)};
static const conv_tile_function conv_tiles_4[] = {REPEAT_TILE_4(CONV_TILE_NAME, 4)};
static const conv_tile_function conv_row_tiles_1[] = {REPEAT_ROW_TILE_1(CONV_ROW_TILE_NAME, 1)};

/* The tiles of one width in output channels; tiles[p - 1] is p pixels long. */
typedef struct {
  const conv_tile_function *tiles;
  int32_t most_pixels, vectors;
} conv_tile_set;

#define TILE_SET(tiles, vectors) {tiles, sizeof(tiles) / sizeof *(tiles), vectors}
static const conv_tile_set conv_set_1 = TILE_SET(conv_tiles_1, 1);
static const conv_tile_set conv_set_2 = TILE_SET(conv_tiles_2, 2);
static const conv_tile_set conv_set_4 = TILE_SET(conv_tiles_4, 4);
static const conv_tile_set conv_row_set_1 = TILE_SET(conv_row_tiles_1, 1);

typedef struct {
  int32_t rows, columns;
  const float *x;   /* place of output (0, 0) in the plane */
  size_t x_row;     /* floats between rows of outputs, in the plane */
  float *out;
  size_t out_row;
} conv_area;

/* `set->vectors` vectors of output channels from `output` on. */
static void conv_cover_outputs(const conv_job *job, const conv_area *area, int32_t output,
                               vmask tail, const conv_tile_set *set, float *out) {
  const int32_t count = divide_up(area->columns, set->most_pixels);
  for (int32_t y = 0; y < area->rows; y++, out += area->out_row) {
    const float *x = area->x + y * area->x_row;
    int32_t column = 0;
    for (int32_t i = 0; i < count; i++) {
      const int32_t pixels = divide_up(area->columns - column, count - i);
      set->tiles[pixels - 1](job, x + (size_t)column * CELL, output, tail,
                             out + column * job->pixel_step);
      column += pixels;
    }
  }
}

/* Rows of weights with a large stride map to few cache sets and evict each other. With
 * PACKED_OUTPUTS or more outputs, each set of tiles uses a dense copy of its columns. */
enum { PACKED_OUTPUTS = 512, PACKED_VECTORS = 4 };

V_INLINE size_t conv_packed_floats(int32_t taps, int32_t inputs, int32_t outputs) {
  return outputs >= PACKED_OUTPUTS ? (size_t)taps * inputs * PACKED_VECTORS * VL : 0;
}

static void conv_pack(conv_job *job, int32_t output, int32_t vectors, vmask tail) {
  float *to = job->packed;
  for (int32_t t = 0; t < job->tap_count; t++) {
    const float *from = job->taps[t].weight + output;
    job->taps[t].weight = to;
    for (int32_t i = 0; i < job->inputs; i++, from += job->weight_row) {
      for (int32_t v = 0; v < vectors; v++, to += VL) {
        v_store(to, v == vectors - 1 ? v_load_masked(from + v * VL, tail) : v_load(from + v * VL));
      }
    }
  }
  job->weight_row = (size_t)vectors * VL;
  if (job->bias) job->bias += output;
}

/* Whether the taps of a row are processed at once, which pays where one vector of outputs does not
 * reuse a loaded input often enough. */
V_INLINE int conv_joins_taps(int32_t outputs, int32_t kernel_width, int32_t stride_width) {
  return outputs <= VL && stride_width == 1 && kernel_width == CONV_ROW_TAPS;
}

static const conv_tile_set *conv_choose_set(const conv_job *job, const conv_area *area,
                                            int32_t vectors) {
  if (job->row_taps) return &conv_row_set_1;
  if (vectors >= 4 && area->columns <= conv_set_4.most_pixels) return &conv_set_4;
  return vectors >= 2 ? &conv_set_2 : &conv_set_1;
}

static void conv_cover(const conv_job *job, const conv_area *area) {
  if (area->rows <= 0 || area->columns <= 0) return;
  for (int32_t output = 0; output < job->outputs;) {
    const int32_t vectors = divide_up(job->outputs - output, VL);
    const conv_tile_set *set = conv_choose_set(job, area, vectors);
    const vmask tail = v_first(smaller(job->outputs - output - (set->vectors - 1) * VL, VL));
    if (job->packed && area->rows >= 4) {
      conv_job packed = *job;
      conv_pack(&packed, output, set->vectors, tail);
      conv_cover_outputs(&packed, area, 0, tail, set, area->out + output);
    } else {
      conv_cover_outputs(job, area, output, tail, set, area->out + output);
    }
    output += set->vectors * VL;
  }
}
