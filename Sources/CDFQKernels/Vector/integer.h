/* The convolution of codes, over integer_words.h or integer_bytes.h. Channels are processed in
 * groups of as many codes as fit one 32-bit lane; planes are those of conv_geometry.h, with codes
 * instead of floats. */
enum { GROUP = 4 / CODE_BYTES, CELL_BYTES = CELL * CODE_BYTES };

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
#include "word_winograd.h"

#define INTEGER_KERNELS                                              \
  .integer_weight_bytes = vector_integer_weight_bytes,               \
  .integer_pack_weights = vector_integer_pack_weights,               \
  .integer_scratch = vector_integer_scratch,                         \
  .integer_conv = vector_integer_conv,                               \
  .code_product_loop = vector_code_product_loop,                     \
  .code_conv = vector_code_conv,                                     \
  .word_winograd_weight_bytes = vector_word_winograd_weight_bytes,   \
  .word_winograd_pack = vector_word_winograd_pack,                   \
  .word_winograd_scratch = vector_word_winograd_scratch,             \
  .word_winograd_conv = vector_word_winograd_conv,                   \
  .code_pixels_scratch = vector_code_pixels_scratch,                 \
  .code_pixels = vector_code_pixels,                                 \
  .code_depthwise_weight_bytes = vector_code_depthwise_weight_bytes, \
  .code_depthwise_pack = vector_code_depthwise_pack,                 \
  .code_depthwise_scratch = vector_code_depthwise_scratch,           \
  .code_depthwise = vector_code_depthwise,                           \
  .code_dense_weight_bytes = vector_code_dense_weight_bytes,         \
  .code_dense_pack = vector_code_dense_pack,                         \
  .code_dense = vector_code_dense
