/* Sums of products over the channels, of some lines of taps and a block of outputs for a few tiles of a strip, and the output
 * transform along the rows while they are in registers. */
typedef struct {
  const uint8_t *tiles; /* tap 0 of the first line, of the first tile */
  size_t tap_step;      /* bytes between taps */
  size_t tile_step;     /* bytes between tiles */
  const uint8_t *starts, *weights;
  const uint8_t *next; /* later weights: of two vectors, a line of them is fetched for every group of inputs and step */
  int32_t groups;
  int32_t lines;
  int32_t tile_sums; /* of all lines of a tile and a vector of outputs */
  int32_t *sums;     /* of the first line, of the first tile: [tile][vector of outputs][line][row of outputs][output] */
} wide_job;

typedef void (*wide_product)(const wide_job *job);

/* Four times the four outputs of each line. CHANNELS: how many, or 0 where the compiler does not know. */
V_INLINE void wide_products(const int VECTORS, const int CHANNELS, const int TILES,
                            const wide_job *job) {
  const uint8_t *x = job->tiles, *w = job->weights, *start = job->starts;
  const size_t tap = job->tap_step, step = CHANNELS ? CHANNELS : job->tile_step;
  const size_t tile_sums = job->tile_sums;
  const int32_t groups = CHANNELS ? CHANNELS / 4 : job->groups;
  const size_t bytes = (size_t)groups * VECTORS * 4 * VL;
  const uint8_t *next = job->next, **later = VECTORS == 2 ? &next : NULL;
  int32_t *to = job->sums;
  for (int32_t line = 0; line < job->lines; line++, x += WIDE_ROWS * tap, to += 4 * VL) {
    vi sums[6 * WIDE_MOST_TILES], pair[4 * WIDE_MOST_TILES], more[2];
    const int COUNT = TILES * VECTORS;
    UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
      UNROLL_FULLY for (int k = 0; k < 3; k++) {
        const vi first = vi_load(start + (k * VECTORS + v) * 4 * VL);
        UNROLL_FULLY for (int t = 0; t < TILES; t++) sums[(k * TILES + t) * VECTORS + v] = first;
      }
      more[v] = vi_load(start + (3 * VECTORS + v) * 4 * VL);
    }
    start += WIDE_STARTS * VECTORS * 4 * VL;
    code_tile_add(VECTORS, TILES, 3, groups, x, tap, step, w, later, sums);
    w += 3 * bytes;
    /* Even and odd sums, both with the joint one. */
    UNROLL_FULLY for (int i = 0; i < COUNT; i++) {
      pair[i] = sums[2 * COUNT + i];
      pair[COUNT + i] = vi_add(pair[i], more[i % VECTORS]);
    }
    code_tile_add(VECTORS, TILES, 2, groups, x + WIDE_EVEN * tap, tap, step, w, later, pair);
    w += 2 * bytes;
    UNROLL_FULLY for (int i = 0; i < COUNT; i++) {
      const vi sum = vi_add(sums[i], sums[COUNT + i]);
      const vi difference = vi_subtract(sums[i], sums[COUNT + i]);
      const vi even = vi_add(pair[i], pair[i]), odd = vi_add(pair[COUNT + i], pair[COUNT + i]);
      vi_store(to + i * tile_sums + VL, vi_add(difference, odd));
      vi_store(to + i * tile_sums + 2 * VL, vi_subtract(sum, even));
      pair[i] = vi_add(sum, even);
      pair[COUNT + i] = vi_subtract(difference, odd);
    }
    code_tile_add(VECTORS, TILES, 2, groups, x + WIDE_FIRST * tap, tap, step, w, later, pair);
    w += 2 * bytes;
    UNROLL_FULLY for (int i = 0; i < COUNT; i++) {
      vi_store(to + i * tile_sums, pair[i]);
      vi_store(to + i * tile_sums + 3 * VL, pair[COUNT + i]);
    }
  }
}

#define WIDE_PRODUCT(VECTORS, TILES)                                  \
  static void wide_product_##VECTORS##_##TILES(const wide_job *job) { \
    enum { FEW = VECTORS * 16, MANY = VECTORS * 32 };                 \
    if (job->groups == FEW / 4 && job->tile_step == FEW) {            \
      wide_products(VECTORS, FEW, TILES, job);                        \
    } else if (job->groups == MANY / 4 && job->tile_step == MANY) {   \
      wide_products(VECTORS, MANY, TILES, job);                       \
    } else {                                                          \
      wide_products(VECTORS, 0, TILES, job);                          \
    }                                                                 \
  }
#define WIDE_PRODUCT_NAME(VECTORS, TILES) wide_product_##VECTORS##_##TILES,

REPEAT_4(WIDE_PRODUCT, 1)
REPEAT_4(WIDE_PRODUCT, 2)
/* By vectors and tiles, from 1. */
static const wide_product wide_product_functions[2][WIDE_MOST_TILES] = {
    {REPEAT_4(WIDE_PRODUCT_NAME, 1)}, {REPEAT_4(WIDE_PRODUCT_NAME, 2)}};
