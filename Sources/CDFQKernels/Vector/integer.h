/* The convolution of codes, over integer_words.h, integer_bytes.h or integer_signed_bytes.h. Channels are processed in
 * groups of as many codes as fit one 32-bit lane; planes are those of conv_geometry.h, with codes
 * instead of floats. */
enum { GROUP = 4 / CODE_BYTES, CELL_BYTES = CELL * CODE_BYTES };

/* The kernels themselves are static, unless the table of another file has them (isa_avx_vnni.c). */
#ifndef KERNEL
#define KERNEL static
#endif

#include "integer_weights.h"
#include "integer_plane.h"
#include "integer_ending.h"
#include "integer_tile.h"
#include "integer_engine.h"
#include "integer_conv.h"
#include "code_peak.h"
#include "code_conv.h"
#include "code_pixels.h"
#include "code_dense.h"
#include "code_depthwise.h"
#include "code_tiles.h"
#if INTEGER_SIGNED_CODES /* there are no products of words like those of x86 */
#define WORD_WINOGRAD_KERNELS .word_winograd_weight_bytes = NULL
#else
#include "word_winograd.h"
#define WORD_WINOGRAD_KERNELS                                        \
  .word_winograd_weight_bytes = vector_word_winograd_weight_bytes,   \
  .word_winograd_pack = vector_word_winograd_pack,                   \
  .word_winograd_scratch = vector_word_winograd_scratch,             \
  .word_winograd_conv = vector_word_winograd_conv
#endif

#define INTEGER_KERNELS                                              \
  .integer_weight_bytes = vector_integer_weight_bytes,               \
  .integer_pack_weights = vector_integer_pack_weights,               \
  .integer_scratch = vector_integer_scratch,                         \
  .integer_conv = vector_integer_conv,                               \
  .code_product_loop = vector_code_product_loop,                     \
  .code_conv = vector_code_conv,                                     \
  WORD_WINOGRAD_KERNELS,                                             \
  .code_pixels_scratch = vector_code_pixels_scratch,                 \
  .code_pixels = vector_code_pixels,                                 \
  .code_depthwise_weight_bytes = vector_code_depthwise_weight_bytes, \
  .code_depthwise_pack = vector_code_depthwise_pack,                 \
  .code_depthwise_scratch = vector_code_depthwise_scratch,           \
  .code_depthwise = vector_code_depthwise,                           \
  .code_dense_weight_bytes = vector_code_dense_weight_bytes,         \
  .code_dense_pack = vector_code_dense_pack,                         \
  .code_dense = vector_code_dense
