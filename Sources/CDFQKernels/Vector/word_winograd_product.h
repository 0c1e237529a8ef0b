/* Sums of products over the channels, of a block of outputs for a few tiles of a strip: [tile][vector of outputs][tap][output]. */
typedef struct {
  const int16_t *tiles;   /* tap 0 of the first tile */
  size_t tap_step;        /* words between taps */
  size_t tile_step;       /* words between tiles */
  const int16_t *weights;
  int32_t pairs;
  int32_t *sums;
} word_winograd_job;

typedef void (*word_winograd_product)(const word_winograd_job *job);

V_INLINE vi word_winograd_codes(const int16_t *from) {
  int32_t pair;
  memcpy(&pair, from, sizeof pair);
  return vi_set(pair);
}

/* PAIRS: how many, or 0 where the compiler does not know. */
V_INLINE void word_winograd_multiply(const int VECTORS, const int PAIRS, const int TILES,
                                     const word_winograd_job *job) {
  const int16_t *w = job->weights;
  const int32_t pairs = PAIRS ? PAIRS : job->pairs;
  const size_t tile_step = PAIRS ? 2 * PAIRS : job->tile_step;
  for (int32_t tap = 0; tap < WORD_WINOGRAD_TAPS; tap++) {
    vi sums[WORD_WINOGRAD_REGISTERS];
    UNROLL_FULLY for (int i = 0; i < TILES * VECTORS; i++) sums[i] = vi_zero();
    const int16_t *x = job->tiles + tap * job->tap_step;
#pragma clang loop unroll_count(2)
    for (int32_t pair = 0; pair < pairs; pair++, x += 2) {
      vi weights[4];
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++, w += 2 * VL) weights[v] = vi_load(w);
      UNROLL_FULLY for (int t = 0; t < TILES; t++) {
        const vi codes = word_winograd_codes(x + t * tile_step);
        UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
          sums[t * VECTORS + v] = word_dot(sums[t * VECTORS + v], weights[v], codes);
        }
      }
    }
    int32_t *to = job->sums + tap * VL;
    UNROLL_FULLY for (int i = 0; i < TILES * VECTORS; i++) {
      vi_store(to + i * WORD_WINOGRAD_TAPS * VL, sums[i]);
    }
  }
}

#define WORD_WINOGRAD_MULTIPLY(VECTORS, TILES)                                              \
  static void word_winograd_multiply_##VECTORS##_##TILES(const word_winograd_job *job) {    \
    enum { FEW = VECTORS == 1 ? 8 : VECTORS == 2 ? 16 : 32 };                               \
    if (job->pairs == FEW && job->tile_step == 2 * FEW) {                                   \
      word_winograd_multiply(VECTORS, FEW, TILES, job);                                     \
    } else {                                                                                \
      word_winograd_multiply(VECTORS, 0, TILES, job);                                       \
    }                                                                                       \
  }
#define WORD_WINOGRAD_MULTIPLY_NAME(VECTORS, TILES) word_winograd_multiply_##VECTORS##_##TILES,
REPEAT_TILE_WORDS_1(WORD_WINOGRAD_MULTIPLY, 1)
REPEAT_TILE_WORDS_2(WORD_WINOGRAD_MULTIPLY, 2)
REPEAT_TILE_WORDS_4(WORD_WINOGRAD_MULTIPLY, 4)

/* By the number of tiles, from one. */
static const word_winograd_product word_winograd_products_1[] = {
    REPEAT_TILE_WORDS_1(WORD_WINOGRAD_MULTIPLY_NAME, 1)};
static const word_winograd_product word_winograd_products_2[] = {
    REPEAT_TILE_WORDS_2(WORD_WINOGRAD_MULTIPLY_NAME, 2)};
static const word_winograd_product word_winograd_products_4[] = {
    REPEAT_TILE_WORDS_4(WORD_WINOGRAD_MULTIPLY_NAME, 4)};

typedef struct {
  const word_winograd_product *products;
  int32_t most; /* tiles */
} word_winograd_choice;

static word_winograd_choice word_winograd_choice_of(int32_t vectors) {
#define WORD_WINOGRAD_CHOICE(VECTORS)                                     \
  (word_winograd_choice) {                                                \
    word_winograd_products_##VECTORS,                                     \
        sizeof word_winograd_products_##VECTORS / sizeof(word_winograd_product) \
  }
  return vectors == 4   ? WORD_WINOGRAD_CHOICE(4)
         : vectors == 2 ? WORD_WINOGRAD_CHOICE(2)
                        : WORD_WINOGRAD_CHOICE(1);
}
