/* The register tile of conv_tile.h over codes: PIXELS neighbouring outputs x VECTORS vectors of
 * output channels, with TAPS taps of a row at once. A lane sums the products of one output
 * channel, over all inputs. */
enum { INTEGER_ROW_TAPS = 3 };

typedef struct {
  const uint8_t *weights;  /* packed, of the tile's first vector of outputs */
  size_t block_bytes;      /* between vectors of outputs */
  size_t tap_bytes;        /* between taps */
  const size_t *taps;      /* bytes from an output's place in the plane to the taps' codes */
  int32_t tap_count;       /* of `taps`, each of which stands for a tile's TAPS neighbours */
  int32_t groups;          /* of inputs */
  size_t plane_block;      /* bytes between the plane's blocks of CELL inputs */
  integer_ending ending;
} integer_job;

typedef void (*integer_tile_function)(const integer_job *job, const uint8_t *x,
                                      const integer_place *place);

V_INLINE vi integer_codes(const uint8_t *x) {
  int32_t group;
  memcpy(&group, x, sizeof group);
  return vi_set(group);
}

/* Adds groups x[0 ..< count] of every pixel. */
V_INLINE void integer_tile_groups(const int TAPS, const int PIXELS, const int VECTORS,
                                  const uint8_t *x, const uint8_t *w, size_t block, size_t tap,
                                  int32_t count, vi *sums) {
#pragma clang loop unroll_count(4)
  for (int32_t g = 0; g < count; g++, x += 4, w += 4 * VL) {
    vi weights[INTEGER_ROW_TAPS * 4];
    UNROLL_FULLY for (int k = 0; k < TAPS; k++) {
      UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
        weights[k * VECTORS + v] = vi_load(w + k * tap + v * block);
      }
    }
    UNROLL_FULLY for (int q = 0; q < PIXELS + TAPS - 1; q++) {
      const vi codes = integer_codes(x + q * CELL_BYTES);
      UNROLL_FULLY for (int k = 0; k < TAPS; k++) {
        const int p = q - k;
        if (p < 0 || p >= PIXELS) continue;
        UNROLL_FULLY for (int v = 0; v < VECTORS; v++) {
          sums[p * VECTORS + v] =
              integer_dot(sums[p * VECTORS + v], codes, weights[k * VECTORS + v]);
        }
      }
    }
  }
}

V_INLINE void integer_tile(const int TAPS, const int PIXELS, const int VECTORS,
                           const integer_job *job, const uint8_t *x, const integer_place *place) {
  enum { CELL_GROUPS = CELL / GROUP };
  vi sums[CONV_REGISTERS];
  UNROLL_FULLY for (int i = 0; i < PIXELS * VECTORS; i++) sums[i] = vi_zero();
  const size_t block = job->block_bytes, tap = job->tap_bytes;
  for (int32_t t = 0; t < job->tap_count; t++) {
    const uint8_t *from = x + job->taps[t];
    const uint8_t *w = job->weights + t * TAPS * tap;
    int32_t left = job->groups;
    for (; left >= CELL_GROUPS; left -= CELL_GROUPS) {
      integer_tile_groups(TAPS, PIXELS, VECTORS, from, w, block, tap, CELL_GROUPS, sums);
      from += job->plane_block;
      w += CELL_GROUPS * 4 * VL;
    }
    if (left) integer_tile_groups(TAPS, PIXELS, VECTORS, from, w, block, tap, left, sums);
  }
  integer_write(PIXELS, VECTORS, &job->ending, place, sums);
}

#define INTEGER_TILE(VECTORS, PIXELS)                                                     \
  static void integer_tile_##VECTORS##_##PIXELS(const integer_job *job, const uint8_t *x, \
                                                const integer_place *place) {             \
    integer_tile(1, PIXELS, VECTORS, job, x, place);                                      \
  }
#define INTEGER_TILE_NAME(VECTORS, PIXELS) integer_tile_##VECTORS##_##PIXELS,

#define INTEGER_ROW_TILE(VECTORS, PIXELS)                                                     \
  static void integer_row_tile_##VECTORS##_##PIXELS(const integer_job *job, const uint8_t *x, \
                                                    const integer_place *place) {             \
    integer_tile(INTEGER_ROW_TAPS, PIXELS, VECTORS, job, x, place);                           \
  }
#define INTEGER_ROW_TILE_NAME(VECTORS, PIXELS) integer_row_tile_##VECTORS##_##PIXELS,
