/* The ending of operations on codes (dfq_code_ending), for vectors of sums.
 *
 * Once per call: code_ending e = code_ending_of(ending, outputs, most_sum), for sums of at most that size. Use a local
 * copy, which stays in registers, and branch on e.kind, 0 ..< CODE_KINDS, to code of that KIND.
 * Once per channels: code_channels_at(ending, o, n) for channels o ..< o + n, n <= VL.
 * Then code_ending_write(KIND, N, &e, channels, sums, at, n) for N <= 4 vectors of sums, KIND and N compile-time constants;
 * FOR_CODE_KINDS repeats a macro for every KIND.
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
  CODE_NORM = CODE_RESIDUALS,        /* with norm_scale and norm_shift */
  CODE_SHIFTED = 2 * CODE_RESIDUALS, /* zero or qmin is not 0 */
  CODE_GENERAL = 4 * CODE_RESIDUALS, /* any zero, activation and size, and values; others give codes only */
  CODE_KINDS = 6 * CODE_RESIDUALS,
  CODE_FIXED = CODE_KINDS /* the ending in integers, fixed_ending.h */
};

#define FOR_CODE_KINDS(M)                                                                  \
  M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14) M(15) M(16) \
  M(17)

/* The last kinds do what all others do, with the same bits; they serve vectors that are not full, which are rare, to save code. */
#define FOR_GENERAL_CODE_KINDS(M) M(12) M(13) M(14) M(15) M(16) M(17)
enum { GENERAL_CODE_KINDS = 2 * CODE_RESIDUALS }; /* by kind % GENERAL_CODE_KINDS */

/* Ways to the quotients of residual codes: the two parts of the inverse, division, and a table. */
enum { CODE_WAY_PRODUCT, CODE_WAY_DIVISION, CODE_WAY_TABLE };

typedef struct {
  vf levels_per_unit, zero, high;          /* high: the highest level */
  vi lowest, low_code, high_code;          /* words of qmin; bytes of the clamp */
  vf negative_slope, upper_bound;
  vf residual_start, residual_offset, residual_levels;
  vf residual_inverse, residual_rest;      /* 1 / residual_levels in two parts */
  vf residual_table[2];                    /* the quotients of few codes */
  int32_t way;                             /* to the quotients of residual codes */
  int32_t kind;
  const uint8_t *residual_codes;
  const float *residual;
  uint8_t *codes;
  float *values;
} code_ending;

typedef struct {
  vf scale, offset, norm_scale, norm_shift;
} code_channels;

V_INLINE vf code_ending_size(vf x) { return v_max(x, v_sub(v_zero(), x)); }

/* Whether levels of outputs 0 ..< outputs, before any clamp, are below 2^31. Residuals that are floats are not counted. */
static int code_ending_fits(const dfq_code_ending *d, int32_t outputs, float most_sum) {
  const int32_t end = d->end_output ? d->end_output : outputs;
  vf most = v_zero();
  for (int32_t o = d->first_output; o < end; o += VL) {
    const int32_t n = smaller(end - o, VL);
    vf size = v_fma(code_ending_size(v_load_n(d->scale + o, n)), v_set(most_sum),
                    code_ending_size(v_load_n(d->offset + o, n)));
    if (d->norm_scale) {
      size = v_fma(size, code_ending_size(v_load_n(d->norm_scale + o, n)),
                   code_ending_size(v_load_n(d->norm_shift + o, n)));
    }
    most = v_max(most, size);
  }
  float bound = 0x1p30f - fabsf(d->zero);
  if (d->residual_codes) {
    bound -= d->levels_per_unit * (255 + fabsf(d->residual_offset)) / fabsf(d->residual_levels);
  }
  /* A bound that is not a number holds for nothing. */
  return bound > 0 && !v_any(v_at_most(v_set(bound), v_mul(most, v_set(d->levels_per_unit))));
}

