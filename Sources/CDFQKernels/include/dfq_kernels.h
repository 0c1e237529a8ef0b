/*
 * Kernels of DynaDFQ. Unless stated otherwise, a kernel processes one image on the calling thread and allocates no memory.
 * Callers own all memory, split the batch over threads and choose the instruction set once.
 *
 * Layout: activations H W C (channels innermost), float32. Weights KH KW I O ("HWIO", outputs innermost);
 * depthwise weights KH KW C. No alignment is required; no buffer is read or written outside its extent.
 */
#ifndef DFQ_KERNELS_H
#define DFQ_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------- instruction sets */
typedef enum {
  DFQ_ISA_SCALAR = 0,
  DFQ_ISA_AVX2 = 1,
  DFQ_ISA_AVX512 = 2,
  DFQ_ISA_AVX512_VNNI = 3, /* AVX512 with VNNI instructions for products of bytes */
  DFQ_ISA_AVX_VNNI = 4,    /* AVX2 with those of 256 bits */
  DFQ_ISA_NEON_DOTPROD = 5 /* Arm's NEON with dot products of bytes; floats are scalar */
} dfq_isa;

/* The best instruction set of this processor. */
dfq_isa dfq_best_isa(void);
/* Whether this processor can run an instruction set. */
int32_t dfq_supports(dfq_isa isa);
/* Whether this processor computes vectors of 512 bits in two halves: products take twice as long there and most other instructions
 * do not. */
int32_t dfq_halves_wide_vectors(void);

/* ---------------------------------------------------------------- convolution */
typedef struct {
  int32_t in_height, in_width, in_channels;
  int32_t out_height, out_width, out_channels;
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width;
  int32_t pad_top, pad_left; /* bottom and right follow from the output size */
} dfq_conv_shape;

/* How the epilogue of a forward convolution or the store of a data gradient treats the destination. */
typedef enum { DFQ_STORE = 0, DFQ_ACCUMULATE = 1 } dfq_store;

/* Tiles of outputs, rows by columns, of Winograd's algorithm in bytes; the last one, of 2x2, is for strides of 2. */
typedef enum {
  DFQ_TILES_2X2 = 0, DFQ_TILES_4X2 = 1, DFQ_TILES_4X4 = 2, DFQ_TILES_STRIDE_2 = 3, DFQ_TILE_FORMS = 4
} dfq_tile_form;

/* An operation fused before a convolution: its inputs are act(x * scale[c] + shift[c]) of the values x that it reads (see
 * affine_activation). */
typedef struct {
  const float *scale, *shift;
  float negative_slope, upper_bound;
} dfq_conv_beginning;

/* The operations fused after a convolution, applied to its outputs x while they are in registers. */
typedef struct {
  const float *bias; /* O, or NULL */
  dfq_store store;
  int32_t cold_input; /* the inputs are unlikely to be in a cache of this core: prefetch them */
  int32_t cold;       /* the memory of x is unlikely to be in a cache of this core: prefetch it */
  int32_t streams;   /* x is not read soon: write whole cache lines with non-temporal stores */
  int32_t drops;     /* x itself is discarded: the output is neither written nor read */
  /* Only output channels first_output ..< end_output are computed, or all where end_output is 0. Both are multiples of 32
   * or the number of channels. */
  int32_t first_output, end_output;
  /* y = act(x * scale[c] + shift[c] + residual), as affine_activation computes it; stored where y is not NULL. */
  const float *scale, *shift;
  const float *residual; /* or NULL */
  float negative_slope, upper_bound;
  float *y;
  uint8_t *activation_mask; /* or NULL; see affine_activation */
  /* The distances between consecutive images: floats for residual and y, bytes for activation_mask. */
  size_t residual_step, y_step, activation_mask_step;
  /* The moments of x, accumulated as by the kernel `moments` where not NULL. */
  double *sum, *square_sum;
} dfq_conv_ending;

/* The operands of the backward pass of a convolution by Winograd's algorithm. Consecutive images are *_step floats
 * apart. */
