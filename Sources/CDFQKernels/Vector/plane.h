/* A plane is the copy of some rows of an image that convolutions read: zeros wherever the window
 * leaves the image, and channels in blocks of CELL, so that neighbouring pixels have a
 * constant distance for any channel count.
 *
 * A cell holds `length` consecutive floats of a row: one pixel's channels, or, for images of few
 * channels, a whole row of the kernel (KW x C: a "patch"), which turns KW taps of few channels
 * into one tap of many. Columns are distributed over `phases` (the stride), so that the pixels
 * that a strided convolution reads for one tap are adjacent as well. */
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
