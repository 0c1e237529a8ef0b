/* Sums of products over the channels, of a line of taps and a block of outputs for a few tiles of a strip, transformed along
 * the rows while they are in registers: [tile][vector of outputs][line][row of outputs][output]. */
typedef struct {
  const int16_t *tiles; /* unit 0 of the line, of the first tile */
  size_t unit_words;    /* between units */
  size_t cell;          /* words of a unit and a tile */
  const int16_t *weights;
  int32_t pairs;
  int32_t *sums; /* of the line, of the first tile */
} word_winograd_job;

typedef void (*word_winograd_product)(const word_winograd_job *job);

V_INLINE vi word_winograd_codes(const int16_t *from) {
  int32_t pair;
  memcpy(&pair, from, sizeof pair);
  return vi_set(pair);
}

V_INLINE vi word_winograd_two_codes(const int16_t *from) {
  int64_t both;
  memcpy(&both, from, sizeof both);
  return vi_set_long(both);
}

/* Adds the products of two taps, for a block of two vectors: [tap][tile][vector]. (Compilers that unroll the loop make two
 * instructions of some products.) */
V_INLINE void word_winograd_add(const int TILES, const int16_t *x, size_t unit, size_t cell,
                                const int16_t *w, int32_t pairs, vi *sums) {
#pragma clang loop unroll(disable)
  for (int32_t pair = 0; pair < pairs; pair++, x += 2, w += 8 * VL) {
    UNROLL_FULLY for (int k = 0; k < 2; k++) {
      const vi first = vi_load(w + 4 * k * VL), second = vi_load(w + (4 * k + 2) * VL);
      UNROLL_FULLY for (int t = 0; t < TILES; t++) {
        const vi codes = word_winograd_codes(x + k * unit + t * cell);
        vi *both = sums + 2 * (k * TILES + t);
        both[0] = word_dot(both[0], first, codes);
        both[1] = word_dot(both[1], second, codes);
      }
    }
  }
}

/* Those for a block of one vector: [tile][half], with the taps in turn. */
V_INLINE void word_winograd_add_single(const int TILES, const int16_t *x, size_t cell,
                                       const int16_t *w, int32_t pairs, vi *sums) {
#pragma clang loop unroll(disable)
  for (int32_t pair = 0; pair < pairs; pair++, x += 4, w += 4 * VL) {
    const vi first = vi_load(w), second = vi_load(w + 2 * VL);
    UNROLL_FULLY for (int t = 0; t < TILES; t++) {
      const vi codes = word_winograd_two_codes(x + t * cell);
      sums[2 * t] = word_dot(sums[2 * t], first, codes);
      sums[2 * t + 1] = word_dot(sums[2 * t + 1], second, codes);
    }
  }
}

/* The sums of both taps of a step: [tile][vector]. */
V_INLINE void word_winograd_step(const int SINGLE, const int CHANNELS, const int TILES,
                                 const word_winograd_job *job, const int step, vi *first,
                                 vi *second) {
  const int32_t pairs = CHANNELS ? CHANNELS / 2 : job->pairs;
  const size_t cell = CHANNELS ? (SINGLE ? 2 : 1) * CHANNELS : job->cell, unit = job->unit_words;
  const int16_t *w = job->weights + (size_t)step * pairs * (SINGLE ? 4 : 8) * VL;
  vi sums[4 * WORD_WINOGRAD_TILES];
  UNROLL_FULLY for (int i = 0; i < (SINGLE ? 2 : 4) * TILES; i++) sums[i] = vi_zero();
  if (SINGLE) {
    word_winograd_add_single(TILES, job->tiles + step * unit, cell, w, pairs, sums);
    UNROLL_FULLY for (int t = 0; t < TILES; t++) {
      first[t] = vi_every_second(sums[2 * t], sums[2 * t + 1], 0);
      second[t] = vi_every_second(sums[2 * t], sums[2 * t + 1], 1);
    }
  } else {
    word_winograd_add(TILES, job->tiles + 2 * step * unit, unit, cell, w, pairs, sums);
    UNROLL_FULLY for (int i = 0; i < 2 * TILES; i++) {
      first[i] = sums[i];
      second[i] = sums[2 * TILES + i];
    }
  }
}

