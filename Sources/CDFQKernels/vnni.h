/* The convolution of codes by VNNI's products of bytes: isa_avx512_vnni.c, for the table of
 * isa_avx512.c. */
#ifndef DFQ_VNNI_H
#define DFQ_VNNI_H

#include "include/dfq_kernels.h"

size_t dfq_vnni_integer_weight_bytes(const dfq_conv_shape *shape);
void dfq_vnni_integer_pack_weights(const dfq_conv_shape *shape, const int8_t *weight,
                                   int8_t *packed);
size_t dfq_vnni_integer_scratch(const dfq_conv_shape *shape);
void dfq_vnni_integer_conv(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                           const int8_t *packed, const float *scale, const float *offset,
                           int32_t first_row, int32_t end_row, float *output, void *scratch);
size_t dfq_vnni_code_pixels_scratch(const dfq_conv_shape *shape, int32_t count);
void dfq_vnni_code_pixels(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                          const int8_t *packed, const dfq_code_ending *ending,
                          const int32_t *pixels, int32_t count, void *scratch);
void dfq_vnni_code_conv(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                        const int8_t *packed, const dfq_code_ending *ending, int32_t first_row,
                        int32_t end_row, void *scratch);
size_t dfq_vnni_code_depthwise_weight_bytes(const dfq_conv_shape *shape);
void dfq_vnni_code_depthwise_pack(const dfq_conv_shape *shape, const int8_t *weight,
                                  int8_t *packed);
size_t dfq_vnni_code_depthwise_scratch(const dfq_conv_shape *shape);
void dfq_vnni_code_depthwise(const dfq_conv_shape *shape, const uint8_t *input, uint8_t pad_code,
                             const int8_t *packed, const dfq_code_ending *ending,
                             int32_t first_row, int32_t end_row, void *scratch);
size_t dfq_vnni_code_dense_weight_bytes(int32_t inputs, int32_t outputs, int32_t bits);
void dfq_vnni_code_dense_pack(int32_t inputs, int32_t outputs, int32_t bits, const int8_t *weight,
                              uint8_t *packed);
void dfq_vnni_code_dense(int32_t inputs, int32_t outputs, int32_t bits, const uint8_t *input,
                         const uint8_t *packed, const dfq_code_ending *ending);

size_t dfq_vnni_code_winograd_weight_bytes(int32_t form, const dfq_conv_shape *shape);
int32_t dfq_vnni_code_winograd_pack(int32_t form, const dfq_conv_shape *shape,
                                    const int8_t *weight, int8_t *packed);
size_t dfq_vnni_code_winograd_scratch(int32_t form, const dfq_conv_shape *shape);
void dfq_vnni_code_winograd_conv(int32_t form, const dfq_conv_shape *shape,
                                 const uint8_t *input, uint8_t pad_code, const int8_t *packed,
                                 const dfq_code_ending *ending, int32_t first_row,
                                 int32_t end_row, void *scratch);

size_t dfq_vnni_word_winograd_weight_bytes(const dfq_conv_shape *shape);
int32_t dfq_vnni_word_winograd_pack(const dfq_conv_shape *shape, const int8_t *weight,
                                    int8_t *packed);
size_t dfq_vnni_word_winograd_scratch(const dfq_conv_shape *shape);
void dfq_vnni_word_winograd_conv(const dfq_conv_shape *shape, const uint8_t *input,
                                 uint8_t pad_code, const int8_t *packed,
                                 const dfq_code_ending *ending, int32_t first_row,
                                 int32_t end_row, void *scratch);

size_t dfq_vnni_code_product_loop(size_t repetitions, int32_t *sink);

#endif
