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

#if INTEGER_LANES
#include "integer_tile_lanes.h"
#else
#include "integer_tile_groups.h"
#endif

V_INLINE void integer_tile(const int TAPS, const int PIXELS, const int VECTORS,
                           const integer_job *job, const uint8_t *x, const integer_place *place) {
  enum { CELL_GROUPS = CELL / GROUP };
  vi sums[CONV_REGISTERS];
  const size_t block = job->block_bytes, tap = job->tap_bytes;
  UNROLL_FULLY for (int i = 0; i < PIXELS * VECTORS; i++) {
    sums[i] = INTEGER_SIGNED_CODES ? vi_load(job->weights + i % VECTORS * block) : vi_zero();
  }
  for (int32_t t = 0; t < job->tap_count; t++) {
    const uint8_t *from = x + job->taps[t];
    const uint8_t *w = job->weights + INTEGER_START_BYTES + t * TAPS * tap;
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