/* A^T of six sums, 24, 12, 6 and 6 times the outputs: what the first four sums give, and with the last two. */
V_INLINE void word_winograd_output_begin(vi one, vi minus_one, vi two, vi minus_two, vi *y) {
  const vi both = vi_add(one, minus_one), difference = vi_subtract(one, minus_one);
  const vi far = vi_add(two, minus_two), apart = vi_subtract(two, minus_two);
  y[0] = vi_subtract(far, vi_shift_left(both, 2));
  y[1] = vi_subtract(apart, vi_add(difference, difference));
  y[2] = vi_subtract(far, both);
  y[3] = vi_subtract(vi_add(apart, apart), difference);
}

V_INLINE void word_winograd_output_line(const vi *m, vi *y) {
  word_winograd_output_begin(m[WORD_WINOGRAD_ONE], m[WORD_WINOGRAD_MINUS_ONE],
                             m[WORD_WINOGRAD_TWO], m[WORD_WINOGRAD_MINUS_TWO], y);
  y[0] = vi_add(y[0], m[WORD_WINOGRAD_FIRST]);
  y[3] = vi_add(y[3], m[WORD_WINOGRAD_LAST]);
}

/* CHANNELS: how many inputs, or 0 where the compiler does not know. */
V_INLINE void word_winograd_multiply(const int SINGLE, const int CHANNELS, const int TILES,
                                     const word_winograd_job *job) {
  enum { MOST = 2 * WORD_WINOGRAD_TILES };
  vi one[MOST], minus_one[MOST], two[MOST], minus_two[MOST], outer[MOST], inner[MOST];
  word_winograd_step(SINGLE, CHANNELS, TILES, job, 0, one, minus_one);
  word_winograd_step(SINGLE, CHANNELS, TILES, job, 1, two, minus_two);
  UNROLL_FULLY for (int i = 0; i < (SINGLE ? 1 : 2) * TILES; i++) {
    int32_t *to = job->sums + i * WORD_WINOGRAD_VECTOR_SUMS;
    vi y[4];
    word_winograd_output_begin(one[i], minus_one[i], two[i], minus_two[i], y);
    vi_store(to + VL, y[1]);
    vi_store(to + 2 * VL, y[2]);
    outer[i] = y[0];
    inner[i] = y[3];
  }
  vi first[MOST], last[MOST];
  word_winograd_step(SINGLE, CHANNELS, TILES, job, 2, first, last);
  UNROLL_FULLY for (int i = 0; i < (SINGLE ? 1 : 2) * TILES; i++) {
    int32_t *to = job->sums + i * WORD_WINOGRAD_VECTOR_SUMS;
    vi_store(to, vi_add(outer[i], first[i]));
    vi_store(to + 3 * VL, vi_add(inner[i], last[i]));
  }
}

#define WORD_WINOGRAD_MULTIPLY(SINGLE, TILES)                                           \
  static void word_winograd_multiply_##SINGLE##_##TILES(const word_winograd_job *job) { \
    enum { FEW = SINGLE ? 16 : 32 };                                                    \
    if (job->pairs == FEW / 2 && job->cell == (SINGLE ? 2 : 1) * FEW) {                 \
      word_winograd_multiply(SINGLE, FEW, TILES, job);                                  \
    } else {                                                                            \
      word_winograd_multiply(SINGLE, 0, TILES, job);                                    \
    }                                                                                   \
  }
#define WORD_WINOGRAD_MULTIPLY_NAME(SINGLE, TILES) word_winograd_multiply_##SINGLE##_##TILES,
REPEAT_WORD_TILES(WORD_WINOGRAD_MULTIPLY, 0)
REPEAT_WORD_TILES(WORD_WINOGRAD_MULTIPLY, 1)

/* For blocks of two vectors and of one, by the number of tiles, from one. */
static const word_winograd_product word_winograd_functions[2][WORD_WINOGRAD_TILES] = {
    {REPEAT_WORD_TILES(WORD_WINOGRAD_MULTIPLY_NAME, 0)},
    {REPEAT_WORD_TILES(WORD_WINOGRAD_MULTIPLY_NAME, 1)}};
