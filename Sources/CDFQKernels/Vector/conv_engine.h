/* Covers rows x columns of outputs with register tiles. */
REPEAT_TILE_1(CONV_TILE, 1)
REPEAT_TILE_2(CONV_TILE, 2)
REPEAT_TILE_4(CONV_TILE, 4)

static const conv_tile_function conv_tiles_1[] = {REPEAT_TILE_1(CONV_TILE_NAME, 1)};
static const conv_tile_function conv_tiles_2[] = {REPEAT_TILE_2(CONV_TILE_NAME, 2)};
static const conv_tile_function conv_tiles_4[] = {REPEAT_TILE_4(CONV_TILE_NAME, 4)};

enum {
  CONV_PIXELS_1 = sizeof conv_tiles_1 / sizeof *conv_tiles_1,
  CONV_PIXELS_2 = sizeof conv_tiles_2 / sizeof *conv_tiles_2,
  CONV_PIXELS_4 = sizeof conv_tiles_4 / sizeof *conv_tiles_4,
};

typedef struct {
  int32_t rows, columns;
  const float *x;   /* place of output (0, 0) in the plane */
  size_t x_row;     /* floats between rows of outputs, in the plane */
  float *out;
  size_t out_row;
} conv_area;

static void conv_cover_outputs(const conv_job *job, const conv_area *area, int32_t output,
                               int32_t vectors, const conv_tile_function *tiles,
                               int32_t most_pixels) {
  const int32_t lanes = smaller(job->outputs - output - (vectors - 1) * VL, VL);
  const vmask tail = v_first(lanes);
  const int32_t count = divide_up(area->columns, most_pixels);
  for (int32_t y = 0; y < area->rows; y++) {
    const float *x = area->x + y * area->x_row;
    float *out = area->out + y * area->out_row + output;
    int32_t column = 0;
    for (int32_t i = 0; i < count; i++) {
      const int32_t pixels = (area->columns - column + count - i - 1) / (count - i);
      tiles[pixels - 1](job, x + (size_t)column * CELL, output, tail,
                        out + column * job->pixel_step);
      column += pixels;
    }
  }
}

static void conv_cover(const conv_job *job, const conv_area *area) {
  if (area->rows <= 0 || area->columns <= 0) return;
  int32_t output = 0;
  while (output < job->outputs) {
    const int32_t vectors = divide_up(job->outputs - output, VL);
    if (vectors >= 4 && area->columns <= CONV_PIXELS_4) {
      conv_cover_outputs(job, area, output, 4, conv_tiles_4, CONV_PIXELS_4);
      output += 4 * VL;
    } else if (vectors >= 2) {
      conv_cover_outputs(job, area, output, 2, conv_tiles_2, CONV_PIXELS_2);
      output += 2 * VL;
    } else {
      conv_cover_outputs(job, area, output, 1, conv_tiles_1, CONV_PIXELS_1);
      output += VL;
    }
  }
}
