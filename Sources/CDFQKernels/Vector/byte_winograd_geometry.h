/* Winograd's F(2x2, 3x3) on bytes, exactly, for vectors of any length: sizes and memory. code_winograd.h is the same for vectors of
 * 512 bits and their many registers.
 *
 * Inputs are transformed by B^T d B and weights by (2G) g (2G)^T, four times the usual, so that all is whole: the sums are four times
 * those of the convolution. Bytes hold transformed inputs of codes up to 63, with an offset for all taps but the sum of four codes
 * where products take them without sign, and with one for that tap alone where they take them with a sign.
 *
 * Tiles of 2x2 outputs go row by row. A strip of them is transformed at a time: [tap][tile][channel]. */
enum {
  TILE_TAPS = 16,
  TILE_SUM_TAP = 5, /* the one without differences */
  TILE_MOST_CODE = 63,
  TILE_OFFSET = 128,
  /* Bytes of a strip's transformed inputs, unless a row of tiles has more. */
  TILE_STRIP = 96 << 10,
  /* Vectors of outputs in a block. */
  TILE_VECTORS = 2,
  TILE_SUMS = TILES_AT_ONCE * TILE_VECTORS * TILE_TAPS * VL
};

typedef struct {
  int32_t columns, rows; /* of tiles */
  int32_t channels;      /* of inputs, whole cells */
  int32_t groups;        /* of inputs */
  int32_t strip;         /* rows of tiles in a strip */
  size_t tap_step;       /* bytes between the taps of a strip */
  size_t plane;          /* bytes of the even or the odd columns of a row of taps */
} tile_geometry;

static tile_geometry tile_geometry_of(const dfq_conv_shape *s) {
  tile_geometry g = {.columns = divide_up(s->out_width, 2),
                     .rows = divide_up(s->out_height, 2),
                     .channels = divide_up(s->in_channels, CELL) * CELL,
                     .groups = divide_up(s->in_channels, GROUP)};
  const int32_t tile_bytes = TILE_TAPS * g.channels;
  const int32_t strips = divide_up(g.rows, larger(TILE_STRIP / (tile_bytes * g.columns), 1));
  g.strip = divide_up(g.rows, strips);
  /* Where weights are many, they are read once for all tiles. */
  if (g.rows * g.columns <= 4 * TILES_AT_ONCE) g.strip = g.rows;
  g.tap_step = (size_t)g.strip * g.columns * g.channels + 64;
  g.plane = (size_t)(g.columns + 1) * g.channels + 64;
  return g;
}

static int tile_fits(const dfq_conv_shape *s) {
  return s->kernel_height == 3 && s->kernel_width == 3 && s->stride_height == 1 &&
         s->stride_width == 1 && s->in_channels >= CELL &&
         s->in_channels <= CODE_TILES_MOST_INPUTS && s->out_channels >= 8;
}

/* Vectors of the block that begins at an output. */
V_INLINE int32_t tile_block_vectors(const dfq_conv_shape *s, int32_t output) {
  return smaller(divide_up(s->out_channels - output, VL), TILE_VECTORS);
}

/* The scratch memory holds the sums of some tiles, the strip, four rows of taps before they are transformed along the columns,
 * and a row of pad codes. */
KERNEL size_t vector_code_winograd_scratch(int32_t form, const dfq_conv_shape *s) {
  (void)form;
  const tile_geometry g = tile_geometry_of(s);
  return 64 + TILE_SUMS * sizeof(int32_t) + TILE_TAPS * g.tap_step + 8 * g.plane +
         (size_t)s->in_width * s->in_channels + 64;
}
