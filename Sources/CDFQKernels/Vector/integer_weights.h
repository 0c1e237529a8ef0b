/* Weights in the order the tiles read them: [block of VL outputs][tap][group of inputs][output]
 * [input of the group], zero beyond the last output and input. What a plane holds beyond its last
 * channel is thereby multiplied with zero. */

/* Few channels fill groups badly: where it takes fewer groups, a whole row of the kernel is one tap (conv_uses_patches). */
V_INLINE int integer_uses_patches(const dfq_conv_shape *s) {
  return conv_uses_patches(s) && divide_up(s->kernel_width * s->in_channels, GROUP) <
                                     s->kernel_width * divide_up(s->in_channels, GROUP);
}

V_INLINE int32_t integer_tap_inputs(const dfq_conv_shape *s) {
  return integer_uses_patches(s) ? s->kernel_width * s->in_channels : s->in_channels;
}

V_INLINE int32_t integer_taps(const dfq_conv_shape *s) {
  return integer_uses_patches(s) ? s->kernel_height : s->kernel_height * s->kernel_width;
}

V_INLINE int32_t integer_groups(const dfq_conv_shape *s) {
  return divide_up(integer_tap_inputs(s), GROUP);
}

/* Where codes have a sign, a block begins with what its sums start from. */
enum { INTEGER_START_BYTES = INTEGER_SIGNED_CODES ? VL * sizeof(int32_t) : 0 };

/* Bytes of the weights of one tap and block. */
V_INLINE size_t integer_tap_bytes(const dfq_conv_shape *s) {
  return (size_t)integer_groups(s) * VL * GROUP * sizeof(weight_code);
}

V_INLINE size_t integer_block_bytes(const dfq_conv_shape *s) {
  return INTEGER_START_BYTES + integer_tap_bytes(s) * integer_taps(s);
}

KERNEL size_t vector_integer_weight_bytes(const dfq_conv_shape *s) {
  return integer_block_bytes(s) * divide_up(s->out_channels, VL);
}

/* The starts of `lanes` sums of `products` weights each, one weight every `step`; what follows them. */
V_INLINE int8_t *integer_pack_starts(const int8_t *weight, int32_t products, int32_t step,
                                     int32_t lanes, int8_t *packed) {
  if (!INTEGER_SIGNED_CODES) return packed;
  int32_t starts[VL] = {0};
  for (int32_t k = 0; k < products; k++, weight += step) {
    for (int32_t o = 0; o < lanes; o++) starts[o] += 128 * weight[o];
  }
  memcpy(packed, starts, sizeof starts);
  return packed + sizeof starts;
}

KERNEL void vector_integer_pack_weights(const dfq_conv_shape *s, const int8_t *weight,
                                        int8_t *packed) {
  const int32_t ins = integer_tap_inputs(s), outs = s->out_channels, taps = integer_taps(s);
  for (int32_t block = 0; block < outs; block += VL) {
    packed = integer_pack_starts(weight + block, taps * ins, outs, smaller(VL, outs - block), packed);
    for (int32_t tap = 0; tap < taps; tap++) {
      for (int32_t first = 0; first < ins; first += GROUP) {
        weight_code group[VL * GROUP] = {0};
        for (int32_t i = first; i < smaller(first + GROUP, ins); i++) {
          const int8_t *from = weight + ((size_t)tap * ins + i) * outs + block;
          for (int32_t o = 0; o < smaller(VL, outs - block); o++) {
            group[o * GROUP + i - first] = from[o];
          }
        }
        memcpy(packed, group, sizeof group);
        packed += sizeof group;
      }
    }
  }
}
