/* Compares the operations on codes of this processor's instruction sets with the scalar kernels, bit for bit: random shapes, strides,
 * paddings, codes of 2 to 8 bits, extreme codes, endings, in memory that ends or begins at forbidden pages.
 *   clang -O2 -ISources/CDFQKernels/include Sources/CDFQKernels/{.,Scalar}/@.c Tests/KernelProgram/main.c -lm -o kernels
 * with * for @, or Scripts/test-neon for Arm. Then:
 *   kernels [ROUNDS]    ends with "N passed, N failed"
 *   kernels best        prints the name of the best instruction set
 *   kernels time        prints how fast 3x3 convolutions are on each of them */
#include "operations.h"
#include "times.h"

static void *scratch_of(size_t bytes) {
  uint8_t *scratch = allocate((bytes + 3) / 4 * 4);
  memset(scratch, 0xff, (bytes + 3) / 4 * 4);
  return scratch;
}

static void convolve(const dfq_kernel_table *k, const codes_case *c, dfq_code_ending *e,
                     const codes_result *r) {
  const dfq_conv_shape *s = &c->shape;
  int8_t *packed = allocate(k->integer_weight_bytes(s));
  k->integer_pack_weights(s, c->weight, packed);
  if (c->kind == CONVOLUTION) {
    k->code_conv(s, c->input, c->pad_code, packed, e, c->first_row, c->end_row,
                 scratch_of(k->integer_scratch(s)));
  } else if (c->kind == VALUES) {
    k->integer_conv(s, c->input, c->pad_code, packed, e->scale, e->offset, c->first_row, c->end_row,
                    r->values, scratch_of(k->integer_scratch(s)));
  } else {
    e->codes = NULL;
    e->values = allocate((size_t)c->count * s->out_channels * sizeof(float));
    k->code_pixels(s, c->input, c->pad_code, packed, e, c->pixels, c->count,
                   scratch_of(k->code_pixels_scratch(s, c->count)));
    size_t bytes = (size_t)c->count * s->out_channels * sizeof(float);
    if (bytes > c->outputs * sizeof(float)) bytes = c->outputs * sizeof(float);
    memcpy(r->values, e->values, bytes);
  }
}

/* Calls the kernel of a form for rows, or for some tiles of them. */
static void call_winograd(const dfq_kernel_table *k, const codes_case *c, const int8_t *packed,
                          const dfq_code_ending *e, int32_t first_row, int32_t end_row) {
  const dfq_conv_shape *s = &c->shape;
  const int32_t form = winograd_form(c->kind);
  if (form < DFQ_TILE_FORMS) {
    k->code_winograd_conv(form, s, c->input, c->pad_code, packed, e, first_row, end_row,
                          scratch_of(k->code_winograd_scratch(form, s)));
  } else {
    k->word_winograd_conv(s, c->input, c->pad_code, packed, e, first_row, end_row,
                          scratch_of(k->word_winograd_scratch(s)));
  }
}

/* All tiles at once, or the first ones before the others, which may begin in the same row of tiles. */
static void divide_and_call_winograd(const dfq_kernel_table *k, const codes_case *c,
                                     const int8_t *packed, const dfq_code_ending *e) {
  const int32_t height = winograd_sides[winograd_form(c->kind)][0];
  const int32_t width = winograd_sides[winograd_form(c->kind)][1];
  const int32_t columns = (c->shape.out_width + width - 1) / width, first = c->first_row / height;
  const int32_t tiles = ((c->end_row + height - 1) / height - first) * columns;
  const int32_t before = (int32_t)(c->divides % (uint32_t)tiles);
  if (before == 0) return call_winograd(k, c, packed, e, c->first_row, c->end_row);
  dfq_code_ending part = *e;
  part.end_tile = (before - 1) % columns + 1;
  const int32_t end = (first + (before - 1) / columns + 1) * height;
  call_winograd(k, c, packed, &part, c->first_row, smaller_of(end, c->end_row));
  part.first_tile = before % columns;
  part.end_tile = 0;
  const int32_t start = (first + before / columns) * height;
  call_winograd(k, c, packed, &part, start > c->first_row ? start : c->first_row, c->end_row);
}

