/* Sums of products over the channels, of a block of outputs for a few tiles of a strip. */
typedef struct {
  const uint8_t *tiles;   /* tap 0 of the first tile */
  size_t tap_step;        /* bytes between taps */
  size_t tile_step;       /* bytes between tiles */
  const uint8_t *starts, *weights;
  int32_t groups;
  int32_t *sums;
} code_winograd_job;

typedef void (*code_winograd_product)(const code_winograd_job *job);

V_INLINE vi code_winograd_codes(const uint8_t *from) {
  int32_t group;
  memcpy(&group, from, sizeof group);
  return vi_set(group);
}

/* One tap after the other: sums are [tap][tile][output]. */
V_INLINE void code_winograd_taps(const int VECTORS, const int TILES,
                                 const code_winograd_job *job) {
  const uint8_t *w = job->weights, *start = job->starts;
  int32_t *to = job->sums;
  for (int32_t tap = 0; tap < WINOGRAD_TAPS; tap++) {
    vi sums[24];
    UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
      const vi first = vi_load(start + (tap * VECTORS + v) * 4 * VL);
      UNROLL_FULLY for (int t = 0; t < TILES; t++) sums[t * VECTORS + v] = first;
    }
    const uint8_t *x = job->tiles + tap * job->tap_step;
#pragma clang loop unroll_count(2)
    for (int32_t group = 0; group < job->groups; group++, x += 4, w += VECTORS * 4 * VL) {
      vi weights[2];
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++) weights[v] = vi_load(w + v * 4 * VL);
      UNROLL_FULLY for (int t = 0; t < TILES; t++) {
        const vi codes = code_winograd_codes(x + t * job->tile_step);
        UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
          sums[t * VECTORS + v] = integer_dot(sums[t * VECTORS + v], codes, weights[v]);
        }
      }
    }
    UNROLL_FULLY for (int i = 0; i < TILES * VECTORS; i++) vi_store(to + i * VL, sums[i]);
    to += TILES * VECTORS * VL;
  }
}

/* Four taps of a row at a time, with the half of the output transform along the row: sums are [row][side][tile][output]. */
V_INLINE void code_winograd_quads(const int VECTORS, const int TILES,
                                  const code_winograd_job *job) {
  const uint8_t *w = job->weights, *start = job->starts;
  int32_t *to = job->sums;
  for (int32_t row = 0; row < 4; row++) {
    vi sums[4 * 6];
    UNROLL_FULLY for (int k = 0; k < 4; k++) {
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
        const vi first = vi_load(start + ((4 * row + k) * VECTORS + v) * 4 * VL);
        UNROLL_FULLY for (int t = 0; t < TILES; t++) sums[(k * TILES + t) * VECTORS + v] = first;
      }
    }
    const uint8_t *x = job->tiles + 4 * row * job->tap_step;
    for (int32_t group = 0; group < job->groups; group++, x += 4, w += 4 * VECTORS * 4 * VL) {
      UNROLL_FULLY for (int k = 0; k < 4; k++) {
        vi weights[2];
        UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
          weights[v] = vi_load(w + (k * VECTORS + v) * 4 * VL);
        }
        UNROLL_FULLY for (int t = 0; t < TILES; t++) {
          const vi codes = code_winograd_codes(x + k * job->tap_step + t * job->tile_step);
          UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
            const int place = (k * TILES + t) * VECTORS + v;
            sums[place] = integer_dot(sums[place], codes, weights[v]);
          }
        }
      }
    }
    UNROLL_FULLY for (int i = 0; i < TILES * VECTORS; i++) {
      const int n = TILES * VECTORS;
      const vi both = vi_add(sums[n + i], sums[2 * n + i]);
      const vi difference = vi_subtract(sums[n + i], sums[2 * n + i]);
      vi_store(to + i * VL, vi_add(sums[i], both));
      vi_store(to + (n + i) * VL, vi_subtract(difference, sums[3 * n + i]));
    }
    to += 2 * TILES * VECTORS * VL;
  }
}

#define CODE_WINOGRAD_TAPS(VECTORS, TILES)                                              \
  static void code_winograd_taps_##VECTORS##_##TILES(const code_winograd_job *job) {    \
    code_winograd_taps(VECTORS, TILES, job);                                            \
  }
#define CODE_WINOGRAD_QUADS(VECTORS, TILES)                                             \
  static void code_winograd_quads_##VECTORS##_##TILES(const code_winograd_job *job) {   \
    code_winograd_quads(VECTORS, TILES, job);                                           \
  }
#define CODE_WINOGRAD_TAPS_NAME(VECTORS, TILES) code_winograd_taps_##VECTORS##_##TILES,
#define CODE_WINOGRAD_QUADS_NAME(VECTORS, TILES) code_winograd_quads_##VECTORS##_##TILES,

REPEAT_12(CODE_WINOGRAD_TAPS, 1)
REPEAT_12(CODE_WINOGRAD_TAPS, 2)
REPEAT_6(CODE_WINOGRAD_QUADS, 1)
CODE_WINOGRAD_QUADS(2, 1)
CODE_WINOGRAD_QUADS(2, 2)
CODE_WINOGRAD_QUADS(2, 3)
static const code_winograd_product code_winograd_taps_products[2][12] = {
    {REPEAT_12(CODE_WINOGRAD_TAPS_NAME, 1)}, {REPEAT_12(CODE_WINOGRAD_TAPS_NAME, 2)}};
static const code_winograd_product code_winograd_quad_products[2][6] = {
    {REPEAT_6(CODE_WINOGRAD_QUADS_NAME, 1)},
    {code_winograd_quads_2_1, code_winograd_quads_2_2, code_winograd_quads_2_3}};