typedef struct {
  int32_t tile, images;
  const float *gradient; /* at the outputs */
  size_t gradient_step;
  /* Accumulates the gradient of the weights (3 3 I O); where it is NULL, the inputs are not read. */
  float *weight_gradient;
  const float *input;
  size_t input_step;
  const dfq_conv_beginning *beginning; /* or NULL */
  /* The gradient of the inputs, or NULL. transformed: the transformed weights KH KW O I. */
  float *input_gradient;
  size_t input_gradient_step;
  dfq_store store;
  int32_t cold; /* its memory is unlikely to be in a cache of this core: prefetch it */
  const float *transformed;
} dfq_winograd_gradients;

/* The same in integers only, for output channel o at element i, in 64 bits:
 *   a = sum * multiplier[o] + residual * residual_multiplier[o] + addend[o]
 *   a = max(a, sum * negative_multiplier[o] + residual * negative_residual_multiplier[o] + negative_addend[o]), where
 *       these are not NULL
 *   q = clamp(a >> shift[o], low, high), an arithmetic shift by 0 ... 62
 *   codes[i] = q, or numbers[i] = q where codes is NULL.
 * residual: residual_codes[i] * 2^16, or residual_numbers[i], or 0 where both are NULL. Nothing may overflow 64 bits. */
typedef struct {
  const int32_t *multiplier, *residual_multiplier, *shift;
  const int64_t *addend;
  const int32_t *negative_multiplier, *negative_residual_multiplier; /* or NULL */
  const int64_t *negative_addend;
  const uint8_t *residual_codes;   /* or NULL */
  const int32_t *residual_numbers; /* or NULL */
  int32_t low, high;
  uint8_t *codes; /* or NULL for numbers */
  int32_t *numbers;
} dfq_fixed_ending;

/* What follows the exact sums of an operation on codes, for output channel o of O at element i of the image H W O:
 *   x = fma((float)sum, scale[o], offset[o])
 *   t = norm_scale ? fma(x, norm_scale[o], norm_shift[o]) : x
 *   t = t + residual, where there is one: residual[i], or the value of a code,
 *       ((float)residual_codes[i] + residual_offset) / residual_levels with a true division
 *   y = act(t), as affine_activation computes it
 *   codes[i] = the code that quantize_codes gives y, where codes is not NULL; values[i] = y where values is not NULL.
 * These are the operations, in their order and with their roundings, of integer_conv, affine_activation and quantize_codes
 * one after the other, so that the results are the same bits. Pointers to images are to their first element. qmin and qmax
 * are whole numbers between -32000 and 32000 that differ by at most 255. Nothing is NaN. */
typedef struct {
  const float *scale, *offset;
  const float *norm_scale, *norm_shift; /* or NULL */
  const uint8_t *residual_codes;        /* or NULL */
  float residual_offset, residual_levels;
  int32_t residual_most; /* the largest residual code if it is known, or 0 */
  const float *residual; /* or NULL */
  float negative_slope, upper_bound;
  float levels_per_unit, zero, qmin, qmax;
  uint8_t *codes; /* or NULL */
  float *values;  /* or NULL */
  /* Only output channels first_output ..< end_output are computed, or all where end_output is 0. Both are multiples of 64 or
   * the number of channels. */
  int32_t first_output, end_output;
  /* Of the rows that Winograd's algorithms compute, tiles before first_tile are left out of the first row of tiles, and those from
   * end_tile on, where it is not 0, of the last one. */
  int32_t first_tile, end_tile;
  /* Where it is not NULL, the ending is this one and nothing above but first_output and end_output is read. Not for
   * code_winograd_conv. */
  const dfq_fixed_ending *fixed;
} dfq_code_ending;

/* Rows of factors a and of terms x, and the rows of sums y that they are added to; the distances of neighbours are in floats. Sums that
 * begin at 0 are not read; there is at least one term then. */
typedef struct {
  const float *a;
  size_t a_row, a_term;
  const float *x;
  size_t x_term;
  float *y;
  size_t y_row;
  int32_t from_zero;
} dfq_products;

