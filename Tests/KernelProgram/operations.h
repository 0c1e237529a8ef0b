/* An operation on codes with random shape, codes and ending. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include <math.h>

#include "dfq_kernels.h"
#include "memory.h"

typedef enum {
  CONVOLUTION, VALUES, PIXELS, DEPTHWISE, DENSE, POOLING, FIXED, BYTES, SUMS, STATISTICS, CODES, GRID,
  WINOGRAD_BYTES, WINOGRAD_BYTES_4X2, WINOGRAD_BYTES_4X4, WINOGRAD_BYTES_STRIDE_2, WINOGRAD_WORDS,
  OPERATIONS
} operation;

/* Of tiles in bytes, or DFQ_TILE_FORMS for words. */
static int32_t winograd_form(operation kind) { return (int32_t)kind - WINOGRAD_BYTES; }

/* Rows and columns of the tiles of each form. */
static const int32_t winograd_sides[][2] = {{2, 2}, {4, 2}, {4, 4}, {2, 2}, {4, 4}};

/* 0 where there is no such kernel. */
static size_t winograd_weight_bytes(const dfq_kernel_table *k, int32_t form, const dfq_conv_shape *s) {
  if (form == DFQ_TILE_FORMS) return k->word_winograd_weight_bytes ? k->word_winograd_weight_bytes(s) : 0;
  return k->code_winograd_weight_bytes ? k->code_winograd_weight_bytes(form, s) : 0;
}

static const char *const operation_names[OPERATIONS] = {
    "convolution", "convolution to values", "some pixels", "depthwise convolution", "dense layer",
    "maximum pooling", "ending in integers", "codes of pixels", "sums of codes",
    "sampled statistics", "codes of values", "values on a grid",
    "Winograd's algorithm in bytes", "Winograd's algorithm in bytes, 4x2",
    "Winograd's algorithm in bytes, 4x4", "Winograd's algorithm in bytes, stride 2", "Winograd's algorithm in words"};

typedef struct {
  operation kind;
  dfq_conv_shape shape;
  int32_t input_bits, weight_bits;
  size_t outputs; /* elements of the result */
  uint8_t *input, pad_code;
  int8_t *weight;
  dfq_code_ending ending;
  dfq_fixed_ending fixed;
  int32_t first_row, end_row, count;
  uint32_t divides; /* 0: Winograd's algorithms are called once; otherwise it chooses where the second call begins */
  int32_t *pixels;
  float *x, levels;
} codes_case;

/* What an operation leaves. */
typedef struct {
  uint8_t *codes;
  float *values;
  int32_t *numbers;
} codes_result;

static dfq_conv_shape random_shape(operation kind) {
  dfq_conv_shape s;
  do {
    const int32_t kernels[] = {1, 1, 3, 3, 3, 5, 7}, kernel = kernels[below(7)];
    s.kernel_height = kernel;
    s.kernel_width = below(4) ? kernel : 1 + below(7);
    s.stride_height = 1 + below(3);
    s.stride_width = below(3) ? s.stride_height : 1 + below(4);
    s.pad_top = below(s.kernel_height);
    s.pad_left = below(s.kernel_width);
    s.in_height = 1 + below(16);
    s.in_width = 1 + below(24);
    s.in_channels = below(3) ? 1 + below(70) : 16 * (1 + below(6));
    s.out_channels = below(3) ? 1 + below(70) : 16 * (1 + below(9));
    s.out_height = (s.in_height + s.pad_top + below(s.kernel_height) - s.kernel_height) / s.stride_height + 1;
    s.out_width = (s.in_width + s.pad_left + below(s.kernel_width) - s.kernel_width) / s.stride_width + 1;
  } while (s.out_height < 1 || s.out_width < 1 || s.in_height + s.pad_top < s.kernel_height ||
           s.in_width + s.pad_left < s.kernel_width);
  if (kind == DEPTHWISE || kind == POOLING) s.out_channels = s.in_channels;
  if (kind >= WINOGRAD_BYTES) {
    s.kernel_height = s.kernel_width = 3;
    s.stride_height = s.stride_width = kind == WINOGRAD_BYTES_STRIDE_2 ? 2 : 1;
    s.pad_top = below(3);
    s.pad_left = below(3);
    s.in_height += 2;
    s.in_width += 2;
    s.in_channels = below(3) ? s.in_channels + 15 : 64 * (1 + below(2)); /* whole vectors take ways of their own */
    s.out_channels += 7;
    if (kind > WINOGRAD_BYTES && kind < WINOGRAD_WORDS) s.out_channels = (s.out_channels + 15) / 16 * 16;
    s.out_height = (s.in_height + s.pad_top + below(3) - 3) / s.stride_height + 1;
    s.out_width = (s.in_width + s.pad_left + below(3) - 3) / s.stride_width + 1;
  }
  if (kind == DENSE) s = (dfq_conv_shape){1, 1, 1 + below(below(4) ? 300 : 2500), 1, 1, 1 + below(150), 1, 1, 1, 1, 0, 0};
  return s;
}

