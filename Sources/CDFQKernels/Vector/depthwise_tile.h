/* Depthwise tiles: one vector of channels of neighbouring pixels. A tap's weight is used for all
 * of them. */
enum { DEPTHWISE_PIXELS = 8 };

V_INLINE void depthwise_tile(const int PIXELS, const conv_job *job, const float *x, int32_t c,
                             vmask lanes, float *out) {
  const vf start = job->bias ? v_load_masked(job->bias + c, lanes) : v_zero();
  vf sums[DEPTHWISE_PIXELS];
  UNROLL_FULLY for (int p = 0; p < PIXELS; p++) sums[p] = start;
  for (int32_t t = 0; t < job->tap_count; t++) {
    const vf weight = v_load_masked(job->taps[t].weight + c, lanes);
    const float *from = x + job->taps[t].offset;
    UNROLL_FULLY for (int p = 0; p < PIXELS; p++) {
      sums[p] = v_fma(v_load(from + p * CELL), weight, sums[p]);
    }
  }
  UNROLL_FULLY for (int p = 0; p < PIXELS; p++) {
    float *to = out + p * job->pixel_step;
    if (job->accumulate) sums[p] = v_add(v_load_masked(to, lanes), sums[p]);
    v_store_masked(to, lanes, sums[p]);
  }
}

/* Rows x columns of outputs, of at most CELL channels (job->outputs). */
static void depthwise_cover(const conv_job *job, const conv_area *area) {
  for (int32_t y = 0; y < area->rows; y++) {
    for (int32_t c = 0; c < job->outputs; c += VL) {
      const vmask lanes = v_first(smaller(job->outputs - c, VL));
      const float *x = area->x + y * area->x_row + c;
      float *out = area->out + y * area->out_row + c;
      int32_t column = 0;
      for (; column + DEPTHWISE_PIXELS <= area->columns; column += DEPTHWISE_PIXELS) {
        depthwise_tile(DEPTHWISE_PIXELS, job, x + (size_t)column * CELL, c, lanes,
                       out + column * job->pixel_step);
      }
      if (column + 4 <= area->columns) {
        depthwise_tile(4, job, x + (size_t)column * CELL, c, lanes,
                       out + column * job->pixel_step);
        column += 4;
      }
      for (; column < area->columns; column++) {
        depthwise_tile(1, job, x + (size_t)column * CELL, c, lanes,
                       out + column * job->pixel_step);
      }
    }
  }
}
