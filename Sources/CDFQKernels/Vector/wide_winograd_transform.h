/* B^T d B of bytes, modulo 256, in registers, one vector of channels of a tile at a time: first along the columns, for two or three
 * lines of taps whose six rows fit the registers, then along the rows. */
typedef struct {
  const uint8_t *rows[WIDE_SPAN]; /* of inputs, at a tile's first column */
  size_t columns[WIDE_SPAN];      /* bytes from there to the tile's other columns */
  /* At the left and right of an image: which columns are inside, and pad codes for the others. */
  __mmask64 inside[WIDE_SPAN];
  vi pad;
} wide_inputs;

/* Inputs of two rows and two columns, of which every tap but the sum of sums has an odd number, are loaded with the offset: modulo
 * 256 its sign does not count. */
V_INLINE vi wide_load(const int AT_SIDE, const wide_inputs *from, size_t at, int row, int column) {
  const uint8_t *place = from->rows[row] + from->columns[column] + at;
  const vi codes =
      AT_SIDE ? _mm512_mask_loadu_epi8(from->pad, from->inside[column], place) : vi_load(place);
  return row < 2 && column < 2 ? vi_xor(codes, vi_set_bytes(WIDE_OFFSET)) : codes;
}

/* B^T of d[0 ..< 6]; to: the first tap of a line. */
V_INLINE void wide_line(const vi *d, const int SUM_OF_SUMS, uint8_t *to, size_t tap) {
  const vi odd = vi_add_bytes(d[1], d[3]), even = vi_add_bytes(d[2], d[4]);
  const vi right = vi_subtract_bytes(d[3], d[1]), far = vi_subtract_bytes(d[4], d[2]);
  const vi sum = vi_add_bytes(odd, even);
  vi_store(to + WIDE_SUM * tap, SUM_OF_SUMS ? vi_xor(sum, vi_set_bytes(WIDE_OFFSET)) : sum);
  vi_store(to + WIDE_ALTERNATING * tap, vi_subtract_bytes(even, odd));
  vi_store(to + WIDE_JOINT * tap, vi_subtract_bytes(d[1], d[3]));
  vi_store(to + WIDE_EVEN * tap, vi_add_bytes(right, far));
  vi_store(to + WIDE_ODD * tap, vi_subtract_bytes(right, far));
  vi_store(to + WIDE_FIRST * tap, vi_subtract_bytes(d[0], d[4]));
  vi_store(to + WIDE_LAST * tap, vi_subtract_bytes(d[5], d[1]));
}

V_INLINE void wide_vector_4(const int AT_SIDE, const wide_inputs *from, size_t at, uint8_t *to,
                            size_t tap) {
  const size_t line = WIDE_ROWS * tap;
  vi a[WIDE_SPAN], b[WIDE_SPAN], c[WIDE_SPAN];
  UNROLL_FULLY for (int row = 0; row < WIDE_SPAN; row++) {
    const vi first = wide_load(AT_SIDE, from, at, row, 1), third = wide_load(AT_SIDE, from, at, row, 3);
    const vi odd = vi_add_bytes(first, third);
    const vi even = vi_add_bytes(wide_load(AT_SIDE, from, at, row, 2), wide_load(AT_SIDE, from, at, row, 4));
    a[row] = vi_add_bytes(odd, even);
    b[row] = vi_subtract_bytes(even, odd);
    c[row] = vi_subtract_bytes(first, third);
  }
  wide_line(a, 1, to + WIDE_SUM * line, tap);
  wide_line(b, 0, to + WIDE_ALTERNATING * line, tap);
  wide_line(c, 0, to + WIDE_JOINT * line, tap);
  UNROLL_FULLY for (int row = 0; row < WIDE_SPAN; row++) {
    const vi right = vi_subtract_bytes(wide_load(AT_SIDE, from, at, row, 3), wide_load(AT_SIDE, from, at, row, 1));
    const vi far = vi_subtract_bytes(wide_load(AT_SIDE, from, at, row, 4), wide_load(AT_SIDE, from, at, row, 2));
    a[row] = vi_add_bytes(right, far);
    b[row] = vi_subtract_bytes(right, far);
  }
  wide_line(a, 0, to + WIDE_EVEN * line, tap);
  wide_line(b, 0, to + WIDE_ODD * line, tap);
  UNROLL_FULLY for (int row = 0; row < WIDE_SPAN; row++) {
    a[row] = vi_subtract_bytes(wide_load(AT_SIDE, from, at, row, 0), wide_load(AT_SIDE, from, at, row, 4));
    b[row] = vi_subtract_bytes(wide_load(AT_SIDE, from, at, row, 5), wide_load(AT_SIDE, from, at, row, 1));
  }
  wide_line(a, 0, to + WIDE_FIRST * line, tap);
  wide_line(b, 0, to + WIDE_LAST * line, tap);
}

/* F(2, 3) along the columns. */
V_INLINE void wide_vector_2(const int AT_SIDE, const wide_inputs *from, size_t at, uint8_t *to,
                            size_t tap) {
  const size_t line = WIDE_ROWS * tap;
  vi a[WIDE_SPAN], b[WIDE_SPAN];
  UNROLL_FULLY for (int row = 0; row < WIDE_SPAN; row++) {
    const vi first = wide_load(AT_SIDE, from, at, row, 1), second = wide_load(AT_SIDE, from, at, row, 2);
    a[row] = vi_add_bytes(first, second);
    b[row] = vi_subtract_bytes(second, first);
  }
  wide_line(a, 1, to + WIDE_SUM * line, tap);
  wide_line(b, 0, to + WIDE_ALTERNATING * line, tap);
  UNROLL_FULLY for (int row = 0; row < WIDE_SPAN; row++) {
    a[row] = vi_subtract_bytes(wide_load(AT_SIDE, from, at, row, 0), wide_load(AT_SIDE, from, at, row, 2));
    b[row] = vi_subtract_bytes(wide_load(AT_SIDE, from, at, row, 1), wide_load(AT_SIDE, from, at, row, 3));
  }
  wide_line(a, 0, to + WIDE_TWO_FIRST * line, tap);
  wide_line(b, 0, to + WIDE_TWO_LAST * line, tap);
}

V_INLINE void wide_vectors(const int WIDTH, const int AT_SIDE, const wide_inputs *from,
                           size_t first, size_t end, uint8_t *to, size_t tap) {
  for (size_t at = first; at < end; at += 4 * VL) {
    if (WIDTH == 4) wide_vector_4(AT_SIDE, from, at, to + at, tap);
    if (WIDTH == 2) wide_vector_2(AT_SIDE, from, at, to + at, tap);
  }
}
