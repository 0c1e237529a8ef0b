/* The depthwise convolution of codes: a lane sums the products of one channel, those of several neighbouring taps at once.
 *
 * A row of the image becomes bundles: bundle b holds, in the lane of each of VL channels, the codes of the GROUP pixels from
 * 2b on (counted from the first that the outputs read). The window of an output begins with the first or the second pixel of
 * a bundle, its phase, for which there are weights with a zero in front; neighbouring outputs share bundles. Only as many
 * rows as the kernel has are kept. */
enum { CODE_DEPTHWISE_PIXELS = 8 };

/* The bundles that a row of the kernel takes, in either phase. */
V_INLINE int32_t code_depthwise_row_bundles(const dfq_conv_shape *s) {
  return divide_up(s->kernel_width + 1, GROUP);
}

/* Bytes of the weights of one phase of VL channels. */
V_INLINE size_t code_depthwise_phase_bytes(const dfq_conv_shape *s) {
  return (size_t)s->kernel_height * code_depthwise_row_bundles(s) * VL * 4;
}

/* The bundles of a row, those that unused outputs of the last tile read included. */
V_INLINE int32_t code_depthwise_bundles(const dfq_conv_shape *s) {
  const int32_t outputs = divide_up(s->out_width, CODE_DEPTHWISE_PIXELS) * CODE_DEPTHWISE_PIXELS;
  return ((outputs - 1) * s->stride_width) / 2 + code_depthwise_row_bundles(s) * GROUP / 2;
}

/* Bytes of the weights of VL channels: what sums start from, where they do (integer_weights.h), and both phases. */
V_INLINE size_t code_depthwise_block_bytes(const dfq_conv_shape *s) {
  return INTEGER_START_BYTES + 2 * code_depthwise_phase_bytes(s);
}

KERNEL size_t vector_code_depthwise_weight_bytes(const dfq_conv_shape *s) {
  return code_depthwise_block_bytes(s) * divide_up(s->in_channels, VL);
}

KERNEL void vector_code_depthwise_pack(const dfq_conv_shape *s, const int8_t *weight,
                                       int8_t *packed) {
  const int32_t channels = s->in_channels, width = s->kernel_width;
  for (int32_t block = 0; block < channels; block += VL) {
    packed = integer_pack_starts(weight + block, s->kernel_height * width, channels,
                                 smaller(VL, channels - block), packed);
    for (int32_t phase = 0; phase < 2; phase++) {
      for (int32_t kh = 0; kh < s->kernel_height; kh++) {
        for (int32_t q = 0; q < code_depthwise_row_bundles(s); q++) {
          weight_code codes[VL * GROUP] = {0};
          for (int32_t j = 0; j < GROUP; j++) {
            const int32_t kw = q * GROUP + j - phase;
            if (kw < 0 || kw >= width) continue;
            for (int32_t c = 0; c < smaller(VL, channels - block); c++) {
              codes[c * GROUP + j] = weight[((size_t)kh * width + kw) * channels + block + c];
            }
          }
          memcpy(packed, codes, sizeof codes);
          packed += sizeof codes;
        }
      }
    }
  }
}

KERNEL size_t vector_code_depthwise_scratch(const dfq_conv_shape *s) {
  return ALIGNMENT_ROOM * sizeof(float) +
         (size_t)s->kernel_height * code_depthwise_bundles(s) * VL * 4;
}

/* Two neighbouring pixels, in the low half of each lane where codes are bytes. */
V_INLINE vi code_depthwise_join(vi a, vi b) { return vi_or(a, vi_shift_left(b, 8 * CODE_BYTES)); }

V_INLINE vi code_depthwise_pair(const uint8_t *from, int32_t channels, const int n) {
  return code_depthwise_join(vi_from_bytes_n(from, n), vi_from_bytes_n(from + channels, n));
}

