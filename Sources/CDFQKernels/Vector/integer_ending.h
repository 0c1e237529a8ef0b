/* What becomes of the sums of a tile while they are in registers, PIXELS x VECTORS vectors of output channels: values, or
 * sums in memory, pixel after pixel. An ending with codes is longer than its loads and stores: it is no slower for sums of
 * several tiles that are still in the cache, and not repeated for every tile. */
typedef struct {
  const float *scale, *offset;
  float *output;
} integer_values;

typedef struct {
  const integer_values *values; /* or NULL for sums */
  size_t pixel_step;            /* elements of the output image between neighbouring pixels */
} integer_ending;

/* Where a tile is in the output image. */
typedef struct {
  int32_t output; /* its first output channel */
  int32_t lanes;  /* the channels of its last vector */
  size_t at;      /* the element of its first pixel and channel */
  int32_t *sums;  /* where its sums are stored, if they are */
} integer_place;

V_INLINE void integer_write_values(const int PIXELS, const int VECTORS, const integer_ending *e,
                                   const integer_place *place, const vi *sums) {
  float *out = e->values->output + place->at;
  const size_t pixel_step = e->pixel_step;
  UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
    const vmask lanes = v_first(v == VECTORS - 1 ? place->lanes : VL);
    const vf scale = v_load_masked(e->values->scale + place->output + v * VL, lanes);
    const vf offset = v_load_masked(e->values->offset + place->output + v * VL, lanes);
    UNROLL_FULLY for (int p = 0; p < PIXELS; p++) {
      v_store_masked(out + p * pixel_step + v * VL, lanes,
                     v_fma(v_from_whole(sums[p * VECTORS + v]), scale, offset));
    }
  }
}

V_INLINE void integer_write(const int PIXELS, const int VECTORS, const integer_ending *e,
                            const integer_place *place, const vi *sums) {
  if (e->values) {
    integer_write_values(PIXELS, VECTORS, e, place, sums);
  } else {
    UNROLL_FULLY for (int i = 0; i < PIXELS * VECTORS; i++) vi_store(place->sums + i * VL, sums[i]);
  }
}
