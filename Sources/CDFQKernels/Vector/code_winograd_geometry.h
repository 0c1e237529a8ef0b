/* Winograd's F(2x2, 3x3) on bytes, exactly: sizes and memory.
 *
 * Inputs are transformed by B^T d B and weights by (2G) g (2G)^T, four times the usual, so that all is whole: the sums are four times
 * those of the convolution. Bytes hold transformed inputs of codes up to 63, with an offset for all taps but the sum of four codes.
 *
 * Tiles of 2x2 outputs go row by row. A strip of them is transformed at a time: [line][tap][tile][channel], where a line is one of the
 * four taps along the columns and has four taps along the rows. */
enum {
  WINOGRAD_ROWS = 4, /* taps of a line */
  WINOGRAD_LINES = 4,
  WINOGRAD_TAPS = WINOGRAD_LINES * WINOGRAD_ROWS,
  WINOGRAD_SUM_TAP = 5, /* the one without differences */
  /* The largest code: transformed inputs differ by at most four times it. */
  WINOGRAD_MOST_CODE = 63,
  /* Sums of the convolution are below this: four times them fit 32 bits. */
  WINOGRAD_MOST_SUM = 1 << 29,
  /* Makes transformed inputs unsigned; the accumulators start from what it adds. */
  WINOGRAD_OFFSET = 128,
  /* Bytes of a strip's transformed inputs, unless a row of tiles has more. With larger strips, the weights of 128 channels leave
   * the second-level cache from strip to strip. */
  WINOGRAD_STRIP = 96 << 10,
  WINOGRAD_NARROW_STRIP = 48 << 10,
  /* With more channels, one tap at a time is faster: a weight then serves twice as many tiles. */
  WINOGRAD_NARROW = 64,
  WINOGRAD_MOST_TILES = 12,
  /* So many tiles are summed tap after tap, in two parts, so that weights are read once. */
  WINOGRAD_FEW_TILES = 16,
  /* Weights of few tiles are fetched so many bytes before they are used: enough for memory, and few for the buffers between the caches. */
  WINOGRAD_AHEAD = 16 << 10,
  /* Narrow products of so many parts are written at once. */
  WINOGRAD_BATCH = 2,
  /* Bytes of the sums that are written at once. */
  WINOGRAD_SUMS = 2 * WINOGRAD_FEW_TILES * WINOGRAD_TAPS * VL * 4
};

/* What is added to a transformed input of a tap. */
V_INLINE int32_t code_winograd_offset(int32_t tap) {
  return tap == WINOGRAD_SUM_TAP ? 0 : WINOGRAD_OFFSET;
}

typedef struct {
  int32_t columns, rows;      /* of tiles in the map */
  int32_t channels;           /* of inputs, whole cells */
  int32_t groups;             /* of four inputs */
  int32_t vectors;            /* of outputs in a block: 2, or 1 for few outputs; the last block may have 1 */
  int32_t narrow;             /* two taps at a time */
  int32_t few;                /* all tiles are summed tap after tap */
  int32_t last_line_columns;  /* of tiles of which line 3 is summed */
  int32_t strip;              /* rows of tiles in a strip */
  size_t plane_bytes;         /* of the even or the odd columns of a row of taps */
} code_winograd_geometry;

V_INLINE int code_winograd_is_narrow(const dfq_conv_shape *s) {
  return s->in_channels <= WINOGRAD_NARROW;
}

static code_winograd_geometry code_winograd_geometry_of(const dfq_conv_shape *s) {
  code_winograd_geometry g = {
      .columns = divide_up(s->out_width, 2),
      .rows = divide_up(s->out_height, 2),
      .channels = divide_up(s->in_channels, CELL) * CELL,
      .groups = divide_up(s->in_channels, 4),
      .vectors = s->out_channels > VL ? 2 : 1,
      .narrow = code_winograd_is_narrow(s),
  };
  g.few = !g.narrow && g.rows * g.columns <= WINOGRAD_FEW_TILES;
  g.last_line_columns = g.columns - (g.few && s->out_width % 2);
  const int32_t tile_bytes = WINOGRAD_TAPS * g.channels;
  const int32_t most = g.narrow ? WINOGRAD_NARROW_STRIP : WINOGRAD_STRIP;
  /* Strips of equal height. */
  const int32_t strips = divide_up(g.rows, larger(most / (tile_bytes * g.columns), 1));
  g.strip = divide_up(g.rows, strips);
  /* Where weights are many, they are read once for all tiles. */
  if (g.rows * g.columns <= 4 * WINOGRAD_MOST_TILES) g.strip = g.rows;
  g.plane_bytes = (size_t)(g.columns + 1) * g.channels + 64;
  return g;
}

static int code_winograd_fits(const dfq_conv_shape *s) {
  return s->kernel_height == 3 && s->kernel_width == 3 && s->stride_height == 1 &&
         s->stride_width == 1 && s->in_channels >= CELL &&
         s->in_channels <= CODE_TILES_MOST_INPUTS && s->out_channels >= VL / 2;
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
  return (size_t)(g->narrow ? WINOGRAD_TAPS / 2 : WINOGRAD_TAPS) * VL;
}

/* The scratch memory holds the strip, the sums of some tiles, four rows of taps before they are transformed along the columns, and
 * a row of pad codes. */
static size_t vector_code_winograd_scratch(const dfq_conv_shape *s) {
  const code_winograd_geometry g = code_winograd_geometry_of(s);
  return 64 + WINOGRAD_TAPS * code_winograd_tap_step(&g) + WINOGRAD_SUMS +
         WINOGRAD_ROWS * 2 * g.plane_bytes + (size_t)s->in_width * s->in_channels + 64;
}
