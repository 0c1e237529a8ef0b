// What the codecs share; not part of the module.
#ifndef DFQ_CODECS_INTERNAL_H
#define DFQ_CODECS_INTERNAL_H

#include <stdbool.h>

#include "dfq_codecs.h"

// Copies a reason into the caller's place, cut to fit.
void dfq_say(dfq_message message, const char *text);

// Checks untrusted extents against the limit and allocates the pixels; the extents are stored even
// on failure.
dfq_status dfq_allocate_pixels(
    dfq_image *image, size_t height, size_t width, size_t channels, size_t max_pixels);

// Appends to a growing block of memory; false where memory is short.
typedef struct dfq_growing {
  uint8_t *bytes;
  size_t count;
  size_t capacity;
} dfq_growing;
bool dfq_append(dfq_growing *block, const uint8_t *bytes, size_t count);

#endif
