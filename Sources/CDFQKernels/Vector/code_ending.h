/* The ending of operations on codes (dfq_code_ending), for vectors of sums.
 *
 * Once per call: code_ending e = code_ending_of(ending, outputs, most_sum), for sums of at most that size. Use a local
 * copy, which stays in registers, and branch on e.kind, 0 ..< CODE_KINDS, to code of that KIND.
 * Once per channels: code_channels_at(ending, o, n) for channels o ..< o + n, n <= VL.
 * Then code_ending_write(KIND, N, &e, channels, sums, at, n) for N <= 4 vectors of sums, KIND and N compile-time constants.
 *
 * Bits: those of dfq_scalar_code_ending. An activation that is the identity or zero below zero becomes
 * part of the clamp: x -> round(levels_per_unit * x - zero) increases with every rounding of it, so that the level of
 * max(x, 0) is the larger of the levels of x and of 0, and likewise for the upper bound. Levels that are known to fit 32 bits
 * are clamped as bytes. */

enum {
  CODE_RESIDUAL_NONE = 0,
  CODE_RESIDUAL_CODES = 1,
  CODE_RESIDUAL_VALUES = 2,
  CODE_RESIDUALS = 3,
  CODE_NORM = CODE_RESIDUALS,         /* with norm_scale and norm_shift */
  CODE_GENERAL = 2 * CODE_RESIDUALS,  /* any activation, any size, and values; others give codes only */
  CODE_KINDS = 4 * CODE_RESIDUALS
};

typedef struct {
  vf levels_per_unit, zero, high;          /* high: the highest level */
  vi lowest, low_code, high_code;          /* words of qmin; bytes of the clamp */
  vf negative_slope, upper_bound;
  vf residual_offset, residual_levels;
  vf residual_inverse, residual_rest;      /* 1 / residual_levels in two parts */
  int32_t divides;                         /* whether the two parts do not give the quotients */
  int32_t kind;
  const uint8_t *residual_codes;
  const float *residual;
  uint8_t *codes;
  float *values;
} code_ending;

typedef struct {
  vf scale, offset, norm_scale, norm_shift;
} code_channels;

/* Whether levels of outputs 0 ..< outputs, before any clamp, are below 2^31. Residuals that are floats are not counted. */
static int code_ending_fits(const dfq_code_ending *d, int32_t outputs, float most_sum) {
  float most = 0;
  for (int32_t o = d->first_output; o < (d->end_output ? d->end_output : outputs); o++) {
    float size = fabsf(d->scale[o]) * most_sum + fabsf(d->offset[o]);
    if (d->norm_scale) size = size * fabsf(d->norm_scale[o]) + fabsf(d->norm_shift[o]);
    most = size > most ? size : most;
  }
  if (d->residual_codes) most += (255 + fabsf(d->residual_offset)) / fabsf(d->residual_levels);
  return d->levels_per_unit * most + fabsf(d->zero) < 0x1p30f;
}

static int code_ending_kind(const dfq_code_ending *d, int32_t outputs, float most_sum) {
  const int merges = d->codes && !d->values &&
                     (d->negative_slope == 0 || d->negative_slope == 1) &&
                     d->levels_per_unit > 0 && code_ending_fits(d, outputs, most_sum);
  return (d->residual         ? CODE_RESIDUAL_VALUES
          : d->residual_codes ? CODE_RESIDUAL_CODES
                              : CODE_RESIDUAL_NONE) +
         (d->norm_scale ? CODE_NORM : 0) + (merges ? 0 : CODE_GENERAL);
}

/* code + offset times the two parts of an inverse: one multiplication and one multiply-add. */
V_INLINE vf code_residual_quotient(const code_ending *e, vf dividend) {
  return v_fma(dividend, e->residual_inverse, v_mul(dividend, e->residual_rest));
}

/* Chooses how residuals are divided: by both parts of the inverse if that gives all 256 quotients. */
static void code_ending_invert(code_ending *e) {
  const vf one = v_set(1), levels = e->residual_levels;
  e->residual_inverse = v_div(one, levels);
  e->residual_rest =
      v_div(v_fma(v_sub(v_zero(), e->residual_inverse), levels, one), levels);
  float lanes[VL];
  for (int32_t lane = 0; lane < VL; lane++) lanes[lane] = (float)lane;
  vf dividend = v_add(v_load(lanes), v_zero());
  e->divides = 0;
  for (int32_t code = 0; code < 256; code += VL, dividend = v_add(dividend, v_set(VL))) {
    const vf shifted = v_add(dividend, e->residual_offset);
    const vf quotient = v_div(shifted, levels), product = code_residual_quotient(e, shifted);
    e->divides |= v_any(v_or(v_less(quotient, product), v_less(product, quotient))) ||
                  v_any(v_unordered(product, quotient));
  }
}

