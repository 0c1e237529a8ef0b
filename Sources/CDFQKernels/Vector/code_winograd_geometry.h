/* Winograd's F(2 x W, 3x3) on bytes, exactly, for tiles of 2 rows and W = 2, 3 or 4 columns of outputs: sizes and memory.
 *
 * Inputs are transformed by B^T d B into bytes: sums and differences of codes, which are the smaller the smaller W is. Weights are
 * transformed by G g G^T into bytes; G has whole numbers, so that the output transform gives multiples of the convolution's sums: by
 * 2 along the rows, by 2, 6 or 24 and its divisors along the columns. Sums are modulo 2^32, where the product with the inverse of 3
 * is exact; the power of two is shifted away.
 *
 * Tiles go row by row. A strip of them is transformed at a time: [line][tap][tile][channel], where a line is one of the W + 2 taps
 * along the columns and has four taps along the rows. */
enum {
  WINOGRAD_ROWS = 4,                 /* taps of a line */
  WINOGRAD_MOST_LINES = 6,
  WINOGRAD_INVERSE = -1431655765,    /* of 3, modulo 2^32 */
  /* Makes transformed inputs unsigned; the accumulators start from what it adds. */
  WINOGRAD_OFFSET = 128,
  /* The tap that is a sum along the rows and, for W > 2, below zero along the columns. */
  WINOGRAD_LOW_TAP = 5,
  /* Bytes of a strip's transformed inputs, unless a row of tiles has more. With larger strips, the weights of 128 channels leave
   * the second-level cache from strip to strip. */
  WINOGRAD_STRIP = 96 << 10,
  WINOGRAD_NARROW_STRIP = 48 << 10,
  /* With more channels, one tap at a time is faster: a weight then serves twice as many tiles. */
  WINOGRAD_NARROW = 64,
  WINOGRAD_MOST_TILES = 12,
  /* Narrow products of so many parts are written at once. */
  WINOGRAD_BATCH = 2,
  /* Bytes of the sums that are written at once. */
  WINOGRAD_SUMS = 2 * WINOGRAD_MOST_TILES * WINOGRAD_MOST_LINES * WINOGRAD_ROWS * VL * 4
};

/* The largest code, where transformed inputs differ by at most 255: by 4, 12 or 20 times the code. */
V_INLINE int32_t code_winograd_most_code(int32_t width) {
  return width == 2 ? 63 : width == 3 ? 21 : 12;
}

/* What is added to a transformed input of a tap. */
V_INLINE int32_t code_winograd_offset(int32_t width, int32_t tap) {
  if (tap != WINOGRAD_LOW_TAP) return WINOGRAD_OFFSET;
  return width == 2 ? 0 : width == 3 ? WINOGRAD_OFFSET : WINOGRAD_OFFSET + 64;
}

typedef struct {
  int32_t width;              /* of tiles, in outputs */
  int32_t lines, taps;        /* of tiles */
  int32_t columns, rows;      /* of tiles in the map */
  int32_t channels;           /* of inputs, whole cells */
  int32_t groups;             /* of four inputs */
  int32_t vectors;            /* of outputs in a block: 2, or 1 for few outputs; the last block may have 1 */
  int32_t narrow;             /* two taps at a time */
  int32_t strip;              /* rows of tiles in a strip */
  size_t plane_bytes;         /* of every W-th column of a row of taps */
} code_winograd_geometry;

static code_winograd_geometry code_winograd_geometry_of(int32_t width, const dfq_conv_shape *s) {
  code_winograd_geometry g = {
      .width = width,
      .lines = width + 2,
      .taps = WINOGRAD_ROWS * (width + 2),
      .columns = divide_up(s->out_width, width),
      .rows = divide_up(s->out_height, 2),
      .channels = divide_up(s->in_channels, CELL) * CELL,
      .groups = divide_up(s->in_channels, 4),
      .vectors = s->out_channels > VL ? 2 : 1,
      .narrow = s->in_channels <= WINOGRAD_NARROW,
  };
  const int32_t tile_bytes = g.taps * g.channels;
  const int32_t most = g.narrow ? WINOGRAD_NARROW_STRIP : WINOGRAD_STRIP;
  /* Strips of equal height. */
  const int32_t strips = divide_up(g.rows, larger(most / (tile_bytes * g.columns), 1));
  g.strip = divide_up(g.rows, strips);
  /* Where weights are many, they are read once for all tiles. */
  if (g.rows * g.columns <= 4 * WINOGRAD_MOST_TILES) g.strip = g.rows;
  g.plane_bytes = (size_t)(g.columns + 1) * g.channels + 64;
  return g;
}

/* Wider tiles have whole vectors of outputs only. */
static int code_winograd_fits(int32_t width, const dfq_conv_shape *s) {
  return s->kernel_height == 3 && s->kernel_width == 3 && s->stride_height == 1 &&
         s->stride_width == 1 && s->in_channels >= CELL &&
         (width == 2 ? s->out_channels >= VL / 2 : s->out_channels % VL == 0);
}

/* Bytes between the taps of a strip. */
V_INLINE size_t code_winograd_tap_step(const code_winograd_geometry *g) {
  return (size_t)g->strip * g->columns * g->channels + 64;
}

/* Vectors of the block that begins at an output. */
V_INLINE int32_t code_winograd_block_vectors(const code_winograd_geometry *g,
                                             const dfq_conv_shape *s, int32_t output) {
  return smaller(divide_up(s->out_channels - output, VL), g->vectors);
}

/* Sums of one tile and vector of outputs; narrow, half of the output transform is done. */
V_INLINE size_t code_winograd_sum_words(const code_winograd_geometry *g) {
  return (size_t)(g->narrow ? g->taps / 2 : g->taps) * VL;
}

/* The scratch memory holds the strip, the sums of some tiles, four rows of taps before they are transformed along the columns, and
 * a row of pad codes. */
static size_t vector_code_winograd_scratch(int32_t width, const dfq_conv_shape *s) {
  const code_winograd_geometry g = code_winograd_geometry_of(width, s);
  return 64 + g.taps * code_winograd_tap_step(&g) + WINOGRAD_SUMS +
         WINOGRAD_ROWS * width * g.plane_bytes + (size_t)s->in_width * s->in_channels + 64;
}
