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
