/* Winograd's algorithm for 3x3 convolutions of stride 2 on bytes, exactly: 25 products for 2x2 outputs instead of 36.
 *
 * Along one direction, two outputs are y0 = d0 g0 + d1 g1 + d2 g2 and y1 = d2 g0 + d3 g1 + d4 g2: the outer taps on every other input,
 * and the middle tap on those between. F(2, 2) takes three products for the outer taps, of which two join those of the middle tap:
 *   first = (d0 - d2) g0 + d1 g1    joint = d2 (g0 + g2)    last = d3 g1 + (d4 - d2) g2
 *   y0 = first + joint              y1 = joint + last
 * In two directions there are 3x3 sums, of one, two or four products for each channel, and nothing is divided.
 *
 * Bytes hold transformed inputs of codes up to 63, with an offset where there are differences, and transformed weights of up to 6 bits.
 * A strip of rows of tiles is transformed at a time: [sum][tile][product of the sum][channel]. */
enum {
  STRIDED_SUMS = 9,
  STRIDED_PRODUCTS = 25,
  STRIDED_WEIGHTS = 16, /* of an input and an output: products share some */
  STRIDED_SIDE = 5, /* inputs, and products, along a direction */
  STRIDED_MOST_CODE = 63,
  STRIDED_OFFSET = 128,
  /* Bytes of a strip, unless a row of tiles has more. */
  STRIDED_STRIP = 96 << 10
};

/* Of the inputs, or products, along one direction: the sum that each belongs to, and whether it is a difference. */
static const int32_t strided_sum[STRIDED_SIDE] = {0, 0, 1, 2, 2};
static const int32_t strided_differs[STRIDED_SIDE] = {1, 0, 0, 0, 1};
/* The weights of products along one direction are g0, g1, g0 + g2, g1, g2: those of index 0, 1, 3, 1, 2 here. */
static const int32_t strided_weight[STRIDED_SIDE] = {0, 1, 3, 1, 2};
/* Where the weights of a row and a column are, in the order in which sums first use them. For each sum, the places of its
 * products' weights, and how many places are used up to there. */
static const int32_t strided_places[4][4] = {{0, 1, 6, 4}, {2, 3, 7, 5}, {12, 13, 15, 14}, {8, 9, 11, 10}};
static const int32_t strided_runs[STRIDED_SUMS][4] = {
    {0, 1, 2, 3}, {4, 5}, {1, 6, 3, 7}, {8, 9}, {10}, {9, 11}, {2, 3, 12, 13}, {5, 14}, {3, 7, 13, 15}};
static const int32_t strided_used[STRIDED_SUMS] = {4, 6, 8, 10, 11, 12, 14, 15, 16};
/* The first product of each sum along one direction, and how many it has. */
static const int32_t strided_first[3] = {0, 2, 3}, strided_count[3] = {2, 1, 2};

typedef struct {
  int32_t columns, rows; /* of tiles in the map */
  int32_t groups;        /* of four inputs */
  int32_t channels;      /* of inputs, whole groups */
  int32_t vectors;       /* of outputs in a block: 2, or 1 for few outputs; the last block may have 1 */
  int32_t strip;         /* rows of tiles in a strip */
  int32_t few;           /* a strip has all tiles, and each sum is formed for all of them */
  int32_t last_columns;  /* of tiles of which the last sums along the columns are formed */
  int32_t count[STRIDED_SUMS]; /* products of a sum */
  int32_t begin[STRIDED_SUMS]; /* products before it */
} strided_geometry;

static strided_geometry strided_geometry_of(const dfq_conv_shape *s) {
  strided_geometry g = {.columns = divide_up(s->out_width, 2),
                        .rows = divide_up(s->out_height, 2),
                        .groups = divide_up(s->in_channels, 4),
                        .vectors = s->out_channels > VL ? 2 : 1};
  g.channels = 4 * g.groups;
  const int32_t row_bytes = STRIDED_PRODUCTS * g.channels * g.columns;
  /* Strips of equal height. */
  const int32_t strips = divide_up(g.rows, larger(STRIDED_STRIP / row_bytes, 1));
  g.few = g.rows * g.columns <= WINOGRAD_FEW_TILES;
  g.last_columns = g.columns - (g.few && s->out_width % 2);
  g.strip = g.few ? g.rows : divide_up(g.rows, strips);
  for (int32_t sum = 0, begin = 0; sum < STRIDED_SUMS; sum++) {
    g.begin[sum] = begin;
    g.count[sum] = strided_count[sum / 3] * strided_count[sum % 3];
    begin += g.count[sum];
  }
  return g;
}

/* A sum has up to four products of an input. */
static int strided_fits(const dfq_conv_shape *s) {
  return s->kernel_height == 3 && s->kernel_width == 3 && s->stride_height == 2 &&
         s->stride_width == 2 && s->in_channels >= CELL &&
         s->in_channels <= CODE_TILES_MOST_INPUTS / 4 && s->out_channels % VL == 0;
}

/* Bytes of a strip in which a sum's part begins. */
V_INLINE size_t strided_sum_place(const strided_geometry *g, int32_t sum) {
  return (size_t)g->begin[sum] * g->channels * g->strip * g->columns;
}

V_INLINE size_t strided_strip_bytes(const strided_geometry *g) {
  return (size_t)STRIDED_PRODUCTS * g->channels * g->strip * g->columns;
}

/* The product of a row and a column of the 5x5: its sum, and its place among the sum's. */
V_INLINE int32_t strided_sum_of(int32_t row, int32_t column) {
  return 3 * strided_sum[row] + strided_sum[column];
}

V_INLINE int32_t strided_place_of(int32_t row, int32_t column) {
  const int32_t y = strided_sum[row], x = strided_sum[column];
  return (row - strided_first[y]) * strided_count[x] + column - strided_first[x];
}

/* The place of the weights of a row and a column of the 5x5. */
V_INLINE int32_t strided_weight_place(int32_t row, int32_t column) {
  return strided_places[strided_weight[row]][strided_weight[column]];
}

/* What is added to a transformed input. */
V_INLINE int32_t strided_offset(int32_t row, int32_t column) {
  return strided_differs[row] || strided_differs[column] ? STRIDED_OFFSET : 0;
}

/* Vectors of the block that begins at an output. */
V_INLINE int32_t strided_block_vectors(const strided_geometry *g, const dfq_conv_shape *s,
                                       int32_t output) {
  return smaller((s->out_channels - output) / VL, g->vectors);
}

/* The inputs of a tile at the side of an image, and pad codes for a row of them. */
V_INLINE size_t strided_pad_bytes(const dfq_conv_shape *s) {
  return (size_t)divide_up(s->in_channels * (STRIDED_SIDE + STRIDED_PRODUCTS), 64) * 64;
}

/* The scratch memory holds the sums of some tiles, pad codes and the strip. */
static size_t strided_scratch(const dfq_conv_shape *s) {
  const strided_geometry g = strided_geometry_of(s);
  return 64 + WINOGRAD_SUMS + strided_pad_bytes(s) + strided_strip_bytes(&g);
}
