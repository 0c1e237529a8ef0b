#include <stdlib.h>
#include <string.h>

#include "dfq_internal.h"

void dfq_free(void *memory) { free(memory); }

void dfq_say(dfq_message message, const char *text) {
  if (message.capacity == 0) return;
  size_t length = strlen(text);
  if (length >= message.capacity) length = message.capacity - 1;
  memcpy(message.text, text, length);
  message.text[length] = 0;
}

dfq_status dfq_allocate_pixels(
    dfq_image *image, size_t height, size_t width, size_t channels, size_t max_pixels) {
  image->height = height;
  image->width = width;
  image->channels = channels;
  if (height == 0 || width == 0) return DFQ_CORRUPT;
  // Divisions, because the product of untrusted extents may overflow.
  if (height > max_pixels / width) return DFQ_TOO_LARGE;
  if (channels > SIZE_MAX / (height * width)) return DFQ_TOO_LARGE;
  image->pixels = malloc(height * width * channels);
  return image->pixels ? DFQ_OK : DFQ_NO_MEMORY;
}

bool dfq_append(dfq_growing *block, const uint8_t *bytes, size_t count) {
  if (count == 0) return true;
  if (count > SIZE_MAX / 2 - block->count) return false;
  const size_t needed = block->count + count;
  if (needed > block->capacity) {
    size_t capacity = block->capacity < 4096 ? 4096 : block->capacity;
    while (capacity < needed) capacity += capacity / 2;
    uint8_t *grown = realloc(block->bytes, capacity);
    if (!grown) return false;
    block->bytes = grown;
    block->capacity = capacity;
  }
  memcpy(block->bytes + block->count, bytes, count);
  block->count = needed;
  return true;
}
