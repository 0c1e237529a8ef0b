/* Winograd's F(4x4, 3x3) on 16-bit words, exactly, for codes of up to 8 bits: sizes and memory.
 *
 * Inputs are transformed by B^T d B, at most 68 times the largest code, and weights by G g G^T, at most 49 times the largest
 * weight: both fit 16 bits. G has whole numbers, so that the output transform gives sums times 9 and a power of two. All sums
 * are modulo 2^32: the product with the inverse of 9 is exact there, and what remains is 2^6 times the outputs. The results
 * are those of the convolution if these are below 2^25, which packing checks. There are four times fewer products than in the
 * convolution, at half the speed of products of bytes.
 *
 * Tiles of 4x4 outputs go row by row. A strip of them is transformed at a time: [line][tap][tile][channel], where a line is one
 * of the six taps along the columns and has six taps along the rows, which products use two at a time, in this order. A pair
 * of channels is loaded once for two vectors of outputs. For a single vector, every product would load a pair of its own, and
 * some processors load no more than one vector for each product; there both taps lie beside each other,
 * [line][two taps][tile][pair of channels][tap][channel], so that one number of 64 bits serves two products. */
enum {
  WORD_WINOGRAD_ONE,       /* the point 1 */
  WORD_WINOGRAD_MINUS_ONE,
  WORD_WINOGRAD_TWO,
  WORD_WINOGRAD_MINUS_TWO,
  WORD_WINOGRAD_FIRST,     /* the point 0 */
  WORD_WINOGRAD_LAST,      /* at infinity */
  WORD_WINOGRAD_SIDE,
  WORD_WINOGRAD_TAPS = 36,
  WORD_WINOGRAD_WORDS = VL * 2,      /* of a vector */
  WORD_WINOGRAD_INVERSE = 954437177, /* of 9, modulo 2^32 */
  WORD_WINOGRAD_MOST = 1 << 25,
  /* Bytes of a strip's transformed inputs, unless a row of tiles has more. The weights are read once for each strip, and are
   * more than it is. */
  WORD_WINOGRAD_STRIP = 200 << 10,
  WORD_WINOGRAD_STEPS = WORD_WINOGRAD_SIDE / 2, /* of a line: two taps are summed together */
  WORD_WINOGRAD_TILES = CONV_REGISTERS / 12 * 2, /* tiles that are, with two vectors of sums */
  /* Groups of so many tiles for which a line of weights is read, and whose sums wait in memory; half of them with two vectors. */
  WORD_WINOGRAD_GROUPS = 4,
  WORD_WINOGRAD_VECTOR_SUMS = WORD_WINOGRAD_SIDE * 4 * VL, /* of a tile and a vector of outputs */
};

typedef struct {
  int32_t columns, rows; /* of tiles */
  int32_t channels;      /* of inputs, whole cells */
  int32_t pairs;         /* of inputs */
  int32_t single;        /* whether there is a single vector of outputs */
  int32_t units;         /* of a line: its taps, or twos of them */
  int32_t cell;          /* words of a unit and a tile */
  int32_t strip;         /* rows of tiles in a strip */
  size_t plane;          /* words of every fourth column of a unit */
} word_winograd_geometry;

static word_winograd_geometry word_winograd_geometry_of(const dfq_conv_shape *s) {
  word_winograd_geometry g = {
      .columns = divide_up(s->out_width, 4),
      .rows = divide_up(s->out_height, 4),
      .channels = divide_up(s->in_channels, CELL) * CELL,
      .pairs = divide_up(s->in_channels, 2),
      .single = s->out_channels <= VL,
  };
  g.units = g.single ? WORD_WINOGRAD_STEPS : WORD_WINOGRAD_SIDE;
  g.cell = g.single ? 2 * g.channels : g.channels;
  const int32_t row_bytes = WORD_WINOGRAD_TAPS * g.channels * 2 * g.columns;
  const int32_t strips = divide_up(g.rows, larger(WORD_WINOGRAD_STRIP / row_bytes, 1));
  g.strip = divide_up(g.rows, strips);
  g.plane = (size_t)(g.columns + 1) * g.cell + WORD_WINOGRAD_WORDS;
  return g;
}

static int word_winograd_fits(const dfq_conv_shape *s) {
  return s->kernel_height == 3 && s->kernel_width == 3 && s->stride_height == 1 &&
         s->stride_width == 1 && s->in_channels >= CELL && s->out_channels >= VL / 2;
}

/* Words between the units of a strip. */
V_INLINE size_t word_winograd_unit_words(const word_winograd_geometry *g) {
  return (size_t)g->strip * g->columns * g->cell + WORD_WINOGRAD_WORDS;
}

/* The scratch memory holds the sums of some tiles, of which the transform along the rows is done, the strip, a row of tiles
 * before it is transformed along the columns, and a row of pad codes. */
enum { WORD_WINOGRAD_SUMS = WORD_WINOGRAD_GROUPS * WORD_WINOGRAD_TILES * WORD_WINOGRAD_VECTOR_SUMS };

V_INLINE size_t word_winograd_strip_words(const word_winograd_geometry *g) {
  return WORD_WINOGRAD_SIDE * g->units * word_winograd_unit_words(g);
}

KERNEL size_t vector_word_winograd_scratch(const dfq_conv_shape *s) {
  const word_winograd_geometry g = word_winograd_geometry_of(s);
  const size_t words = word_winograd_strip_words(&g) + 4 * g.units * g.plane;
  return 64 + WORD_WINOGRAD_SUMS * sizeof(int32_t) + 2 * words +
         (size_t)s->in_width * s->in_channels + 64;
}