/* One table per instruction set; dfq_kernels_for(isa) returns a pointer to constant storage.
 * The processor must support isa. */
typedef struct {
  dfq_isa isa;
  const char *name;

  /* Dense convolution (groups == 1). weight: KH KW I O. bias: O or NULL.
   * scratch: at least conv_scratch(shape) floats, its contents are undefined before and after the call. */
  void (*conv_forward)(const dfq_conv_shape *shape, const float *input, const float *weight,
                       const float *bias, float *output, float *scratch);
  /* weight_transposed: KH KW O I (dfq_transpose_weights makes it). */
  void (*conv_data_gradient)(const dfq_conv_shape *shape, const float *output_gradient,
                             const float *weight_transposed, float *input_gradient,
                             dfq_store store, float *scratch);
  /* Adds to weight_gradient (KH KW I O) and, if not NULL, to bias_gradient (O). */
  void (*conv_weight_gradient)(const dfq_conv_shape *shape, const float *input,
                               const float *output_gradient, float *weight_gradient,
                               float *bias_gradient, float *scratch);
  size_t (*conv_scratch)(const dfq_conv_shape *shape);

  /* 3x3 convolutions of stride 1 by Winograd's F(tile x tile, 3x3), tile 2 or 4, of several images at a time.
   * Consecutive images are input_step and output_step floats apart. NULL where the instruction set has no such kernels
   * (scalar). The transformed weights take winograd_weight_floats floats. beginning may be NULL.
   * scratch: winograd_scratch(tile, shape, images) floats. */
  size_t (*winograd_weight_floats)(int32_t tile, int32_t inputs, int32_t outputs);
  void (*winograd_transform_weights)(int32_t tile, const float *weight, int32_t inputs,
                                     int32_t outputs, float *transformed);
  void (*winograd_convolve)(int32_t tile, const dfq_conv_shape *shape, int32_t images,
                            const float *input, size_t input_step,
                            const dfq_conv_beginning *beginning, const float *transformed,
                            const dfq_conv_ending *ending, float *output, size_t output_step,
                            float *scratch);
  /* The backward pass, the transpose of the algorithm: both gradients share one transform of the output gradient. */
  void (*winograd_backward)(const dfq_conv_shape *shape, const dfq_winograd_gradients *gradients,
                            float *scratch);
  size_t (*winograd_scratch)(int32_t tile, const dfq_conv_shape *shape, int32_t images);

  /* Dense convolution of codes: output = fma((float)sum, scale[o], offset[o]), where sum is the exact 32-bit sum of input
   * code * weight code, and codes outside of the image are pad_code. The sum must fit 32 bits, which holds for up to
   * 65,793 products. All instruction sets give the same bits. weight: KH KW I O. packed: integer_weight_bytes bytes in the
   * layout of this instruction set, preferably aligned to a cache line. Only rows first_row ..< end_row of the outputs are
   * computed; output points to the first of them. scratch: integer_scratch bytes, its contents are undefined before and
   * after the call. */
  size_t (*integer_weight_bytes)(const dfq_conv_shape *shape);
  void (*integer_pack_weights)(const dfq_conv_shape *shape, const int8_t *weight, int8_t *packed);
  size_t (*integer_scratch)(const dfq_conv_shape *shape);
  void (*integer_conv)(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                       const int8_t *packed, const float *scale, const float *offset,
                       int32_t first_row, int32_t end_row, float *output, void *scratch);

  /* Depthwise convolution (groups == in_channels == out_channels). weight: KH KW C. */
  void (*depthwise_forward)(const dfq_conv_shape *shape, const float *input, const float *weight,
                            const float *bias, float *output, float *scratch);
  void (*depthwise_data_gradient)(const dfq_conv_shape *shape, const float *output_gradient,
                                  const float *weight, float *input_gradient, dfq_store store,
                                  float *scratch);
  void (*depthwise_weight_gradient)(const dfq_conv_shape *shape, const float *input,
                                    const float *output_gradient, float *weight_gradient,
                                    float *bias_gradient, float *scratch);

  /* Maximum pooling (in_channels == out_channels; padding is not counted). NaN propagates. The gradient is
   * accumulated; among equal values, the first one receives it. */
  void (*max_pool)(const dfq_conv_shape *shape, const float *input, float *output);
  void (*max_pool_gradient)(const dfq_conv_shape *shape, const float *input,
                            const float *output_gradient, float *input_gradient);

  /* ------------------------------------------------------------ normalization and activation
   * y = act(x * scale[c] + shift[c] + residual); act multiplies negative arguments by negative_slope and clamps at upper_bound:
   *   none: 1, infinity.   ReLU: 0, infinity.   ReLU6: 0, 6.   Leaky ReLU: above 0, infinity.
   * residual may be NULL. pixels x channels elements.
   * Where activation_mask is not NULL, bit i of its byte k is set to 1 if x*scale+shift+residual of element 8k + i is at
   * most 0, and to 0 otherwise. The backward pass needs nothing else where upper_bound is infinite. channels must then be
   * a multiple of 16. */
  void (*affine_activation)(const float *x, const float *scale, const float *shift,
                            const float *residual, float negative_slope, float upper_bound, int32_t pixels,
                            int32_t channels, float *y, uint8_t *activation_mask);
  /* The backward pass of affine_activation, given g = dL/dy. m is act'(x*scale+shift+residual): 1 between 0 and
   * upper_bound, negative_slope below 0, 0 above upper_bound. Where y or activation_mask is not NULL, m is derived from it
   * instead of from residual, with the same result.
   *   masked = g*m; x_gradient = masked*scale (stored), + (offset[c] + slope[c]*x) where these are not NULL, as
   *   add_channel_affine would add; residual_gradient = or += masked (if not NULL);
   *   scale_gradient[c] += sum masked*x ; shift_gradient[c] += sum masked (NULL for both or neither).
   * g and x_gradient may be the same buffer; residual_gradient may not alias g. At the kink x*scale+shift+residual == 0
   * the derivative is `negative_slope` (as PyTorch: gradient 0 for ReLU at 0); at == upper_bound it is 0. */
  void (*affine_activation_backward)(const float *g, const float *x, const float *scale,
                                     const float *shift, const float *residual, const float *y,
                                     const uint8_t *activation_mask, float negative_slope,
                                     float upper_bound, int32_t pixels, int32_t channels,
                                     float *x_gradient, float *residual_gradient,
                                     dfq_store residual_store, const float *offset,
                                     const float *slope, float *scale_gradient,
                                     float *shift_gradient);
  /* sum[c] += sum over pixels of x, square_sum[c] += sum of x*x, in double (per-image partial sums in float blocks of
   * at most 64 pixels). */
  void (*moments)(const float *x, int32_t pixels, int32_t channels, double *sum, double *square_sum);
  /* g = (accumulate ? g : 0) + a[c] + b[c]*x : the gradient of any function of the per-channel moments. */
  void (*add_channel_affine)(const float *x, const float *a, const float *b, int32_t pixels,
                             int32_t channels, dfq_store store, float *g);

  /* ------------------------------------------------------------ fake quantization
   * Uniform affine grid (Jacob et al., 2018, section 2.1): q = clamp(round_half_even(levels_per_unit * x - zero), qmin, qmax);
   * y = (q + zero) / levels_per_unit, the division computed as a true float division. */
  void (*fake_quantize)(const float *x, size_t count, float levels_per_unit, float zero, float qmin,
                        float qmax, float *y);
  /* The levels q of fake_quantize as codes that start at 0: q - qmin, or 0 for NaN. Where y is not NULL, it receives what
   * fake_quantize computes. qmin and qmax are whole numbers that differ by at most 255. */
  void (*quantize_codes)(const float *x, size_t count, float levels_per_unit, float zero,
                         float qmin, float qmax, uint8_t *codes, float *y);
  /* Per channel (channels innermost): one levels_per_unit[c], zero[c]; rows x channels elements. */
  void (*fake_quantize_channels)(const float *x, size_t rows, int32_t channels,
                                 const float *levels_per_unit, const float *zero, float qmin,
                                 float qmax, float *y);
  /* dots[j] += sum over elements of g * fake_quantize_j(x), j < candidates <= 8, blocks of at most 1024 elements in float,
   * then double. */
  void (*fake_quantize_dots)(const float *x, const float *g, size_t count, int32_t candidates,
                             const float *levels_per_unit, const float *zero, const float *qmin,
                             const float *qmax, double *dots);
  /* Gradient through sum_j share[j] * fake_quantize_j(x) of grids with zero point 0 and learned steps s = 1/levels_per_unit
   * (LSQ), 1 <= j <= candidates: v = x/s (computed as x*levels_per_unit); inside where qmin <= v <= qmax:
   *   x_gradient = g * sum of the shares of the grids whose range contains x;
   *   steps[j] += g*(round(v) - v) inside, g*qmin below, g*qmax above; dots[j] as fake_quantize_dots.
   * g and x_gradient may be the same buffer. x_gradient and dots may be NULL. */
  void (*learned_steps_backward)(const float *x, const float *g, size_t count, int32_t candidates,
                                 const float *levels_per_unit, const float *qmin,
                                 const float *qmax, const float *share, float *x_gradient,
                                 double *dots, double *steps);
  /* x_gradient = g where low <= x <= high, else 0 (clipped straight-through estimator). */
  void (*clipped_backward)(const float *x, const float *g, size_t count, float low, float high,
                           float *x_gradient);

  /* ------------------------------------------------------------ elementwise, optimizers */
  void (*axpy)(float a, const float *x, size_t count, float *y);          /* y += a*x */
  /* y[r] += a[r][t]*x[t] for the rows r and terms t in order, count elements each; every product and sum is rounded once. */
  void (*add_products)(const dfq_products *products, int32_t rows, int32_t terms, size_t count);
  double (*dot)(const float *x, const float *y, size_t count);            /* float blocks of 1024, then double */
  /* The inner products of x with rows of y, each the bits of dot. */
  void (*dots)(const float *x, const float *y, size_t y_row, int32_t rows, size_t count,
               double *sums);
  /* y = 1/(1+e^-x), times x where it multiplies (SiLU); y may be x. NaN for NaN. All instruction sets give the same bits. */
  void (*logistic)(const float *x, size_t count, int32_t multiplies, float *y);
  /* g *= the derivative at x. */
  void (*logistic_slopes)(const float *x, size_t count, int32_t multiplies, float *g);
  /* For no elements, low is +infinity and high is -infinity. Both are NaN if any element is NaN. A zero is +0. */
  void (*minimum_maximum)(const float *x, size_t count, float *low, float *high);
  /* SGD with momentum (PyTorch's rule): g' = g + decay*w; v = momentum*v + g'; w -= rate*(nesterov ? g' + momentum*v : v) */
  void (*sgd)(float *w, float *velocity, const float *g, size_t count, float rate, float momentum,
              float decay, int32_t nesterov);
  /* Adam: m = b1*m+(1-b1)*g; v = b2*v+(1-b2)*g*g; w -= rate * (m/c1) / (sqrt(v/c2) + eps), c1 = 1-b1^t, c2 = 1-b2^t. */
  void (*adam)(float *w, float *m, float *v, const float *g, size_t count, float rate, float beta1,
               float beta2, float epsilon, float correction1, float correction2);

  /* ------------------------------------------------------------ inference in codes
   * Operations on codes whose results are codes again. All instruction sets give the same bits. Only rows
   * first_row ..< end_row of the outputs are computed. Codes outside of the image are pad_code. Sums must fit 32 bits.
   * packed: in the layout of this instruction set, preferably aligned to a cache line. scratch: its contents are undefined
   * before and after the call. */

  /* Dense convolution; weights as packed by integer_pack_weights, scratch of integer_scratch bytes. */
  void (*code_conv)(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                    const int8_t *packed, const dfq_code_ending *ending, int32_t first_row,
                    int32_t end_row, void *scratch);
  /* Output pixels pixels[k] = row * out_width + column of code_conv as numbers, which ending->values receives as count x
   * out_channels; the residual is that of the whole image. There are no codes and no range of outputs. */
  size_t (*code_pixels_scratch)(const dfq_conv_shape *shape, int32_t count);
  void (*code_pixels)(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                      const int8_t *packed, const dfq_code_ending *ending, const int32_t *pixels,
                      int32_t count, void *scratch);
  /* 3x3 convolutions of stride 1 or 2 by Winograd's algorithm in bytes, for tiles of a dfq_tile_form. It is exact: the sums are those of
   * code_conv. weight_bytes is 0 where the instruction set or the shape has no such kernel. pack returns 0, with
   * unspecified packed bytes, where a transformed weight does not fit a byte or a sum is too large. Input codes, and pad_code, are
   * at most code_winograd_most_code[form]. The rows of a tile are computed together: ranges may begin and end anywhere, but those
   * that divide tiles compute them twice. */
  size_t (*code_winograd_weight_bytes)(int32_t form, const dfq_conv_shape *shape);
  int32_t (*code_winograd_pack)(int32_t form, const dfq_conv_shape *shape, const int8_t *weight,
                                int8_t *packed);
  size_t (*code_winograd_scratch)(int32_t form, const dfq_conv_shape *shape);
  void (*code_winograd_conv)(int32_t form, const dfq_conv_shape *shape, const uint8_t *input,
                             uint8_t pad_code, const int8_t *packed,
                             const dfq_code_ending *ending, int32_t first_row, int32_t end_row,
                             void *scratch);
  int32_t code_winograd_most_code[DFQ_TILE_FORMS];
  /* The same by F(4x4, 3x3) in 16-bit words, exact for codes of 8 bits. pack returns 0 where a sum may be too large for the exact
   * division of the output transform, 2^25. Rows are computed in fours; ranges of outputs begin at multiples of 64. */
  size_t (*word_winograd_weight_bytes)(const dfq_conv_shape *shape);
  int32_t (*word_winograd_pack)(const dfq_conv_shape *shape, const int8_t *weight, int8_t *packed);
  size_t (*word_winograd_scratch)(const dfq_conv_shape *shape);
  void (*word_winograd_conv)(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                             const int8_t *packed, const dfq_code_ending *ending,
                             int32_t first_row, int32_t end_row, void *scratch);
  /* Depthwise convolution, groups == in_channels == out_channels; weight KH KW C. */
  size_t (*code_depthwise_weight_bytes)(const dfq_conv_shape *shape);
  void (*code_depthwise_pack)(const dfq_conv_shape *shape, const int8_t *weight, int8_t *packed);
  size_t (*code_depthwise_scratch)(const dfq_conv_shape *shape);
  void (*code_depthwise)(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                         const int8_t *packed, const dfq_code_ending *ending, int32_t first_row,
                         int32_t end_row, void *scratch);
  /* Fully connected layer of one image: weights I O, packed at bits = 2, 4 or 8 each (codes of at most so many bits). Only
   * outputs first ..< end, multiples of 64 or the number of outputs, are computed. */
  size_t (*code_dense_weight_bytes)(int32_t inputs, int32_t outputs, int32_t bits);
  void (*code_dense_pack)(int32_t inputs, int32_t outputs, int32_t bits, const int8_t *weight,
                          uint8_t *packed);
  void (*code_dense)(int32_t inputs, int32_t outputs, int32_t bits, const uint8_t *input,
                     const uint8_t *packed, const dfq_code_ending *ending);
  /* The largest code of each window (in_channels == out_channels); codes in the padding are not counted. */
  void (*code_max_pool)(const dfq_conv_shape *shape, const uint8_t *input, uint8_t *output);

  /* The ending in integers of sums that are in memory, pixels x channels. numbers may be sums. */
  void (*fixed_ending)(const int32_t *sums, size_t pixels, int32_t channels,
                       const dfq_fixed_ending *ending);

  /* Codes of 8-bit pixels: codes[i] = round_half_even(clamp(fma(bytes[i], scale[j], shift[j]), 0, highest)), j = i % period.
   * period is a multiple of 16, highest at most 255. */
  void (*codes_of_bytes)(const uint8_t *bytes, size_t count, const float *scale,
                         const float *shift, size_t period, float highest, uint8_t *codes);
  /* sums[c] += (code + offset) / levels_per_unit over the pixels of an image, in their order. */
  void (*code_sums)(const uint8_t *codes, size_t pixels, int32_t channels, float offset,
                    float levels_per_unit, float *sums);

  /* For selectors, over the pixels that begin at x + offsets[k], channel by channel: the mean of the codes q =
   * round_half_even(clamp(x * levels_per_unit, -128, 255)) and their standard deviation sqrt(max(mean of q^2 - mean^2, 0)),
   * both times 1 / levels_per_unit. Either may be NULL. Sums of codes below 2^24 are exact in any order. */
  void (*sampled_statistics)(const float *x, const int32_t *offsets, int32_t count,
                             int32_t channels, float levels_per_unit, float *means,
                             float *deviations);
  /* The same of values that are codes, q = codes[offsets[k] + c]; offset is added to the means of the codes. */
  void (*sampled_code_statistics)(const uint8_t *codes, const int32_t *offsets, int32_t count,
                                  int32_t channels, float offset, float levels_per_unit,
                                  float *means, float *deviations);

  /* Draws for elements first, first + 1, ... of a stream: those whose draw, uniform in 0 ..< 2^24, is below the threshold are
   * kept. keep_elements: y[i] = x[i] where it is kept. clear_elements: y[i] = 0 where it is kept, else x[i]; y may be x. All
   * instruction sets give the same bits. */
  void (*keep_elements)(uint64_t stream, uint32_t threshold, uint32_t first, const float *x,
                        size_t count, float *y);
  void (*clear_elements)(uint64_t stream, uint32_t threshold, uint32_t first, const float *x,
                         size_t count, float *y);

  /* ------------------------------------------------------------ measurement
   * Independent multiply-adds in registers; returns the number of floating-point operations. sink: 3 floats, the factor,
   * the term and the start, of which the last is written. */
  size_t (*multiply_add_loop)(size_t repetitions, float *sink);
  /* The same for products of codes, as integer_conv adds them up. sink: 3 numbers. */
  size_t (*code_product_loop)(size_t repetitions, int32_t *sink);
} dfq_kernel_table;

