#if defined(__x86_64__)
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "Scalar/scalar_fixed.h"
#include "vnni.h"

#pragma STDC FP_CONTRACT OFF

#include "tiles_avx512.h"

#pragma clang attribute push(                                                            \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma"))), \
    apply_to = function)
#include "Vector/vec_avx512.h"

#include "Vector/repeat.h"
#include "Vector/vec_common.h"

#include "Vector/plane.h"

#include "Vector/conv_geometry.h"

#include "Vector/activation_value.h"
#include "Vector/code_ending.h"
#include "Vector/fixed_ending.h"

#include "Vector/integer_bytes.h"
#include "Vector/integer.h"
#include "Vector/code_tile_products.h"
#include "Vector/code_winograd.h"
#include "Vector/wide_winograd.h"
#include "Vector/strided_winograd.h"
#pragma clang attribute pop

size_t dfq_vnni_integer_weight_bytes(const dfq_conv_shape *shape) {
  return vector_integer_weight_bytes(shape);
}

void dfq_vnni_integer_pack_weights(const dfq_conv_shape *shape, const int8_t *weight,
                                   int8_t *packed) {
  vector_integer_pack_weights(shape, weight, packed);
}

size_t dfq_vnni_integer_scratch(const dfq_conv_shape *shape) {
  return vector_integer_scratch(shape);
}

void dfq_vnni_integer_conv(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                           const int8_t *packed, const float *scale, const float *offset,
                           int32_t first_row, int32_t end_row, float *output, void *scratch) {
  vector_integer_conv(shape, input, pad_code, packed, scale, offset, first_row, end_row, output,
                      scratch);
}

size_t dfq_vnni_code_winograd_weight_bytes(int32_t form, const dfq_conv_shape *shape) {
  if (form == DFQ_TILES_2X2) return vector_code_winograd_weight_bytes(shape);
  if (form == DFQ_TILES_STRIDE_2) return strided_weight_bytes(shape);
  return wide_weight_bytes(wide_width(form), shape);
}

int32_t dfq_vnni_code_winograd_pack(int32_t form, const dfq_conv_shape *shape,
                                    const int8_t *weight, int8_t *packed) {
  if (form == DFQ_TILES_2X2) return vector_code_winograd_pack(shape, weight, packed);
  if (form == DFQ_TILES_STRIDE_2) return strided_pack(shape, weight, packed);
  return wide_pack(wide_width(form), shape, weight, packed);
}

size_t dfq_vnni_code_winograd_scratch(int32_t form, const dfq_conv_shape *shape) {
  if (form == DFQ_TILES_2X2) return vector_code_winograd_scratch(shape);
  if (form == DFQ_TILES_STRIDE_2) return strided_scratch(shape);
  return wide_scratch(wide_width(form), shape);
}

void dfq_vnni_code_winograd_conv(int32_t form, const dfq_conv_shape *shape, const uint8_t *input,
                                 uint8_t pad_code, const int8_t *packed,
                                 const dfq_code_ending *ending, int32_t first_row,
                                 int32_t end_row, void *scratch) {
  if (form == DFQ_TILES_2X2) {
    vector_code_winograd_conv(shape, input, pad_code, packed, ending, first_row, end_row, scratch);
  } else if (form == DFQ_TILES_STRIDE_2) {
    strided_conv(shape, input, pad_code, packed, ending, first_row, end_row, scratch);
  } else {
    wide_conv(wide_width(form), shape, input, pad_code, packed, ending, first_row, end_row,
              scratch);
  }
}

size_t dfq_vnni_word_winograd_weight_bytes(const dfq_conv_shape *shape) {
  return vector_word_winograd_weight_bytes(shape);
}

int32_t dfq_vnni_word_winograd_pack(const dfq_conv_shape *shape, const int8_t *weight,
                                    int8_t *packed) {
  return vector_word_winograd_pack(shape, weight, packed);
}

size_t dfq_vnni_word_winograd_scratch(const dfq_conv_shape *shape) {
  return vector_word_winograd_scratch(shape);
}

void dfq_vnni_word_winograd_conv(const dfq_conv_shape *shape, const uint8_t *input,
                                 uint8_t pad_code, const int8_t *packed,
                                 const dfq_code_ending *ending, int32_t first_row,
                                 int32_t end_row, void *scratch) {
  vector_word_winograd_conv(shape, input, pad_code, packed, ending, first_row, end_row, scratch);
}

size_t dfq_vnni_code_pixels_scratch(const dfq_conv_shape *shape, int32_t count) {
  return vector_code_pixels_scratch(shape, count);
}

void dfq_vnni_code_pixels(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                          const int8_t *packed, const dfq_code_ending *ending,
                          const int32_t *pixels, int32_t count, void *scratch) {
  vector_code_pixels(shape, input, pad_code, packed, ending, pixels, count, scratch);
}

void dfq_vnni_code_conv(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                        const int8_t *packed, const dfq_code_ending *ending, int32_t first_row,
                        int32_t end_row, void *scratch) {
  vector_code_conv(shape, input, pad_code, packed, ending, first_row, end_row, scratch);
}

size_t dfq_vnni_code_depthwise_weight_bytes(const dfq_conv_shape *shape) {
  return vector_code_depthwise_weight_bytes(shape);
}

void dfq_vnni_code_depthwise_pack(const dfq_conv_shape *shape, const int8_t *weight,
                                  int8_t *packed) {
  vector_code_depthwise_pack(shape, weight, packed);
}

size_t dfq_vnni_code_depthwise_scratch(const dfq_conv_shape *shape) {
  return vector_code_depthwise_scratch(shape);
}

void dfq_vnni_code_depthwise(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                             const int8_t *packed, const dfq_code_ending *ending,
                             int32_t first_row, int32_t end_row, void *scratch) {
  vector_code_depthwise(shape, input, pad_code, packed, ending, first_row, end_row, scratch);
}

size_t dfq_vnni_code_dense_weight_bytes(int32_t inputs, int32_t outputs, int32_t bits) {
  return vector_code_dense_weight_bytes(inputs, outputs, bits);
}

void dfq_vnni_code_dense_pack(int32_t inputs, int32_t outputs, int32_t bits, const int8_t *weight,
                              uint8_t *packed) {
  vector_code_dense_pack(inputs, outputs, bits, weight, packed);
}

void dfq_vnni_code_dense(int32_t inputs, int32_t outputs, int32_t bits, const uint8_t *input,
                         const uint8_t *packed, const dfq_code_ending *ending) {
  vector_code_dense(inputs, outputs, bits, input, packed, ending);
}

size_t dfq_vnni_code_product_loop(size_t repetitions, int32_t *sink) {
  return vector_code_product_loop(repetitions, sink);
}
#endif
