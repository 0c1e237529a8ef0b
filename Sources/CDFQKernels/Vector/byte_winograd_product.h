/* Sums of products over the channels, of a block of outputs for a few tiles of a strip. */
typedef struct {
  const uint8_t *tiles; /* tap 0 of the first tile */
  size_t tap_step;      /* bytes between taps */
  size_t tile_step;     /* bytes between tiles */
  const uint8_t *weights;
  int32_t groups;
  int32_t *sums; /* [tile][vector of outputs][tap][output] */
} tile_job;

typedef void (*tile_product)(const tile_job *job);

/* One tap after the other. */
V_INLINE void tile_products(const int VECTORS, const int TILES, const tile_job *job) {
  const uint8_t *w = job->weights;
  for (int32_t tap = 0; tap < TILE_TAPS; tap++) {
    vi sums[TILES_AT_ONCE * TILE_VECTORS];
    UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
      const vi start = vi_load(w + v * 4 * VL);
      UNROLL_FULLY for (int t = 0; t < TILES; t++) sums[t * VECTORS + v] = start;
    }
    w += VECTORS * 4 * VL;
    const uint8_t *x = job->tiles + tap * job->tap_step;
#pragma clang loop unroll_count(2)
    for (int32_t group = 0; group < job->groups; group++, x += 4, w += VECTORS * 4 * VL) {
      vi weights[TILE_VECTORS];
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++) weights[v] = vi_load(w + v * 4 * VL);
      UNROLL_FULLY for (int t = 0; t < TILES; t++) {
        const vi codes = integer_codes(x + t * job->tile_step);
        UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
          sums[t * VECTORS + v] = integer_dot(sums[t * VECTORS + v], codes, weights[v]);
        }
      }
    }
    int32_t *to = job->sums + tap * VL;
    UNROLL_FULLY for (int i = 0; i < TILES * VECTORS; i++) vi_store(to + i * TILE_TAPS * VL, sums[i]);
  }
}

#define TILE_PRODUCT(VECTORS, TILES)                                    \
  static void tile_product_##VECTORS##_##TILES(const tile_job *job) {   \
    tile_products(VECTORS, TILES, job);                                 \
  }
#define TILE_PRODUCT_NAME(VECTORS, TILES) tile_product_##VECTORS##_##TILES,

REPEAT_TILES_AT_ONCE(TILE_PRODUCT, 1)
REPEAT_TILES_AT_ONCE(TILE_PRODUCT, 2)
static const tile_product tile_product_functions[TILE_VECTORS][TILES_AT_ONCE] = {
    {REPEAT_TILES_AT_ONCE(TILE_PRODUCT_NAME, 1)}, {REPEAT_TILES_AT_ONCE(TILE_PRODUCT_NAME, 2)}};
