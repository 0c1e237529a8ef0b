/* Fully connected layers of one image, with weights of 2, 4 or 8 bits: limited by the memory of the weights.
 *
 * A code of a 32-bit lane (integer_words.h, integer_bytes.h) holds as many weights as fit it, of as many groups of inputs, as
 * differences from the least weight; what the least weight adds to all sums is the same number. Weights of 8 bits are
 * themselves where a code is a byte and has a sign. In the order of reading: [block of DENSE_VECTORS vectors of outputs][bundle of the
 * groups that share a code][vector][output][input of the group]. */
enum { DENSE_VECTORS = 4, DENSE_CHUNK = 1024 };

/* The groups of inputs in one code. */
V_INLINE int32_t dense_parts(int32_t bits) { return 8 * CODE_BYTES / bits; }

V_INLINE int32_t dense_least(int32_t bits) {
  return bits == 8 * CODE_BYTES && !INTEGER_SIGNED_CODES ? 0 : -(1 << (bits - 1));
}

V_INLINE int32_t dense_bundles(int32_t inputs, int32_t bits) {
  return divide_up(inputs, GROUP * dense_parts(bits));
}

KERNEL size_t vector_code_dense_weight_bytes(int32_t inputs, int32_t outputs, int32_t bits) {
  return (size_t)divide_up(outputs, DENSE_VECTORS * VL) * dense_bundles(inputs, bits) *
         DENSE_VECTORS * VL * 4;
}

KERNEL void vector_code_dense_pack(int32_t inputs, int32_t outputs, int32_t bits,
                                   const int8_t *weight, uint8_t *packed) {
  const int32_t parts = dense_parts(bits), least = dense_least(bits);
  for (int32_t block = 0; block < outputs; block += DENSE_VECTORS * VL) {
    for (int32_t bundle = 0; bundle < dense_bundles(inputs, bits); bundle++) {
      weight_code codes[DENSE_VECTORS * VL * GROUP] = {0};
      for (int32_t o = 0; o < smaller(DENSE_VECTORS * VL, outputs - block); o++) {
        for (int32_t j = 0; j < GROUP; j++) {
          uint32_t code = 0;
          for (int32_t part = 0; part < parts; part++) {
            const int32_t i = (bundle * parts + part) * GROUP + j;
            if (i >= inputs) continue;
            code |= (uint32_t)(weight[(size_t)i * outputs + block + o] - least) << part * bits;
          }
          codes[o * GROUP + j] = (weight_code)code;
        }
      }
      memcpy(packed, codes, sizeof codes);
      packed += sizeof codes;
    }
  }
}

/* Part `part` of every code. */
V_INLINE vi dense_part(const int BITS, vi codes, const int part) {
  const int WIDTH = 8 * CODE_BYTES;
  if (BITS == WIDTH) return codes;
  const vi shifted = part ? vi_shift_words_right(codes, part * BITS) : codes;
  if (WIDTH == 16 && (part + 1) * BITS == WIDTH) return shifted;
  return vi_and(shifted, WIDTH == 8 ? vi_set_bytes((1 << BITS) - 1) : vi_set_words((1 << BITS) - 1));
}

V_INLINE void dense_add_bundles(const int BITS, const uint8_t *x, const uint8_t *w, int32_t bundles,
                                vi *sums) {
  enum { BYTES = DENSE_VECTORS * VL * 4, AHEAD = 2048 };
  const int PARTS = 8 * CODE_BYTES / BITS;
  for (int32_t b = 0; b < bundles; b++, x += 4 * PARTS, w += BYTES) {
    vi codes[DENSE_VECTORS];
    UNROLL_FULLY for (int v = 0; v < DENSE_VECTORS; v++) {
      codes[v] = vi_load(w + v * VL * 4);
      __builtin_prefetch(w + AHEAD + v * VL * 4);
    }
    UNROLL_FULLY for (int part = 0; part < PARTS; part++) {
      const vi inputs = integer_codes(x + 4 * part);
      UNROLL_FULLY for (int v = 0; v < DENSE_VECTORS; v++) {
        sums[v] = dense_dot(sums[v], inputs, dense_part(BITS, codes[v], part));
      }
    }
  }
}

/* Copies a chunk of inputs, zeros beyond them up to the next bundle. */
static void dense_copy_inputs(const uint8_t *input, int32_t count, int32_t padded, uint8_t *to) {
  int32_t i = 0;
  for (; i + CELL <= count; i += CELL) {
    dense_store_cell(to + i * CODE_BYTES, cell_load(input + i));
  }
  for (; i < padded; i += CELL) {
    uint8_t codes[CELL] = {0};
    if (i < count) memcpy(codes, input + i, count - i);
    dense_store_cell(to + i * CODE_BYTES, cell_load(codes));
  }
}

V_INLINE void dense_block(const int BITS, int32_t inputs, const uint8_t *input, const uint8_t *w,
                          vi first, int32_t *out) {
  /* A chunk is a whole number of bundles, and what is copied beyond one ends with a cell. */
  _Alignas(64) uint8_t x[(DENSE_CHUNK + CELL) * CODE_BYTES];
  const int BUNDLE = GROUP * (8 * CODE_BYTES / BITS);
  vi sums[DENSE_VECTORS];
  UNROLL_FULLY for (int v = 0; v < DENSE_VECTORS; v++) sums[v] = first;
  for (int32_t i = 0; i < inputs; i += DENSE_CHUNK) {
    const int32_t count = smaller(inputs - i, DENSE_CHUNK), bundles = divide_up(count, BUNDLE);
    dense_copy_inputs(input + i, count, bundles * BUNDLE, x);
    dense_add_bundles(BITS, x, w, bundles, sums);
    w += (size_t)bundles * DENSE_VECTORS * VL * 4;
  }
  UNROLL_FULLY for (int v = 0; v < DENSE_VECTORS; v++) vi_store(out + v * VL, sums[v]);
}

KERNEL void vector_code_dense(int32_t inputs, int32_t outputs, int32_t bits, const uint8_t *input,
                              const uint8_t *packed, const dfq_code_ending *ending) {
  enum { BLOCK = DENSE_VECTORS * VL };
  const code_finish finish = {code_ending_of(ending, outputs, 255 * 128 * (float)inputs), ending};
  const size_t block_bytes = (size_t)dense_bundles(inputs, bits) * BLOCK * 4;
  uint32_t total = 0;
  for (int32_t i = 0; i < inputs; i++) total += input[i];
  const vi first = vi_set((int32_t)((uint32_t)dense_least(bits) * total));
  const int32_t end = ending->end_output ? ending->end_output : outputs;
  _Alignas(64) int32_t sums[BLOCK];
  for (int32_t o = ending->first_output; o < end; o += BLOCK) {
    const uint8_t *w = packed + o / BLOCK * block_bytes;
    if (bits == 2) dense_block(2, inputs, input, w, first, sums);
    if (bits == 4) dense_block(4, inputs, input, w, first, sums);
    if (bits == 8) dense_block(8, inputs, input, w, first, sums);
    const int32_t vectors = divide_up(smaller(end - o, BLOCK), VL);
    const integer_sums done = {.sums = sums,
                               .pixels = 1,
                               .vectors = vectors,
                               .output = o,
                               .lanes = smaller(end - o, BLOCK) - (vectors - 1) * VL,
                               .at = o};
    code_finishes[finish.constants.kind](&finish, &done);
  }
}