static int code_ending_kind(const dfq_code_ending *d, int32_t outputs, float most_sum) {
  const int merges = d->codes && !d->values &&
                     (d->negative_slope == 0 || d->negative_slope == 1) &&
                     d->levels_per_unit > 0 && code_ending_fits(d, outputs, most_sum);
  return (d->residual         ? CODE_RESIDUAL_VALUES
          : d->residual_codes ? CODE_RESIDUAL_CODES
                              : CODE_RESIDUAL_NONE) +
         (d->norm_scale ? CODE_NORM : 0) +
         (merges ? (d->zero == 0 && d->qmin == 0 ? 0 : CODE_SHIFTED) : CODE_GENERAL);
}

/* Residuals without division: 2^23 + code is a float with the code as its lowest bits; code + offset is multiplied by the
 * two parts of the inverse. */
#define CODE_RESIDUAL_BASE 0x1p23f

V_INLINE vf code_residual_base(vi codes) {
  return v_of_bits(vi_or(codes, vi_of_bits(v_set(CODE_RESIDUAL_BASE))));
}

V_INLINE vf code_residual_product(const code_ending *e, vi codes) {
  const vf dividend = v_sub(code_residual_base(codes), e->residual_start);
  return v_fma(dividend, e->residual_inverse, v_mul(dividend, e->residual_rest));
}

V_INLINE vf code_residual_quotient(const code_ending *e, vi codes) {
  return v_div(v_add(v_from_whole(codes), e->residual_offset), e->residual_levels);
}

V_INLINE vf code_residual_look_up(const code_ending *e, vi codes) {
#ifdef V_TABLE
  return v_look_up_at(e->residual_table, 2, codes);
#else
  return code_residual_quotient(e, codes);
#endif
}

V_INLINE vf code_residual(const code_ending *e, vi codes) {
  return e->way == CODE_WAY_PRODUCT    ? code_residual_product(e, codes)
         : e->way == CODE_WAY_DIVISION ? code_residual_quotient(e, codes)
                                       : code_residual_look_up(e, codes);
}

/* Whether a table holds the quotients of codes up to `most`; fills it. */
static int code_ending_tabulate(code_ending *e, int32_t most) {
#ifdef V_TABLE
  if (most <= 0 || most >= 2 * V_TABLE) return 0;
  for (int32_t half = 0; half < 2; half++) {
    uint8_t codes[VL];
    for (int32_t lane = 0; lane < VL; lane++) codes[lane] = (uint8_t)(half * VL + lane);
    e->residual_table[half] = code_residual_quotient(e, vi_from_bytes_n(codes, VL));
  }
  e->way = CODE_WAY_TABLE;
  return 1;
#else
  (void)e, (void)most;
  return 0;
#endif
}

/* Chooses how residuals of up to `most`, or of any codes, are divided: by a table, or without division if that gives all 256
 * quotients. */
static void code_ending_invert(code_ending *e, int32_t most) {
  if (code_ending_tabulate(e, most)) return;
  const vf one = v_set(1), levels = e->residual_levels;
  e->residual_start = v_sub(v_set(CODE_RESIDUAL_BASE), e->residual_offset);
  e->residual_inverse = v_div(one, levels);
  e->residual_rest =
      v_div(v_fma(v_sub(v_zero(), e->residual_inverse), levels, one), levels);
  int32_t divides = 0;
  for (int32_t code = 0; code < 256; code += VL) {
    uint8_t codes[VL];
    for (int32_t lane = 0; lane < VL; lane++) codes[lane] = (uint8_t)(code + lane);
    const vi all = vi_from_bytes_n(codes, VL);
    const vf quotient = code_residual_quotient(e, all), product = code_residual_product(e, all);
    divides |= v_any(v_or(v_less(quotient, product), v_less(product, quotient))) ||
               v_any(v_unordered(product, quotient));
  }
  e->way = divides ? CODE_WAY_DIVISION : CODE_WAY_PRODUCT;
}

V_INLINE float code_ending_level(const dfq_code_ending *d, float x) {
  const float level = rintf(d->levels_per_unit * x - d->zero);
  const float above = level > d->qmin ? level : d->qmin;
  return above < d->qmax ? above : d->qmax;
}

/* With residuals divided by division: for a few values, the search for the other way would take longer than they do. */
static code_ending code_ending_of_few(const dfq_code_ending *d, int32_t outputs, float most_sum) {
  if (d->fixed) return (code_ending){.kind = CODE_FIXED};
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
      .codes = d->codes, .values = d->values, .kind = kind, .way = CODE_WAY_DIVISION};
  return e;
}