/* Where there is no such kernel, or transformed weights do not fit, the convolution itself. */
static void transform_and_convolve(const dfq_kernel_table *k, const codes_case *c, dfq_code_ending *e) {
  const dfq_conv_shape *s = &c->shape;
  const int32_t form = winograd_form(c->kind);
  const size_t bytes = winograd_weight_bytes(k, form, s);
  if (bytes > 0) {
    int8_t *packed = allocate(bytes);
    if (form < DFQ_TILE_FORMS ? k->code_winograd_pack(form, s, c->weight, packed) : k->word_winograd_pack(s, c->weight, packed)) {
      return divide_and_call_winograd(k, c, packed, e);
    }
  }
  int8_t *packed = allocate(k->integer_weight_bytes(s));
  k->integer_pack_weights(s, c->weight, packed);
  k->code_conv(s, c->input, c->pad_code, packed, e, c->first_row, c->end_row, scratch_of(k->integer_scratch(s)));
}

static void apply(const dfq_kernel_table *k, const codes_case *c, dfq_code_ending *e,
                  const codes_result *r) {
  const dfq_conv_shape *s = &c->shape;
  const size_t inputs = (size_t)s->in_height * s->in_width * s->in_channels;
  const int32_t pixels = s->in_height * s->in_width, channels = s->in_channels;
  switch (c->kind) {
  case DEPTHWISE: {
    int8_t *packed = allocate(k->code_depthwise_weight_bytes(s));
    k->code_depthwise_pack(s, c->weight, packed);
    k->code_depthwise(s, c->input, c->pad_code, packed, e, c->first_row, c->end_row,
                      scratch_of(k->code_depthwise_scratch(s)));
    break;
  }
  case DENSE: {
    const int32_t bits = c->weight_bits;
    uint8_t *packed = allocate(k->code_dense_weight_bytes(channels, s->out_channels, bits));
    k->code_dense_pack(channels, s->out_channels, bits, c->weight, packed);
    k->code_dense(channels, s->out_channels, bits, c->input, packed, e);
    break;
  }
  case POOLING: k->code_max_pool(s, c->input, r->codes); break;
  case FIXED: {
    int32_t *sums = allocate(c->outputs * sizeof *sums);
    for (size_t i = 0; i < c->outputs; i++) {
      sums[i] = c->weight[i % s->out_channels] * 255 * 128 * (int32_t)(i % 500);
    }
    k->fixed_ending(sums, c->outputs / s->out_channels, s->out_channels, e->fixed);
    break;
  }
  case BYTES: {
    const size_t period = 48;
    const float *scale = c->x, shift[48] = {0.25f};
    if (inputs >= period) {
      k->codes_of_bytes(c->input, inputs, scale, shift, period, c->ending.qmax > 0 ? 15 : 255, r->codes);
    }
    break;
  }
  case SUMS: k->code_sums(c->input, pixels, channels, e->residual_offset, e->residual_levels, r->values); break;
  case STATISTICS: {
    int32_t *offsets = allocate(c->count * sizeof *offsets);
    for (int32_t i = 0; i < c->count; i++) offsets[i] = c->pixels[i] % pixels * channels;
    k->sampled_statistics(c->x, offsets, c->count, channels, c->levels, r->values, r->values + channels);
    break;
  }
  case CODES:
    k->quantize_codes(c->x, inputs, e->levels_per_unit, e->zero, e->qmin, e->qmax, r->codes, r->values);
    break;
  case WINOGRAD_BYTES:
  case WINOGRAD_BYTES_4X2:
  case WINOGRAD_BYTES_4X4:
  case WINOGRAD_BYTES_STRIDE_2:
  case WINOGRAD_WORDS: transform_and_convolve(k, c, e); break;
  case GRID:
    k->fake_quantize(c->x, inputs, e->levels_per_unit, e->zero, e->qmin, e->qmax, r->values);
    break;
  default: convolve(k, c, e, r);
  }
}

