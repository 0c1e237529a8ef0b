/* Winograd's F(4x4, 3x3) on 16-bit words, exactly, for codes of up to 8 bits: sizes and memory.
 *
 * Inputs are transformed by B^T d B, at most 68 times the largest code, and weights by G g G^T, at most 49 times the largest weight:
 * both fit 16 bits. G has whole numbers, so that the output transform gives sums times 9 and a power of two. All sums are modulo
 * 2^32: the product with the inverse of 9 is exact there, and the power of two, at most 2^6, is shifted away. The results are those of
 * the convolution if these are below 2^25, which packing checks. There are four times fewer products than in the convolution, at half
 * the speed of products of bytes.
 *
 * Tiles of 4x4 outputs go row by row. A strip of them is transformed at a time: [tap][tile][channel]. */
enum {
  WORD_WINOGRAD_SIDE = 6,
  WORD_WINOGRAD_TAPS = 36,
  WORD_WINOGRAD_WORDS = VL * 2,      /* of a vector */
  WORD_WINOGRAD_INVERSE = 954437177, /* of 9, modulo 2^32 */
  WORD_WINOGRAD_MOST = 1 << 25,
  /* Bytes of a strip's transformed inputs, unless a row of tiles has more. The weights are read once for each strip, and are more
   * than it is. */
  WORD_WINOGRAD_STRIP = 200 << 10,
  /* Vectors of sums of a few tiles. */
  WORD_WINOGRAD_REGISTERS = CONV_REGISTERS / 12 * 12,
};

typedef struct {
  int32_t columns, rows; /* of tiles */
  int32_t channels;      /* of inputs, whole cells */
  int32_t pairs;         /* of inputs */
  int32_t vectors;       /* of outputs in a block: 1, 2 or 4; the last block may have fewer */
  int32_t strip;         /* rows of tiles in a strip */
  size_t plane;          /* words of every fourth column of a row of taps */
} word_winograd_geometry;

static word_winograd_geometry word_winograd_geometry_of(const dfq_conv_shape *s) {
  word_winograd_geometry g = {
      .columns = divide_up(s->out_width, 4),
      .rows = divide_up(s->out_height, 4),
      .channels = divide_up(s->in_channels, CELL) * CELL,
      .pairs = divide_up(s->in_channels, 2),
      .vectors = s->out_channels > 2 * VL ? 4 : s->out_channels > VL ? 2 : 1,
  };
  const int32_t row_bytes = WORD_WINOGRAD_TAPS * g.channels * 2 * g.columns;
  const int32_t strips = divide_up(g.rows, larger(WORD_WINOGRAD_STRIP / row_bytes, 1));
  g.strip = divide_up(g.rows, strips);
  g.plane = (size_t)(g.columns + 1) * g.channels + WORD_WINOGRAD_WORDS;
  return g;
}

static int word_winograd_fits(const dfq_conv_shape *s) {
  return s->kernel_height == 3 && s->kernel_width == 3 && s->stride_height == 1 &&
         s->stride_width == 1 && s->in_channels >= CELL && s->out_channels >= VL / 2;
}

/* Words between the taps of a strip. */
V_INLINE size_t word_winograd_tap_step(const word_winograd_geometry *g) {
  return (size_t)g->strip * g->columns * g->channels + WORD_WINOGRAD_WORDS;
}

/* Vectors of the block that begins at an output. */
V_INLINE int32_t word_winograd_block_vectors(const word_winograd_geometry *g,
                                             const dfq_conv_shape *s, int32_t output) {
  const int32_t left = divide_up(s->out_channels - output, VL);
  return left >= g->vectors ? g->vectors : left >= 2 ? 2 : 1;
}

/* The scratch memory holds the strip, the sums of some tiles, six rows of taps before they are transformed along the columns, and
 * a row of pad codes. */
enum { WORD_WINOGRAD_SUMS = WORD_WINOGRAD_REGISTERS * WORD_WINOGRAD_TAPS * VL * 4 };

KERNEL size_t vector_word_winograd_scratch(const dfq_conv_shape *s) {
  const word_winograd_geometry g = word_winograd_geometry_of(s);
  return 64 + 2 * WORD_WINOGRAD_TAPS * word_winograd_tap_step(&g) + WORD_WINOGRAD_SUMS +
         2 * 4 * WORD_WINOGRAD_SIDE * g.plane + (size_t)s->in_width * s->in_channels + 64;
}
