/* Winograd's F(4x4, 3x3) and F(4x2, 3x3) on bytes, exactly, for codes of up to 4 and 5 bits: sizes and memory.
 *
 * The six outputs of a product of polynomials, of which four outputs of a convolution are the transpose, are found modulo x, x - 1,
 * x + 1, x^2 + 1 and at infinity, with three products (Karatsuba) modulo x^2 + 1: seven products for four outputs, where points 2 and -2
 * need six. B^T then has no number but 1 and -1, at most four in a row, so that transformed inputs differ by at most 16 times the largest
 * code and fit bytes; G has the weights' sums and differences; and all that the output transform divides by is 4, along the rows and
 * along the columns. Tiles of two columns have F(2, 3) along the columns: differences of 8 times the largest code, and 2 to divide by.
 * Sums are modulo 2^32, of which a shift takes 16 or 8 times the convolution's if these are below 2^27.
 *
 * Tiles of 4 x W outputs go row by row. A strip of them is transformed at a time: [line][tap][tile][channel], where a line is one of
 * the taps along the columns and has seven taps along the rows. The order of taps is that in which products use them. */
enum {
  WIDE_SUM,         /* modulo x - 1 */
  WIDE_ALTERNATING, /* modulo x + 1 */
  WIDE_JOINT,       /* modulo x^2 + 1, the product of the sums of both halves */
  WIDE_EVEN,        /* the product of the even halves */
  WIDE_ODD,         /* the product of the odd halves */
  WIDE_FIRST,       /* modulo x */
  WIDE_LAST,        /* at infinity */
  WIDE_ROWS,        /* taps of a line */
  WIDE_MOST_LINES = WIDE_ROWS,
  WIDE_MOST_WIDTH = 4,
  WIDE_SPAN = 6, /* rows of inputs of a tile, and at most columns */
  WIDE_TWO_FIRST = 2, /* lines of F(2, 3) after the first two, which are the same */
  WIDE_TWO_LAST,
  WIDE_TWO_LINES,
  WIDE_STEPS = 3, /* of a line: products of three, two and two taps */
  WIDE_STARTS = 4, /* vectors that the sums of a line start from */
  WIDE_MOST_SUM = 1 << 27,
  /* Makes transformed inputs unsigned; the accumulators start from what it adds. */
  WIDE_OFFSET = 128,
  /* Bytes of a strip's transformed inputs, unless a row of tiles has more. */
  WIDE_STRIP = 128 << 10,
  /* With a single vector of outputs and rows of so many bytes, a strip stays in the first-level cache with its weights and sums. */
  WIDE_SMALL_STRIP = 8 << 10,
  /* Tiles whose products are summed together. (Eight sums of two taps fill half of the registers; the first ones wait in memory.) */
  WIDE_MOST_TILES = 4,
  /* Groups of so many tiles for which a line of weights is read, and whose sums wait in memory; one where strips are small. */
  WIDE_GROUPS = 2,
};

static int32_t wide_width(int32_t form) { return form == DFQ_TILES_4X4 ? 4 : 2; }

/* The largest code, where transformed inputs differ by at most 255. */
V_INLINE int32_t wide_most_code(int32_t width) { return width == 4 ? 15 : 31; }

V_INLINE int32_t wide_lines(int32_t width) { return width == 4 ? WIDE_MOST_LINES : WIDE_TWO_LINES; }

typedef struct {
  int32_t width;         /* of tiles, in outputs: 4 or 2 */
  int32_t lines, taps;   /* of tiles */
  int32_t columns, rows; /* of tiles in the map */
  int32_t channels;      /* of inputs, whole cells */
  int32_t groups;        /* of four inputs */
  int32_t vectors;       /* of outputs in a block: 2, or 1 for few outputs; the last block may have 1 */
  int32_t small;         /* whether strips are */
  int32_t strip;         /* rows of tiles in a strip */
  int32_t sorted;        /* whether inputs are sorted into planes */
  size_t plane;          /* bytes of a plane of a row of inputs */
} wide_geometry;

static wide_geometry wide_geometry_of(int32_t width, const dfq_conv_shape *s) {
  wide_geometry g = {
      .width = width,
      .lines = wide_lines(width),
      .taps = WIDE_ROWS * wide_lines(width),
      .columns = divide_up(s->out_width, width),
      .rows = divide_up(s->out_height, 4),
      .channels = divide_up(s->in_channels, CELL) * CELL,
      .groups = divide_up(s->in_channels, 4),
      .vectors = s->out_channels > VL ? 2 : 1,
  };
  const int32_t row_bytes = g.taps * g.channels * g.columns;
  g.small = g.vectors == 1 && row_bytes <= WIDE_SMALL_STRIP;
  const int32_t most = g.small ? WIDE_SMALL_STRIP : WIDE_STRIP;
  const int32_t strips = divide_up(g.rows, larger(most / row_bytes, 1));
  g.strip = divide_up(g.rows, strips);
  g.sorted = s->in_channels % (4 * VL) != 0;
  g.plane = (size_t)(g.columns + 1) * g.channels + 4 * VL;
  return g;
}

static int wide_fits(const dfq_conv_shape *s) {
  return s->kernel_height == 3 && s->kernel_width == 3 && s->stride_height == 1 &&
         s->stride_width == 1 && s->in_channels >= CELL &&
         s->in_channels <= CODE_TILES_MOST_INPUTS && s->out_channels % VL == 0;
}

/* What is added to a transformed input of a tap: the sum of sums is never below zero. */
V_INLINE int32_t wide_offset(int32_t tap) { return tap == WIDE_SUM ? 0 : WIDE_OFFSET; }

/* Bytes between the taps of a strip. */
V_INLINE size_t wide_tap_step(const wide_geometry *g) {
  return (size_t)g->strip * g->columns * g->channels + 64;
}

/* Vectors of the block that begins at an output. */
V_INLINE int32_t wide_block_vectors(const wide_geometry *g, const dfq_conv_shape *s,
                                    int32_t output) {
  return smaller(divide_up(s->out_channels - output, VL), g->vectors);
}

/* Bytes of the rows of inputs that are sorted. */
V_INLINE size_t wide_rows_bytes(const wide_geometry *g) {
  return g->sorted ? WIDE_SPAN * g->width * g->plane : 0;
}

/* Where inputs are not sorted, those of the next strip are transformed while products of a strip are formed. */
V_INLINE int32_t wide_strips(const wide_geometry *g) { return g->sorted ? 1 : 2; }

V_INLINE size_t wide_strip_bytes(const wide_geometry *g) { return g->taps * wide_tap_step(g); }

/* The scratch memory holds the sums of some tiles, of which the transform along the rows is done, one or two strips, sorted rows of
 * inputs, and a row of pad codes. */
enum { WIDE_SUMS = 2 * WIDE_GROUPS * WIDE_MOST_TILES * WIDE_MOST_LINES * 4 * VL };

static size_t wide_scratch(int32_t width, const dfq_conv_shape *s) {
  const wide_geometry g = wide_geometry_of(width, s);
  return 64 + WIDE_SUMS * sizeof(int32_t) + wide_strips(&g) * wide_strip_bytes(&g) +
         wide_rows_bytes(&g) + (size_t)s->in_width * s->in_channels + 64;
}
