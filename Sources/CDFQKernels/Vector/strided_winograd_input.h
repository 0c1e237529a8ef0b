/* Inputs of tiles, transformed along the rows and the columns in registers: differences modulo 256. */
typedef struct {
  const uint8_t *rows[STRIDED_SIDE]; /* five inputs of five rows, `pixel` bytes apart */
  size_t pixel;
  uint8_t *to[STRIDED_SUMS]; /* the products of each sum, `channels` bytes apart */
  size_t channels;
} strided_tile;

/* d0 - d2, d1, d2, d3, d4 - d2 of five vectors that are `step` apart. */
V_INLINE void strided_differences(vi *d, const int step) {
  d[0] = vi_subtract_bytes(d[0], d[2 * step]);
  d[4 * step] = vi_subtract_bytes(d[4 * step], d[2 * step]);
}

/* Up to 64 channels from c on; groups of channels that are not whole have more to write than to read. */
V_INLINE void strided_channels(const strided_tile *t, int32_t c, __mmask64 reads,
                               __mmask64 writes) {
  const vi offset = vi_set_bytes(STRIDED_OFFSET);
  vi d[STRIDED_PRODUCTS];
  UNROLL_FULLY for (int y = 0; y < STRIDED_SIDE; y++) {
    UNROLL_FULLY for (int x = 0; x < STRIDED_SIDE; x++) {
      d[STRIDED_SIDE * y + x] = _mm512_maskz_loadu_epi8(reads, t->rows[y] + x * t->pixel + c);
    }
    strided_differences(d + STRIDED_SIDE * y, 1);
  }
  UNROLL_FULLY for (int x = 0; x < STRIDED_SIDE; x++) strided_differences(d + x, STRIDED_SIDE);
  UNROLL_FULLY for (int y = 0; y < STRIDED_SIDE; y++) {
    UNROLL_FULLY for (int x = 0; x < STRIDED_SIDE; x++) {
      const vi k = d[STRIDED_SIDE * y + x];
      uint8_t *to = t->to[strided_sum_of(y, x)] + strided_place_of(y, x) * t->channels + c;
      _mm512_mask_storeu_epi8(to, writes, strided_offset(y, x) ? vi_add_bytes(k, offset) : k);
    }
  }
}

/* A copy of the inputs of a tile at the left or right of the image. */
static void strided_patch(const dfq_conv_shape *s, strided_tile *t, const uint8_t *const *rows,
                          int32_t left, uint8_t pad_code, uint8_t *patch) {
  for (int32_t y = 0; y < STRIDED_SIDE; y++) {
    t->rows[y] = patch;
    for (int32_t x = left; x < left + STRIDED_SIDE; x++, patch += t->pixel) {
      if (rows[y] && x >= 0 && x < s->in_width) {
        memcpy(patch, rows[y] + x * t->pixel, t->pixel);
      } else {
        memset(patch, pad_code, t->pixel);
      }
    }
  }
}

/* Rows first ..< end of tiles. `pads`: pad codes of five pixels, before memory for 25. */
static void strided_input(const strided_geometry *g, const dfq_conv_shape *s, const uint8_t *image,
                          int32_t first, int32_t end, uint8_t pad_code, uint8_t *pads, uint8_t *strip) {
  strided_tile t = {.pixel = s->in_channels, .channels = g->channels};
  for (int32_t sum = 0; sum < STRIDED_SUMS; sum++) t.to[sum] = strip + strided_sum_place(g, sum);
  const int32_t whole = s->in_channels / 64 * 64, rest = s->in_channels - whole;
  const __mmask64 all = ~(__mmask64)0, reads = ((__mmask64)1 << rest) - 1;
  const __mmask64 writes = rest > 60 ? all : ((__mmask64)1 << (g->channels - whole)) - 1;
  memset(pads, pad_code, STRIDED_SIDE * t.pixel);
  for (int32_t y = first; y < end; y++) {
    const uint8_t *rows[STRIDED_SIDE];
    for (int32_t k = 0; k < STRIDED_SIDE; k++) {
      const int32_t row = 4 * y - s->pad_top + k;
      rows[k] = row >= 0 && row < s->in_height ? image + row * t.pixel * s->in_width : NULL;
    }
    for (int32_t x = 0; x < g->columns; x++) {
      const int32_t left = 4 * x - s->pad_left;
      if (left < 0 || left + STRIDED_SIDE > s->in_width) {
        strided_patch(s, &t, rows, left, pad_code, pads + STRIDED_SIDE * t.pixel);
      } else {
        UNROLL_FULLY for (int32_t k = 0; k < STRIDED_SIDE; k++) {
          t.rows[k] = rows[k] ? rows[k] + left * t.pixel : pads;
        }
      }
      for (int32_t c = 0; c < whole; c += 64) strided_channels(&t, c, all, all);
      if (rest) strided_channels(&t, whole, reads, writes);
      UNROLL_FULLY for (int32_t sum = 0; sum < STRIDED_SUMS; sum++) {
        /* Tiles that are left out are overwritten by those of the next row. */
        if (sum % 3 == 2 && x >= g->last_columns) continue;
        t.to[sum] += strided_count[sum / 3] * strided_count[sum % 3] * t.channels;
      }
    }
  }
}
