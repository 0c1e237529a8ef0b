/* Repeats as many independent sums of products of codes as there are accumulators: the processor's peak. */
KERNEL size_t vector_code_product_loop(size_t repetitions, int32_t *sink) {
  vi sums[CONV_REGISTERS];
  vi codes = vi_set(sink[0]);
  const vi weights = vi_set(sink[1]);
  UNROLL_FULLY for (int i = 0; i < CONV_REGISTERS; i++) sums[i] = vi_set(sink[2]);
  for (size_t r = 0; r < repetitions; r++) {
    UNROLL_FULLY for (int i = 0; i < CONV_REGISTERS; i++) {
      /* Otherwise products of words would be computed once for all. */
      V_HIDE(codes);
      sums[i] = integer_dot(sums[i], codes, weights);
    }
  }
  int32_t lanes[VL], total = 0;
  UNROLL_FULLY for (int i = 1; i < CONV_REGISTERS; i++) sums[0] = vi_or(sums[0], sums[i]);
  vi_store(lanes, sums[0]);
  for (int i = 0; i < VL; i++) total |= lanes[i];
  sink[2] = total;
  return repetitions * CONV_REGISTERS * VL * GROUP * 2;
}
