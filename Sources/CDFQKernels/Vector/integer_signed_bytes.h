/* Codes as bytes, for the dot products of NEON: four products per lane of bytes that all have a sign, or all have none.
 *
 * Where weights have a sign, codes are stored less 128, and sums start from 128 times the sum of their weights, which packed
 * weights begin with. Weights of dense layers have no sign: code_dense.h subtracts the least one. All is modulo 2^32, which the
 * sum of a convolution fits. */
#define CODE_BYTES 1
typedef int8_t weight_code;
#define INTEGER_SIGNED_CODES 1
#define INTEGER_LANES 1 /* a product may read its codes from one lane */

V_INLINE vi integer_dot(vi sum, vi codes, vi weights) {
  return vdotq_s32(sum, vreinterpretq_s8_s32(codes), vreinterpretq_s8_s32(weights));
}

V_INLINE vi integer_dot_lane(vi sum, vcell cell, const int lane, vi weights) {
  const int8x16_t codes = vreinterpretq_s8_u8(cell), w = vreinterpretq_s8_s32(weights);
  return lane == 0   ? vdotq_laneq_s32(sum, w, codes, 0)
         : lane == 1 ? vdotq_laneq_s32(sum, w, codes, 1)
         : lane == 2 ? vdotq_laneq_s32(sum, w, codes, 2)
                     : vdotq_laneq_s32(sum, w, codes, 3);
}

V_INLINE vi dense_dot(vi sum, vi codes, vi weights) {
  return vreinterpretq_s32_u32(vdotq_u32(vreinterpretq_u32_s32(sum), vi_bytes(codes), vi_bytes(weights)));
}

/* Stores CELL codes. */
V_INLINE void integer_store_cell(uint8_t *cell, vcell codes) {
  cell_store(cell, veorq_u8(codes, cell_set(128)));
}

V_INLINE void dense_store_cell(uint8_t *cell, vcell codes) { cell_store(cell, codes); }

/* Codes in all bytes of the lanes, as products read them. */
V_INLINE vi integer_bundle(vi codes) { return vi_of_bytes(veorq_u8(vi_bytes(codes), cell_set(128))); }
