/* Sums of products over the channels, of a block of outputs for a few tiles of a strip. */
typedef struct {
  const uint8_t *tiles;   /* the first tap of the first tile */
  size_t tap_step;        /* bytes between taps */
  size_t tile_step;       /* bytes between tiles */
  const uint8_t *starts, *weights;
  int32_t taps; /* narrow: all */
  int32_t groups;
  /* Not narrow: runs of so many groups, which are summed; where their weights are, in bytes from `weights`, or NULL if they follow each other. */
  int32_t runs;
  const size_t *places;
  const uint8_t *next; /* weights of later products, of which a line is fetched for every group of inputs */
  int32_t *sums;
} code_winograd_job;

typedef void (*code_winograd_product)(const code_winograd_job *job);

/* One tap after the other: sums are [tile][vector of outputs][tap][output]. */
V_INLINE void code_winograd_taps(const int VECTORS, const int TILES,
                                 const code_winograd_job *job) {
  const uint8_t *w = job->weights, *start = job->starts;
  const int32_t groups = job->groups, taps = job->taps, runs = job->runs;
  const size_t tile_step = job->tile_step;
  const uint8_t *next = job->next;
  for (int32_t tap = 0; tap < taps; tap++) {
    vi sums[2 * WINOGRAD_MOST_TILES];
    UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
      const vi first = vi_load(start + (tap * VECTORS + v) * 4 * VL);
      UNROLL_FULLY for (int t = 0; t < TILES; t++) sums[t * VECTORS + v] = first;
    }
    /* Every fourth tile has a pointer, and the others lie one to three steps further: one for each does not fit the registers. */
    const int POINTERS = (TILES + 3) / 4;
    const uint8_t *x[(WINOGRAD_MOST_TILES + 3) / 4];
    UNROLL_FULLY for (int k = 0; k < POINTERS; k++) {
      x[k] = job->tiles + tap * job->tap_step + 4 * k * tile_step;
    }
    for (int32_t run = 0; run < runs; run++) {
      if (job->places) w = job->weights + job->places[run];
#pragma clang loop unroll_count(2)
      for (int32_t group = 0; group < groups; group++, w += VECTORS * 4 * VL) {
        vi weights[2];
        UNROLL_FULLY for (int v = 0; v < VECTORS; v++) weights[v] = vi_load(w + v * 4 * VL);
        __builtin_prefetch(next, 0, 3);
        next += 4 * VL;
        /* The compiler would make one for each again. */
        UNROLL_FULLY for (int k = 0; k < POINTERS; k++) __asm__("" : "+r"(x[k]));
        UNROLL_FULLY for (int t = 0; t < TILES; t++) {
          const vi codes = code_tile_codes(x[t / 4] + t % 4 * tile_step);
          UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
            sums[t * VECTORS + v] = integer_dot(sums[t * VECTORS + v], codes, weights[v]);
          }
        }
        UNROLL_FULLY for (int k = 0; k < POINTERS; k++) x[k] += 4;
      }
    }
    int32_t *to = job->sums + tap * VL;
    UNROLL_FULLY for (int i = 0; i < TILES * VECTORS; i++) {
      vi_store(to + i * WINOGRAD_TAPS * VL, sums[i]);
    }
  }
}

/* The taps a, b, c, -d of each line, with the half of the output transform along the rows: a + b + c and b - c - d. The sums of a and
 * -d begin at b + c and b - c. Sums are [tile][vector of outputs][line][row of outputs][output]. CHANNELS: how many, or 0 where the compiler
 * does not know. */
V_INLINE void code_winograd_pairs(const int VECTORS, const int CHANNELS, const int TILES,
                                  const code_winograd_job *job) {
  const size_t tap = job->tap_step, step = CHANNELS ? CHANNELS : job->tile_step;
  const int32_t groups = CHANNELS ? CHANNELS / 4 : job->groups;
  const size_t pair_bytes = (size_t)groups * 2 * VECTORS * 4 * VL;
  const uint8_t *w = job->weights, *start = job->starts;
  for (int32_t line = 0; line < WINOGRAD_LINES; line++) {
    const uint8_t *x = job->tiles + WINOGRAD_ROWS * line * tap;
    vi sums[24];
    UNROLL_FULLY for (int k = 0; k < 2; k++) {
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
        const vi first = vi_load(start + ((4 * line + k + 1) * VECTORS + v) * 4 * VL);
        UNROLL_FULLY for (int t = 0; t < TILES; t++) sums[(k * TILES + t) * VECTORS + v] = first;
      }
    }
    code_tile_add(VECTORS, TILES, 2, groups, x + tap, tap, step, w, NULL, sums);
    w += pair_bytes;
    UNROLL_FULLY for (int i = 0; i < TILES * VECTORS; i++) {
      const vi b = sums[i], c = sums[TILES * VECTORS + i];
      sums[i] = vi_add(b, c);
      sums[TILES * VECTORS + i] = vi_subtract(b, c);
    }
    code_tile_add(VECTORS, TILES, 2, groups, x, 3 * tap, step, w, NULL, sums);
    w += pair_bytes;
    int32_t *to = job->sums + 2 * line * VL;
    UNROLL_FULLY for (int i = 0; i < TILES * VECTORS; i++) {
      vi_store(to + 2 * WINOGRAD_LINES * i * VL, sums[i]);
      vi_store(to + (2 * WINOGRAD_LINES * i + 1) * VL, sums[TILES * VECTORS + i]);
    }
  }
}

#define CODE_WINOGRAD_TAPS(VECTORS, TILES)                                             \
  static void code_winograd_taps_##VECTORS##_##TILES(const code_winograd_job *job) {   \
    code_winograd_taps(VECTORS, TILES, job);                                          \
  }
#define CODE_WINOGRAD_PAIRS(VECTORS, TILES)                                           \
  static void code_winograd_pairs_##VECTORS##_##TILES(const code_winograd_job *job) { \
    enum { FEW = VECTORS * 16, MANY = VECTORS * 32 };                                 \
    if (job->groups == FEW / 4 && job->tile_step == FEW) {                            \
      code_winograd_pairs(VECTORS, FEW, TILES, job);                                  \
    } else if (job->groups == MANY / 4 && job->tile_step == MANY) {                   \
      code_winograd_pairs(VECTORS, MANY, TILES, job);                                 \
    } else {                                                                          \
      code_winograd_pairs(VECTORS, 0, TILES, job);                                    \
    }                                                                                 \
  }
#define CODE_WINOGRAD_TAPS_NAME(VECTORS, TILES) code_winograd_taps_##VECTORS##_##TILES,
#define CODE_WINOGRAD_PAIRS_NAME(VECTORS, TILES) code_winograd_pairs_##VECTORS##_##TILES,

REPEAT_12(CODE_WINOGRAD_TAPS, 1)
REPEAT_12(CODE_WINOGRAD_TAPS, 2)
REPEAT_12(CODE_WINOGRAD_PAIRS, 1)
REPEAT_6(CODE_WINOGRAD_PAIRS, 2)
static const code_winograd_product code_winograd_taps_products[2][12] = {
    {REPEAT_12(CODE_WINOGRAD_TAPS_NAME, 1)}, {REPEAT_12(CODE_WINOGRAD_TAPS_NAME, 2)}};
static const code_winograd_product code_winograd_pair_products[2][12] = {
    {REPEAT_12(CODE_WINOGRAD_PAIRS_NAME, 1)}, {REPEAT_6(CODE_WINOGRAD_PAIRS_NAME, 2)}};
