// Image and gzip codecs over libpng, libjpeg and zlib, with no C exception left to the caller:
// every function returns a status, keeps no global state and frees what it allocated when it fails.
#ifndef DFQ_CODECS_H
#define DFQ_CODECS_H

#include <stddef.h>
#include <stdint.h>

typedef enum dfq_status {
  DFQ_OK = 0,
  DFQ_CORRUPT = 1,    // the bytes are not what they should be; the message says why
  DFQ_TOO_LARGE = 2,  // the result would pass the caller's limit; the found size is in the result
  DFQ_NO_MEMORY = 3,
} dfq_status;

// 8-bit pixels in the order height, width, channels (1 or 3); `pixels` is freed with dfq_free.
typedef struct dfq_image {
  size_t height;
  size_t width;
  size_t channels;
  uint8_t *pixels;
} dfq_image;

// Bytes freed with dfq_free.
typedef struct dfq_bytes {
  uint8_t *bytes;
  size_t count;
} dfq_bytes;

// A place for the reason of a failure, `capacity` bytes with the closing zero.
typedef struct dfq_message {
  char *text;
  size_t capacity;
} dfq_message;

// Decodes baseline and progressive JPEG: gray gives 1 channel; YCbCr, RGB, CMYK and YCCK give 3.
// Data lost in the file (early end, broken codes) is an error, never a gray area.
dfq_status dfq_decode_jpeg(
    const uint8_t *bytes, size_t count, size_t max_pixels, dfq_image *image, dfq_message message);

// Decodes PNG of every colour type and depth: gray gives 1 channel, all else 3; alpha is dropped.
dfq_status dfq_decode_png(
    const uint8_t *bytes, size_t count, size_t max_pixels, dfq_image *image, dfq_message message);

// Encodes 8-bit gray or RGB pixels as PNG.
dfq_status dfq_encode_png(const uint8_t *pixels, size_t height, size_t width, size_t channels,
                          dfq_bytes *encoded, dfq_message message);

// Encodes 8-bit gray or RGB pixels as baseline JPEG of a quality in 1...100, with libjpeg's defaults (colours at half the
// resolution).
dfq_status dfq_encode_jpeg(const uint8_t *pixels, size_t height, size_t width, size_t channels,
                           int quality, dfq_bytes *encoded, dfq_message message);

// Decompresses all members of a gzip file into at most `limit` bytes.
dfq_status dfq_gunzip(
    const uint8_t *bytes, size_t count, size_t limit, dfq_bytes *plain, dfq_message message);

// Frees memory that a function of this header allocated.
void dfq_free(void *memory);

#endif
