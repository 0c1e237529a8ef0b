/* The operations on codes by 256-bit products of bytes: isa_avx_vnni.c, for the table of isa_avx2.c. */
#ifndef DFQ_AVX_VNNI_H
#define DFQ_AVX_VNNI_H

#include "include/dfq_kernels.h"

#define FOR_AVX_VNNI_KERNELS(M)                                                          \
  M(integer_weight_bytes) M(integer_pack_weights) M(integer_scratch) M(integer_conv)     \
  M(code_product_loop) M(code_conv) M(code_pixels_scratch) M(code_pixels)                \
  M(code_depthwise_weight_bytes) M(code_depthwise_pack) M(code_depthwise_scratch)        \
  M(code_depthwise) M(code_dense_weight_bytes) M(code_dense_pack) M(code_dense)            \
  M(code_winograd_weight_bytes) M(code_winograd_pack) M(code_winograd_scratch)           \
  M(code_winograd_conv) M(word_winograd_weight_bytes) M(word_winograd_pack)              \
  M(word_winograd_scratch) M(word_winograd_conv)

/* A function of the type that the table has. */
#define AVX_VNNI_DECLARATION(NAME) \
  __typeof__(*((const dfq_kernel_table *)0)->NAME) dfq_avx_vnni_##NAME;
FOR_AVX_VNNI_KERNELS(AVX_VNNI_DECLARATION)

#endif
