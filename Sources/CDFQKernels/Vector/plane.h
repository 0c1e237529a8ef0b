/* A plane is the copy of some rows of an image that convolutions read: zeros wherever the window
 * leaves the image, and channels in blocks of CELL, so that neighbouring pixels are a constant
 * distance apart whatever the channel count.
 *
 * A cell holds `length` consecutive floats of a row: one pixel's channels, or, for images of few
 * channels, a whole row of the kernel (KW x C: a "patch"), which turns KW taps of few channels
 * into one tap of many. Columns are dealt out over `phases` (the stride), so that the pixels a
 * strided convolution reads for one tap are neighbours too. */
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

/* One block (`lanes` floats) of cells that begin at `start`, `start + step`, ... of a row of
 * `row_floats` floats. */
static void plane_fill_cells(const float *row, int32_t row_floats, int32_t start, int32_t step,
                             int32_t cells, int32_t lanes, float *to) {
  /* Cells begin ..< end lie inside the row; those around them are clipped. */
  const int32_t begin = smaller(larger(floor_divide(step - 1 - start, step), 0), cells);
  const int32_t whole = floor_divide(row_floats - lanes - start, step) + 1;
  const int32_t end = larger(smaller(whole, cells), begin);
  for (int32_t i = 0; i < cells; i++) {
    if (i == begin) i = end;
    if (i == cells) break;
    for (int32_t lane = 0; lane < CELL; lane++) {
      const int32_t at = start + i * step + lane;
      to[(size_t)i * CELL + lane] = lane < lanes && at >= 0 && at < row_floats ? row[at] : 0;
    }
  }
  const float *from = row + start + (ptrdiff_t)begin * step;
  float *cell = to + (size_t)begin * CELL;
  if (lanes == CELL) {
    for (int32_t i = begin; i < end; i++, from += step, cell += CELL) {
      UNROLL_FULLY for (int lane = 0; lane < CELL; lane += VL) {
        v_store(cell + lane, v_load(from + lane));
      }
    }
    return;
  }
  for (int32_t i = begin; i < end; i++, from += step, cell += CELL) {
    UNROLL_FULLY for (int lane = 0; lane < CELL; lane += VL) {
      v_store(cell + lane, v_load_masked(from + lane, v_first(lanes - lane)));
    }
  }
}

static void plane_fill(const plane *p, const float *image, int32_t height, int32_t width,
                       int32_t channels, float *to) {
  const int32_t row_floats = width * channels;
  for (int32_t b = 0; b < p->blocks; b++) {
    const int32_t lanes = smaller(p->length - b * CELL, CELL);
    for (int32_t r = 0; r < p->rows; r++, to += p->row_step) {
      const int32_t y = p->row + r * p->row_stride;
      if (y < 0 || y >= height) {
        memset(to, 0, p->row_step * sizeof(float));
        continue;
      }
      for (int32_t phase = 0; phase < p->phases; phase++) {
        const int32_t start = (p->column + phase) * channels + p->first + b * CELL;
        plane_fill_cells(image + (size_t)y * row_floats, row_floats, start, p->stride * channels,
                         p->cells, lanes, to + (size_t)phase * p->cells * CELL);
      }
    }
  }
}
