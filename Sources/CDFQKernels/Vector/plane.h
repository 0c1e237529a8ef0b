/* A plane is the copy of some rows of an image that convolutions read: zeros wherever the window leaves the image, and
 * channels in blocks of CELL, so that neighbouring pixels are a constant distance apart whatever the channel count.
 *
 * A cell holds `length` consecutive floats of a row: one pixel's channels, or, for images of few channels, a whole row of
 * the kernel (KW x C: a "patch"), which turns KW taps of few channels into one tap of many. Columns are dealt out over
 * `phases` (the stride), so that the pixels a strided convolution reads for one tap are neighbours too. */
enum { CELL = 16, BAND_FLOATS = 64 * 1024, MAX_TAPS = 256 };

typedef struct {
  int32_t row, rows;         /* the first image row, and how many */
  int32_t row_stride;        /* image rows between rows of the plane */
  int32_t column;            /* image column of the first cell */
  int32_t phases, cells;     /* cells per phase */
  int32_t stride;            /* image columns between the cells of a phase */
  int32_t first;             /* channel of the first float of a cell */
  int32_t length, blocks;    /* floats per cell, in blocks of CELL */
  size_t row_step;           /* floats between rows of one block */
  size_t block_step;         /* floats between blocks */
} plane;

V_INLINE void plane_finish(plane *p) {
  p->blocks = divide_up(p->length, CELL);
  p->row_step = (size_t)p->phases * p->cells * CELL;
  p->block_step = p->row_step * p->rows;
}

V_INLINE size_t plane_floats(const plane *p) { return p->block_step * p->blocks; }

/* Where image row `row` and the cell of column `column` begin, in floats. */
V_INLINE size_t plane_offset(const plane *p, int32_t row, int32_t column) {
  const int32_t at = column - p->column;
  return (size_t)((row - p->row) / p->row_stride) * p->row_step +
         ((size_t)(at % p->stride) * p->cells + at / p->stride) * CELL;
}

/* The cell that begins at float `start` of a row, of which only 0 ..< row_floats are in the image. */
static void plane_clipped_cell(const plane *p, const float *row, int32_t start, int32_t row_floats,
                               float *to) {
  for (int32_t b = 0; b < p->blocks; b++, to += p->block_step) {
    for (int32_t i = 0; i < CELL; i++) {
      const int32_t at = start + b * CELL + i;
      const int inside = b * CELL + i < p->length && at >= 0 && at < row_floats;
      to[i] = inside ? row[at] : 0;
    }
  }
}

V_INLINE void plane_whole_cell(const plane *p, const float *from, float *to) {
  int32_t left = p->length;
  for (; left >= CELL; left -= CELL, from += CELL, to += p->block_step) {
    for (int32_t i = 0; i < CELL; i += VL) v_store(to + i, v_load(from + i));
  }
  if (left == 0) return;
  for (int32_t i = 0; i < CELL; i += VL) {
    v_store(to + i, i < left ? v_load_n(from + i, left - i) : v_zero());
  }
}

static void plane_fill(const plane *p, const float *image, int32_t height, int32_t width,
                       int32_t channels, float *to) {
  const int32_t row_floats = width * channels;
  for (int32_t r = 0; r < p->rows; r++) {
    float *row = to + r * p->row_step;
    const int32_t y = p->row + r * p->row_stride;
    if (y < 0 || y >= height) {
      for (int32_t b = 0; b < p->blocks; b++) {
        memset(row + b * p->block_step, 0, p->row_step * sizeof(float));
      }
      continue;
    }
    const float *from = image + (size_t)y * row_floats;
    for (int32_t phase = 0; phase < p->phases; phase++) {
      int32_t at = (p->column + phase) * channels + p->first;
      float *cell = row + (size_t)phase * p->cells * CELL;
      for (int32_t i = 0; i < p->cells; i++, cell += CELL, at += p->stride * channels) {
        if (at >= 0 && at + p->length <= row_floats) {
          plane_whole_cell(p, from + at, cell);
        } else {
          plane_clipped_cell(p, from, at, row_floats, cell);
        }
      }
    }
  }
}