/* The same pair where pixels outside of the row are pad. */
V_INLINE vi code_depthwise_edge_pair(const uint8_t *row, int32_t x, int32_t width, int32_t channels,
                                     const int n, vi pad) {
  const int inside = x >= 0 && x < width, next_inside = x >= -1 && x + 1 < width;
  return code_depthwise_join(
      inside ? vi_from_bytes_n(row + (size_t)x * channels, n) : pad,
      next_inside ? vi_from_bytes_n(row + (size_t)(x + 1) * channels, n) : pad);
}

/* The bundles of one row of VL channels; row is NULL outside of the image. */
V_INLINE void code_depthwise_fill_row(const dfq_conv_shape *s, const uint8_t *row, uint8_t pad_code,
                                      const int n, int32_t bundles, uint8_t *to) {
  const vi pad = vi_set(pad_code);
  const int32_t width = row ? s->in_width : 0, channels = s->in_channels, left = -s->pad_left;
  /* Pairs first ..< end lie inside of the row. */
  const int32_t first = divide_up(s->pad_left, 2);
  const int32_t end = larger(first, floor_divide(width - left, 2));
  vi pair = code_depthwise_edge_pair(row, left, width, channels, n, pad);
#define NEXT(PAIR)                                                           \
  {                                                                          \
    const vi next = PAIR;                                                    \
    vi_store(to, integer_bundle(GROUP == 2 ? pair : vi_or(pair, vi_shift_left(next, 16))));  \
    pair = next;                                                             \
    to += VL * 4;                                                            \
  }
  int32_t b = 0;
  for (; b < smaller(first - 1, bundles); b++) {
    NEXT(code_depthwise_edge_pair(row, left + 2 * b + 2, width, channels, n, pad))
  }
#pragma clang loop unroll_count(4)
  for (; b < smaller(end - 1, bundles); b++) {
    NEXT(code_depthwise_pair(row + (size_t)(left + 2 * b + 2) * channels, channels, n))
  }
  for (; b < bundles; b++) {
    NEXT(code_depthwise_edge_pair(row, left + 2 * b + 2, width, channels, n, pad))
  }
#undef NEXT
}

/* The rows of the plane that one row of outputs reads. */
typedef struct {
  const uint8_t *const *rows;
  const uint8_t *weights;
  size_t phase_bytes;
  int32_t row_count, row_bundles, stride;
} code_depthwise_job;

/* CODE_DEPTHWISE_PIXELS outputs whose first window begins with bundle `bundle`. STRIDE 0: any. */
V_INLINE void code_depthwise_tile(const int STRIDE, const code_depthwise_job *job, int32_t bundle,
                             int32_t *out) {
  const int32_t stride = STRIDE ? STRIDE : job->stride;
  vi sums[CODE_DEPTHWISE_PIXELS];
  const vi start = INTEGER_SIGNED_CODES ? vi_load(job->weights) : vi_zero();
  UNROLL_FULLY for (int p = 0; p < CODE_DEPTHWISE_PIXELS; p++) sums[p] = start;
  const uint8_t *w = job->weights + INTEGER_START_BYTES;
  for (int32_t kh = 0; kh < job->row_count; kh++) {
    const uint8_t *x = job->rows[kh] + (size_t)bundle * VL * 4;
    for (int32_t q = 0; q < job->row_bundles; q++, x += GROUP / 2 * VL * 4, w += VL * 4) {
      const vi weights[2] = {vi_load(w), vi_load(w + job->phase_bytes)};
      UNROLL_FULLY for (int p = 0; p < CODE_DEPTHWISE_PIXELS; p++) {
        const vi codes = vi_load(x + (size_t)(p * stride / 2) * VL * 4);
        sums[p] = integer_dot(sums[p], codes, weights[p * stride % 2]);
      }
    }
  }
  UNROLL_FULLY for (int p = 0; p < CODE_DEPTHWISE_PIXELS; p++) vi_store(out + p * VL, sums[p]);
}

/* Vectors of sums that are finished together, and room for the unused outputs of the last tile. */
enum { CODE_DEPTHWISE_SUMS = 64, CODE_DEPTHWISE_ROOM = CODE_DEPTHWISE_PIXELS };