static void random_fixed(codes_case *c) {
  const size_t channels = c->shape.out_channels;
  dfq_fixed_ending *e = &c->fixed;
  e->multiplier = wholes(channels, 27);
  e->residual_multiplier = wholes(channels, 25);
  e->addend = addends(channels);
  int32_t *shift = allocate(channels * sizeof *shift);
  for (size_t o = 0; o < channels; o++) shift[o] = below(below(2) ? 21 : 63);
  e->shift = shift;
  if (below(3) == 0) {
    e->negative_multiplier = wholes(channels, 26);
    e->negative_residual_multiplier = wholes(channels, 25);
    e->negative_addend = addends(channels);
  }
  const int32_t residual = below(3);
  if (residual == 1) fill_codes((void *)(e->residual_codes = allocate(c->outputs)), c->outputs, 8, 0);
  if (residual == 2) e->residual_numbers = wholes(c->outputs, 25);
}

static void random_ending(codes_case *c) {
  const size_t channels = c->shape.out_channels;
  dfq_code_ending *e = &c->ending;
  const float products = (float)c->shape.kernel_height * c->shape.kernel_width * c->shape.in_channels;
  const float size = sqrtf(products) * (float)(1 << (c->input_bits + c->weight_bits - 1));
  e->scale = floats(channels, -3 / size, 3 / size);
  e->offset = floats(channels, -1, 1);
  if (below(2)) {
    e->norm_scale = floats(channels, -2, 2);
    e->norm_shift = floats(channels, -1, 1);
  }
  const int32_t residual = below(3);
  if (residual == 1) {
    const int32_t bits = 2 + below(7);
    fill_codes((void *)(e->residual_codes = allocate(c->outputs)), c->outputs, bits, 0);
    if (below(2)) e->residual_most = (1 << bits) - 1;
  }
  if (residual == 2) e->residual = floats(c->outputs, -1, 1);
  e->residual_offset = below(2) ? 0 : -37;
  e->residual_levels = below(2) ? 16 : 37.3f;
  const float slopes[] = {0, 0, 1, 0.2f}, bounds[] = {INFINITY, INFINITY, 6, 1};
  e->negative_slope = slopes[below(4)];
  e->upper_bound = bounds[below(4)];
  const int32_t bits = 2 + below(7);
  e->qmin = below(2) ? 0 : -(float)(1 << (bits - 1));
  e->qmax = e->qmin + (float)((1 << bits) - 1);
  e->levels_per_unit = (float)((1 << bits) - 1) / between(0.5f, 4);
  e->zero = below(2) ? 0 : below(2) ? e->qmin : 3;
  if (channels > 64 && c->kind != PIXELS && c->kind != VALUES && below(2)) {
    e->first_output = 64 * below((int32_t)(channels + 63) / 64);
    const int32_t end = e->first_output + 64 < (int32_t)channels ? e->first_output + 64 : (int32_t)channels;
    e->end_output = below(2) ? end : (int32_t)channels;
  }
}

