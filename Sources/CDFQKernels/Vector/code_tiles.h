/* What the forms of Winograd's algorithm on codes share: the sums of a few tiles of outputs on their way to codes. */
typedef struct {
  const dfq_conv_shape *shape;
  const dfq_code_ending *from;
  code_ending constants;
  const int32_t *sums;
  int32_t columns;   /* of tiles in the map */
  int32_t tiles;     /* of the sums */
  int32_t tile, row; /* the first one: its column, and its row of tiles */
  int32_t output;    /* the block's first channel */
  int32_t vectors;   /* of the block */
  int32_t outputs;   /* channels to write */
  int32_t first_row, end_row;
} code_tiles;

typedef void (*code_tiles_write)(const code_tiles *r);

/* Whether scales divided by 4, 8 or 16 are exact: they are unless they are subnormal. */
static int code_tiles_divide(const dfq_code_ending *d, int32_t first, int32_t end) {
  for (int32_t o = first; o < end; o++) {
    if (d->scale[o] != 0 && !(fabsf(d->scale[o]) >= 0x1p-120f)) return 0;
  }
  return 1;
}

/* More inputs run directly: what offsets add to a sum, at most 2^14 for each input, is below 2^29, and what sums start from fits 32 bits. */
enum { CODE_TILES_MOST_INPUTS = 1 << 15 };