const dfq_kernel_table *dfq_kernels_for(dfq_isa isa);

/* The number of processors that the calling thread may run on; respects the affinity mask where the system has one. */
int32_t dfq_processor_count(void);

/* Lets the allocator keep large blocks that are freed; see allocator.c. */
void dfq_keep_large_blocks(void);

/* A hint to the processor that `bytes` bytes from each start + offsets[k], k < count, will be read soon. */
void dfq_fetch(const uint8_t *start, const int32_t *offsets, int32_t count, int32_t bytes);

/* A hint to the processor that the calling thread spins. */
void dfq_relax(void);

/* Transposes KH KW I O to KH KW O I. */
void dfq_transpose_weights(const float *weight, int32_t taps, int32_t in_channels,
                           int32_t out_channels, float *transposed);

/* IEEE 754 half precision, ties to even. What is larger than 65504 becomes 65504, infinity too; NaN stays NaN. */
void dfq_halves_of_floats(const float *x, size_t count, uint16_t *y);
void dfq_floats_of_halves(const uint16_t *x, size_t count, float *y);

/* im2col for the BLAS path: columns is (out_height*out_width) x (KH*KW*C), zero where the window leaves the image. */
void dfq_im2col(const dfq_conv_shape *shape, const float *input, float *columns);
/* The transpose of im2col: adds the columns to input_gradient, which the caller has initialized. */
void dfq_col2im(const dfq_conv_shape *shape, const float *columns, float *input_gradient);

#ifdef __cplusplus
}
#endif
#endif