static code_ending code_ending_of(const dfq_code_ending *d, int32_t outputs, float most_sum) {
  code_ending e = code_ending_of_few(d, outputs, most_sum);
  if (!d->fixed && !d->residual && d->residual_codes) code_ending_invert(&e, d->residual_most);
  return e;
}

/* The constants of channels o ..< o + n. */
V_INLINE code_channels code_channels_at(const dfq_code_ending *d, int32_t o, int n) {
  /* Without normalization, its multiply-add changes nothing, not even the sign of a zero. */
  code_channels c = {v_load_n(d->scale + o, n), v_load_n(d->offset + o, n), v_set(1), v_set(-0.0f)};
  if (d->norm_scale) {
    c.norm_scale = v_load_n(d->norm_scale + o, n);
    c.norm_shift = v_load_n(d->norm_shift + o, n);
  }
  return c;
}

/* The levels of N vectors before the clamp of bytes; stores their values where they are asked for. */
V_INLINE void code_ending_levels(const int KIND, const int N, const code_ending *e,
                                 const code_channels *c, const vi *sums, const size_t *at, int n,
                                 vi *levels) {
  const int RESIDUAL = KIND % CODE_RESIDUALS, NORM = KIND / CODE_NORM % 2;
  const int SHIFTED = KIND >= CODE_SHIFTED;
  const int FITS = KIND < CODE_GENERAL && RESIDUAL != CODE_RESIDUAL_VALUES;
  UNROLL_FULLY for (int k = 0; k < N; k++) {
    vf t = v_fma(v_from_whole(sums[k]), c[k].scale, c[k].offset);
    if (NORM) t = v_fma(t, c[k].norm_scale, c[k].norm_shift);
    if (RESIDUAL == CODE_RESIDUAL_CODES) {
      const vi codes = vi_from_bytes_n(e->residual_codes + at[k], n);
      t = v_add(t, code_residual(e, codes));
    }
    if (RESIDUAL == CODE_RESIDUAL_VALUES) t = v_add(t, v_load_n(e->residual + at[k], n));
    if (KIND >= CODE_GENERAL) {
      t = activation_value(t, e->negative_slope, e->upper_bound);
      if (e->values) v_store_n(e->values + at[k], n, t);
    }
    t = v_mul(e->levels_per_unit, t);
    if (SHIFTED) t = v_sub(t, e->zero);
    levels[k] = v_to_whole(FITS ? t : v_min(e->high, t));
  }
}

/* The results of N <= 4 vectors of sums: vector k is that of channels[k] and of elements at[k] ..< at[k] + n of the output
 * image. RUN of them, which divides N, are neighbours there. */
V_INLINE void code_ending_write_runs(const int KIND, const int N, const int RUN,
                                     const code_ending *e, const code_channels *channels,
                                     const vi *sums, const size_t *at, int n) {
  vi levels[4] = {vi_zero(), vi_zero(), vi_zero(), vi_zero()};
  code_ending_levels(KIND, N, e, channels, sums, at, n, levels);
  if (KIND >= CODE_GENERAL && !e->codes) return;
  /* Where nothing is shifted, no level below zero has another code than zero. */
  const int SHIFTED = KIND >= CODE_SHIFTED;
  const vi packed = vi_pack_bytes(levels, SHIFTED ? e->lowest : vi_zero());
  const vi bytes =
      vi_min_bytes(SHIFTED ? vi_max_bytes(packed, e->low_code) : packed, e->high_code);
  UNROLL_FULLY for (int k = 0; k < N; k += RUN) {
    if (RUN == 4) {
      vi_store(e->codes + at[k], bytes);
    } else if (RUN == 2) {
      vi_store_half(e->codes + at[k], bytes, k / 2);
    } else {
      vi_store_part_n(e->codes + at[k], n, bytes, k);
    }
  }
}

V_INLINE void code_ending_write(const int KIND, const int N, const code_ending *e,
                                const code_channels *channels, const vi *sums, const size_t *at,
                                int n) {
  code_ending_write_runs(KIND, N, 1, e, channels, sums, at, n);
}
