/* How fast the convolutions of codes are: 10^9 operations of the direct algorithm per second of this thread, the best of some runs. */
#ifndef TIMES_H
#define TIMES_H

#include <time.h>

#include "operations.h"

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef void (*timed_kernel)(const dfq_conv_shape *, const uint8_t *, uint8_t, const int8_t *, const dfq_code_ending *, int32_t,
                             int32_t, void *);

static double speed(timed_kernel kernel, const dfq_conv_shape *s, const uint8_t *input, const int8_t *packed,
                    const dfq_code_ending *ending, void *scratch) {
  const double work = 18.0 * s->in_channels * s->out_channels * s->out_height * s->out_width;
  const int repetitions = (int)(1e8 / work) + 1;
  double best = 1e9;
  for (int run = 0; run < 15; run++) {
    const double start = seconds();
    for (int i = 0; i < repetitions; i++) kernel(s, input, 0, packed, ending, 0, s->out_height, scratch);
    const double time = (seconds() - start) / repetitions;
    if (time < best) best = time;
  }
  return 1e-9 * work / best;
}

static const dfq_kernel_table *timed_table;
static int32_t timed_form;

static void timed_winograd(const dfq_conv_shape *s, const uint8_t *input, uint8_t pad_code, const int8_t *packed,
                           const dfq_code_ending *ending, int32_t first_row, int32_t end_row, void *scratch) {
  timed_table->code_winograd_conv(timed_form, s, input, pad_code, packed, ending, first_row, end_row, scratch);
}

/* A 3x3 convolution of 4-bit codes and weights to `size` x `size` outputs; with a stride of 2 the channels double. */
static void time_convolution(const dfq_kernel_table *k, int32_t size, int32_t channels, int32_t stride) {
  const char *const forms[DFQ_TILE_FORMS] = {"2x2", "4x2", "4x4", "for strides of 2"};
  const int32_t outputs = channels * stride, from = size * stride;
  const dfq_conv_shape s = {from, from, channels, size, size, outputs, 3, 3, stride, stride, 1, 1};
  const size_t count = (size_t)from * from * channels, weights = (size_t)9 * channels * outputs;
  uint8_t *input = allocate(count);
  int8_t *weight = allocate(weights);
  fill_codes(input, count, 4, 0);
  fill_codes(weight, weights, 4, -8);
  const dfq_code_ending ending = {.scale = floats(outputs, 0, 0.01f), .offset = floats(outputs, -1, 1), .upper_bound = INFINITY,
                                  .levels_per_unit = 2, .qmax = 15, .codes = allocate((size_t)size * size * outputs)};
  int8_t *packed = allocate(k->integer_weight_bytes(&s));
  k->integer_pack_weights(&s, weight, packed);
  const double direct = speed(k->code_conv, &s, input, packed, &ending, allocate(k->integer_scratch(&s)));
  printf("%s, %d channels at %dx%d%s: direct %.0f", k->name, channels, size, size, stride == 2 ? ", stride 2" : "", direct);
  for (int32_t form = DFQ_TILE_FORMS; form >= 0; form--) {
    const size_t bytes = winograd_weight_bytes(k, form, &s);
    if (bytes == 0) continue;
    packed = allocate(bytes);
    if (form == DFQ_TILE_FORMS) {
      k->word_winograd_pack(&s, weight, packed);
      uint8_t *scratch = allocate(k->word_winograd_scratch(&s));
      const double words = speed(k->word_winograd_conv, &s, input, packed, &ending, scratch);
      printf(", Winograd in words %.0f (%.2f)", words, words / direct);
    } else if (k->code_winograd_pack(form, &s, weight, packed)) {
      timed_form = form;
      timed_table = k;
      uint8_t *scratch = allocate(k->code_winograd_scratch(form, &s));
      const double speed_found = speed(timed_winograd, &s, input, packed, &ending, scratch);
      printf(", in bytes %s %.0f (%.2f)", forms[form], speed_found, speed_found / direct);
    }
  }
  printf("\n");
  release();
}

static void time_table(const dfq_kernel_table *k) {
  const int32_t shapes[][2] = {{32, 16}, {16, 32}, {8, 64}, {56, 64}, {28, 128}, {14, 256}, {7, 512}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) time_convolution(k, shapes[i][0], shapes[i][1], 1);
  const int32_t strided[][2] = {{16, 16}, {8, 32}, {28, 64}, {14, 128}, {7, 256}};
  for (size_t i = 0; i < sizeof strided / sizeof *strided; i++) time_convolution(k, strided[i][0], strided[i][1], 2);
}

#endif
