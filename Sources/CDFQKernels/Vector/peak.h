/* Repeats as many independent multiply-adds as there are accumulators: the processor's peak. */
static size_t vector_multiply_add_loop(size_t repetitions, float *sink) {
  vf sums[CONV_REGISTERS];
  const vf factor = v_set(sink[0]), term = v_set(sink[1]);
  UNROLL_FULLY for (int i = 0; i < CONV_REGISTERS; i++) sums[i] = v_set(sink[2]);
  for (size_t r = 0; r < repetitions; r++) {
    UNROLL_FULLY for (int i = 0; i < CONV_REGISTERS; i++) {
      sums[i] = v_fma(sums[i], factor, term);
    }
  }
  vf total = v_zero();
  UNROLL_FULLY for (int i = 0; i < CONV_REGISTERS; i++) total = v_add(total, sums[i]);
  sink[2] = (float)v_sum(total);
  return repetitions * CONV_REGISTERS * VL * 2;
}
