/* Codes of 8-bit pixels, whose channels repeat after a period of whole vectors. */
static void vector_codes_of_bytes(const uint8_t *bytes, size_t count, const float *scale,
                                  const float *shift, size_t period, float highest,
                                  uint8_t *codes) {
  const vf most = v_set(highest);
  size_t j = 0;
#define BODY(i, n)                                                                          \
  {                                                                                         \
    const vf x = v_from_whole(vi_from_bytes_n(bytes + i, n));                               \
    const vf level = v_fma(x, v_load(scale + j), v_load(shift + j));                        \
    v_store_bytes_n(codes + i, n, v_round(v_min(v_max(level, v_zero()), most)));            \
    j = j + VL < period ? j + VL : 0;                                                       \
  }
  FOR_VECTORS(count, BODY);
#undef BODY
}

/* Sums over the pixels of an image in codes, for averages: a vector of channels stays in registers. */
V_INLINE void code_sum_columns(const code_ending *e, const uint8_t *codes, size_t pixels,
                               int32_t channels, float *sums, int n) {
  vf sum = v_load_n(sums, n);
  for (size_t i = 0; i < pixels; i++, codes += channels) {
    sum = v_add(sum, code_residual(e, vi_from_bytes_n(codes, n)));
  }
  v_store_n(sums, n, sum);
}

static void vector_code_sums(const uint8_t *codes, size_t pixels, int32_t channels, float offset,
                             float levels_per_unit, float *sums) {
  code_ending e = {.residual_offset = v_set(offset), .residual_levels = v_set(levels_per_unit)};
  code_ending_invert(&e, 0);
  for (int32_t c = 0; c < channels; c += VL) {
    if (c + VL <= channels) {
      code_sum_columns(&e, codes + c, pixels, channels, sums + c, VL);
    } else {
      code_sum_columns(&e, codes + c, pixels, channels, sums + c, channels - c);
    }
  }
}