/* Runs a case; which results it asks for follows from `wants`. */
static void run(const dfq_kernel_table *k, const codes_case *c, int32_t wants, const codes_result *r) {
  dfq_code_ending e = c->ending;
  dfq_fixed_ending fixed = c->fixed;
  if (wants != 1) e.codes = r->codes;
  if (wants != 0) e.values = r->values;
  if (c->kind == FIXED || (wants == 3 && c->kind != PIXELS && c->kind != VALUES && c->kind < WINOGRAD_BYTES)) {
    e.fixed = &fixed;
    if (wants % 2) fixed.codes = r->codes;
    if (wants % 2 == 0) fixed.numbers = r->numbers;
    fixed.low = wants % 2 ? 3 : -1000000;
    fixed.high = wants % 2 ? 250 : 90000000;
  }
  apply(k, c, &e, r);
}

static int differs(const dfq_kernel_table *k, const codes_case *c) {
  const dfq_kernel_table *tables[2] = {dfq_kernels_for(DFQ_ISA_SCALAR), k};
  const int32_t wants = below(4);
  const size_t inputs = (size_t)c->shape.in_height * c->shape.in_width * c->shape.in_channels;
  const size_t count = c->outputs > 2 * inputs ? c->outputs : 2 * inputs;
  codes_result r[2];
  for (int i = 0; i < 2; i++) {
    r[i].codes = allocate(count);
    r[i].values = allocate(count * sizeof(float));
    r[i].numbers = allocate(count * sizeof(int32_t));
    memset(r[i].codes, 77, count);
    memset(r[i].values, 0, count * sizeof(float));
    memset(r[i].numbers, 77, count * sizeof(int32_t));
    run(tables[i], c, wants, &r[i]);
  }
  return memcmp(r[0].codes, r[1].codes, count) || memcmp(r[0].values, r[1].values, count * sizeof(float)) ||
         memcmp(r[0].numbers, r[1].numbers, count * sizeof(int32_t));
}

static int failures(const dfq_kernel_table *k, int rounds) {
  int failed = 0;
  for (int round = 0; round < rounds; round++) {
    const operation kind = (operation)(round % OPERATIONS);
    random_state = (uint64_t)round * 1000003;
    at_end = below(2);
    const codes_case c = random_case(kind);
    if (differs(k, &c)) {
      const dfq_conv_shape *s = &c.shape;
      failed++;
      printf("%s, %s, round %d: %dx%dx%d to %dx%dx%d, %dx%d, strides %d %d, bits %d %d\n", k->name,
             operation_names[kind], round, s->in_height, s->in_width, s->in_channels, s->out_height,
             s->out_width, s->out_channels, s->kernel_height, s->kernel_width, s->stride_height,
             s->stride_width, c.input_bits, c.weight_bits);
    }
    release();
  }
  printf("%s: %d of %d differ\n", k->name, failed, rounds);
  return failed;
}

int main(int count, char **arguments) {
  const dfq_isa best = dfq_best_isa();
  if (count > 1 && strcmp(arguments[1], "best") == 0) {
    puts(dfq_kernels_for(best)->name);
    return 0;
  }
  const int rounds = count > 1 ? atoi(arguments[1]) : 2800;
  const dfq_isa all[] = {DFQ_ISA_AVX2, DFQ_ISA_AVX_VNNI, DFQ_ISA_AVX512, DFQ_ISA_AVX512_VNNI,
                         DFQ_ISA_NEON_DOTPROD};
  const int times = count > 1 && strcmp(arguments[1], "time") == 0;
  int passed = 0, failed = 0;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (!dfq_supports(all[i])) continue;
    if (times) {
      time_table(dfq_kernels_for(all[i]));
      continue;
    }
    const int wrong = failures(dfq_kernels_for(all[i]), rounds);
    failed += wrong;
    passed += rounds - wrong;
  }
  if (times) return 0;
  printf("%d passed, %d failed\n", passed, failed);
  return failed > 0 || passed == 0;
}