/* Codes and weights at the ends of their ranges, in patterns of rows and columns: differences and sums of them are as large as they
 * can be, either way. */
static void fill_patterns(codes_case *c) {
  const dfq_conv_shape *s = &c->shape;
  const int32_t rows = below(16), columns = below(16), signs = below(64);
  for (int32_t pixel = 0; pixel < s->in_height * s->in_width; pixel++) {
    const int32_t high = (rows >> pixel / s->in_width % 4 ^ columns >> pixel % s->in_width % 4) & 1;
    memset(c->input + (size_t)pixel * s->in_channels, high ? (1 << c->input_bits) - 1 : 0, s->in_channels);
  }
  const size_t matrix = (size_t)s->in_channels * s->out_channels;
  for (int32_t tap = 0; tap < 9; tap++) {
    const int32_t sign = (signs >> tap / 3 ^ signs >> (3 + tap % 3)) & 1, half = 1 << (c->weight_bits - 1);
    memset(c->weight + tap * matrix, sign ? -half : half - 1, matrix);
  }
}

static int32_t smaller_of(int32_t a, int32_t b) { return a < b ? a : b; }

static codes_case random_case(operation kind) {
  codes_case c = {.kind = kind, .shape = random_shape(kind)};
  const dfq_conv_shape *s = &c.shape;
  const int32_t dense_bits[] = {2, 4, 8};
  c.input_bits = 2 + below(7);
  c.weight_bits = kind == DENSE ? dense_bits[below(3)] : 2 + below(7);
  const int32_t most_bits[] = {6, 5, 4, 6}, most_codes[] = {63, 31, 15, 63};
  const int32_t most_weight_bits[] = {5, 4, 4, 6};
  const int32_t in_bytes = kind >= WINOGRAD_BYTES && kind < WINOGRAD_WORDS;
  if (in_bytes) {
    c.input_bits = smaller_of(c.input_bits, most_bits[kind - WINOGRAD_BYTES]);
    c.weight_bits = smaller_of(c.weight_bits, most_weight_bits[kind - WINOGRAD_BYTES]);
  }
  c.outputs = (size_t)s->out_height * s->out_width * s->out_channels;
  const size_t inputs = (size_t)s->in_height * s->in_width * s->in_channels;
  const size_t weights = (size_t)s->kernel_height * s->kernel_width * s->in_channels * (kind == DEPTHWISE ? 1 : s->out_channels);
  c.input = allocate(inputs);
  fill_codes(c.input, inputs, c.input_bits, 0);
  c.pad_code = (uint8_t)below(1 << c.input_bits);
  c.weight = allocate(weights);
  fill_codes(c.weight, weights, c.weight_bits, -(1 << (c.weight_bits - 1)));
  if (kind >= WINOGRAD_BYTES && below(4) == 0) {
    fill_patterns(&c);
  } else if (below(20) == 0) { /* the largest sums */
    memset(c.input, in_bytes ? most_codes[kind - WINOGRAD_BYTES] : 255, inputs);
    if (kind != DENSE || c.weight_bits == 8) memset(c.weight, -128, weights);
    c.pad_code = c.input[0];
  }
  c.end_row = s->out_height;
  if (below(2)) {
    c.first_row = below(s->out_height);
    c.end_row = c.first_row + 1 + below(s->out_height - c.first_row);
  }
  if (below(2)) c.divides = (uint32_t)below(1 << 20);
  random_ending(&c);
  random_fixed(&c);
  c.count = 1 + below(s->out_height * s->out_width);
  c.pixels = allocate(c.count * sizeof *c.pixels);
  for (int32_t k = 0; k < c.count; k++) c.pixels[k] = below(s->out_height * s->out_width);
  c.x = floats(inputs, -3, 3);
  c.levels = between(5, 60);
  const float specials[] = {NAN, INFINITY, -INFINITY, -0.0f, 1e30f, -1e30f, 0.5f, -0.5f};
  for (size_t i = 0; i < inputs && (kind == CODES || kind == GRID); i += 1 + below(9)) c.x[i] = specials[below(8)];
  return c;
}

#endif