static void code_depthwise_finish(const code_finish *finish, integer_sums *stored) {
  if (!stored->pixels) return;
  code_finishes[finish->constants.kind](finish, stored);
  stored->at += stored->pixels * stored->pixel_step;
  stored->pixels = 0;
}

static void code_depthwise_cover_row(const code_depthwise_job *job, const code_finish *finish,
                                     int32_t columns, int32_t *sums, integer_sums *stored) {
  for (int32_t x = 0; x < columns; x += CODE_DEPTHWISE_PIXELS) {
    const int32_t bundle = x * job->stride / 2, pixels = smaller(columns - x, CODE_DEPTHWISE_PIXELS);
    if (stored->pixels + pixels > CODE_DEPTHWISE_SUMS) code_depthwise_finish(finish, stored);
    int32_t *to = sums + stored->pixels * VL;
    if (job->stride == 1) {
      code_depthwise_tile(1, job, bundle, to);
    } else if (job->stride == 2) {
      code_depthwise_tile(2, job, bundle, to);
    } else {
      code_depthwise_tile(0, job, bundle, to);
    }
    stored->pixels += pixels;
  }
}

/* VL channels from `channel` on. */
static void code_depthwise_channels(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
                               const uint8_t *weights, const code_finish *finish, int32_t channel,
                               int32_t lanes, int32_t first_row, int32_t end_row,
                               uint8_t *memory) {
  const int32_t height = s->kernel_height, bundles = code_depthwise_bundles(s);
  const uint8_t *rows[MAX_TAPS];
  code_depthwise_job job = {.rows = rows,
                       .weights = weights,
                       .phase_bytes = code_depthwise_phase_bytes(s),
                       .row_count = height,
                       .row_bundles = code_depthwise_row_bundles(s),
                       .stride = s->stride_width};
  _Alignas(64) int32_t sums[(CODE_DEPTHWISE_SUMS + CODE_DEPTHWISE_ROOM) * VL];
  integer_sums stored = {.sums = sums,
                         .vectors = 1,
                         .output = channel,
                         .lanes = lanes,
                         .at = (size_t)first_row * s->out_width * s->in_channels + channel,
                         .pixel_step = s->in_channels};
  int32_t filled = first_row * s->stride_height; /* rows before this one are filled, from padding on */
  for (int32_t oy = first_row; oy < end_row; oy++) {
    const int32_t top = oy * s->stride_height;
    for (filled = larger(filled, top); filled < top + height; filled++) {
      const int32_t y = filled - s->pad_top;
      const uint8_t *row = y >= 0 && y < s->in_height
                               ? input + (size_t)y * s->in_width * s->in_channels + channel
                               : NULL;
      uint8_t *to = memory + (size_t)(filled % height) * bundles * VL * 4;
      if (lanes == VL) code_depthwise_fill_row(s, row, pad_code, VL, bundles, to);
      if (lanes < VL) code_depthwise_fill_row(s, row, pad_code, lanes, bundles, to);
    }
    for (int32_t kh = 0; kh < height; kh++) {
      rows[kh] = memory + (size_t)((top + kh) % height) * bundles * VL * 4;
    }
    code_depthwise_cover_row(&job, finish, s->out_width, sums, &stored);
  }
  code_depthwise_finish(finish, &stored);
}

KERNEL void vector_code_depthwise(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code,
                                  const int8_t *packed, const dfq_code_ending *ending,
                                  int32_t first_row, int32_t end_row, void *scratch) {
  const int32_t channels = s->in_channels;
  const float products = (float)s->kernel_height * s->kernel_width;
  const code_finish finish = {code_ending_of(ending, channels, 255 * 128 * products), ending};
  const int32_t end = ending->end_output ? ending->end_output : channels;
  for (int32_t c = ending->first_output; c < end; c += VL) {
    code_depthwise_channels(s, input, pad_code,
                       (const uint8_t *)packed + c / VL * code_depthwise_block_bytes(s), &finish, c,
                       smaller(end - c, VL), first_row, end_row, (uint8_t *)aligned_start(scratch));
  }
}
