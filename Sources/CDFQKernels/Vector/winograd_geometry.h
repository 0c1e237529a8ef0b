/* What the Winograd kernels share: tiles of several images in one sequence, processed in blocks;
 * the transformed tiles of a block are in SIDE * SIDE consecutive matrices. */
typedef struct {
  const dfq_conv_shape *shape;
  int32_t tile_rows, tile_columns, tiles; /* tiles: of all images */
  int32_t block;                          /* tiles per block */
  int32_t input_blocks;                   /* input channels, in blocks of CELL */
  int32_t output_row;                     /* output channels, rounded up to CELL */
  size_t input_step, output_step;         /* floats between the matrices */
} winograd_job;

/* Matrices begin an odd number of cache lines apart: of a power of two, all the stores of a tile
 * would fall into one set of the first-level cache. */
V_INLINE size_t winograd_odd_lines(size_t floats) {
  const size_t lines = (floats + CELL - 1) / CELL;
  return (lines | 1) * CELL;
}

/* Blocks of at most `floats` floats, but of `least` tiles: weights are read once per block. */
static winograd_job winograd_plan(const int TILE, const dfq_conv_shape *s, int32_t images,
                                  size_t floats, int32_t least) {
  winograd_job job = {.shape = s,
                      .tile_rows = divide_up(s->out_height, TILE),
                      .tile_columns = divide_up(s->out_width, TILE),
                      .input_blocks = divide_up(s->in_channels, CELL),
                      .output_row = divide_up(s->out_channels, CELL) * CELL};
  job.tiles = images * job.tile_rows * job.tile_columns;
  const size_t matrices = WINOGRAD_SIDE(TILE) * WINOGRAD_SIDE(TILE);
  const size_t row = (size_t)job.input_blocks * CELL + job.output_row;
  const size_t most = floats / (matrices * row);
  const int32_t block = (int32_t)(most < (size_t)least ? (size_t)least : most);
  job.block = divide_up(job.tiles, divide_up(job.tiles, block));
  job.input_step = winograd_odd_lines((size_t)job.input_blocks * job.block * CELL);
  job.output_step = winograd_odd_lines((size_t)job.block * job.output_row);
  return job;
}

/* Neighbouring tiles of one row of one image. */
typedef struct {
  int32_t image, row, column, count;
} winograd_strip;

enum { WINOGRAD_STRIP = 8 };

V_INLINE winograd_strip winograd_strip_at(const winograd_job *job, int32_t tile, int32_t end) {
  const int32_t per_image = job->tile_rows * job->tile_columns, at = tile % per_image;
  winograd_strip strip = {tile / per_image, at / job->tile_columns, at % job->tile_columns, 0};
  strip.count = smaller(smaller(job->tile_columns - strip.column, end - tile), WINOGRAD_STRIP);
  return strip;
}