V_INLINE float code_ending_level(const dfq_code_ending *d, float x) {
  const float level = rintf(d->levels_per_unit * x - d->zero);
  const float above = level > d->qmin ? level : d->qmin;
  return above < d->qmax ? above : d->qmax;
}

static code_ending code_ending_of(const dfq_code_ending *d, int32_t outputs, float most_sum) {
  const int kind = code_ending_kind(d, outputs, most_sum);
  float low = d->qmin, high = d->qmax;
  if (kind < CODE_GENERAL) {
    high = code_ending_level(d, d->upper_bound);
    if (d->negative_slope == 0) low = code_ending_level(d, 0);
    if (low > high) low = high;
  }
  code_ending e = {
      .levels_per_unit = v_set(d->levels_per_unit), .zero = v_set(d->zero), .high = v_set(high),
      .lowest = vi_set_words((int16_t)d->qmin), .low_code = vi_set_bytes((uint8_t)(low - d->qmin)),
      .high_code = vi_set_bytes((uint8_t)(high - d->qmin)),
      .negative_slope = v_set(d->negative_slope), .upper_bound = v_set(d->upper_bound),
      .residual_offset = v_set(d->residual_offset), .residual_levels = v_set(d->residual_levels),
      .residual_codes = d->residual_codes, .residual = d->residual,
      .codes = d->codes, .values = d->values, .kind = kind};
  if (!d->residual && d->residual_codes) code_ending_invert(&e);
  return e;
}

/* The constants of channels o ..< o + n. */
V_INLINE code_channels code_channels_at(const dfq_code_ending *d, int32_t o, int n) {
  code_channels c = {v_load_n(d->scale + o, n), v_load_n(d->offset + o, n), v_zero(), v_zero()};
  if (d->norm_scale) {
    c.norm_scale = v_load_n(d->norm_scale + o, n);
    c.norm_shift = v_load_n(d->norm_shift + o, n);
  }
  return c;
}

/* The level of one vector before the clamp of bytes; stores its values where they are asked for. */
V_INLINE vi code_ending_level_of(const int KIND, const code_ending *e, const code_channels *c,
                                 vi sum, size_t at, int n) {
  const int RESIDUAL = KIND % CODE_RESIDUALS, NORM = KIND / CODE_NORM % 2;
  vf t = v_fma(v_from_whole(sum), c->scale, c->offset);
  if (NORM) t = v_fma(t, c->norm_scale, c->norm_shift);
  if (RESIDUAL == CODE_RESIDUAL_CODES) {
    const vi codes = vi_from_bytes_n(e->residual_codes + at, n);
    const vf dividend = v_add(v_from_whole(codes), e->residual_offset);
    t = v_add(t, e->divides ? v_div(dividend, e->residual_levels)
                            : code_residual_quotient(e, dividend));
  }
  if (RESIDUAL == CODE_RESIDUAL_VALUES) t = v_add(t, v_load_n(e->residual + at, n));
  if (KIND >= CODE_GENERAL) {
    t = activation_value(t, e->negative_slope, e->upper_bound);
    if (e->values) v_store_n(e->values + at, n, t);
  }
  const vf level = v_sub(v_mul(e->levels_per_unit, t), e->zero);
  const int FITS = KIND < CODE_GENERAL && RESIDUAL != CODE_RESIDUAL_VALUES;
  return v_to_whole(FITS ? level : v_min(e->high, level));
}

/* The codes of N <= 4 vectors of sums, in parts of VL bytes: vector k is that of channels[k] and of elements
 * at[k] ..< at[k] + n of the output image. Stores values where they are asked for, but no codes. */
V_INLINE vi code_ending_bytes(const int KIND, const int N, const code_ending *e,
                              const code_channels *channels, const vi *sums, const size_t *at,
                              int n) {
  vi levels[4];
  UNROLL_FULLY for (int k = 0; k < 4; k++) {
    levels[k] = k < N ? code_ending_level_of(KIND, e, channels + k, sums[k], at[k], n) : vi_zero();
  }
  const vi bytes = vi_pack_bytes(levels, e->lowest);
  return vi_min_bytes(vi_max_bytes(bytes, e->low_code), e->high_code);
}

/* The same, and stores the codes where they are asked for. */
V_INLINE void code_ending_write(const int KIND, const int N, const code_ending *e,
                                const code_channels *channels, const vi *sums, const size_t *at,
                                int n) {
  const vi bytes = code_ending_bytes(KIND, N, e, channels, sums, at, n);
  if (KIND >= CODE_GENERAL && !e->codes) return;
  UNROLL_FULLY for (int k = 0; k < N; k++) vi_store_part_n(e->codes + at[k], n, bytes, k);
}
