#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "dfq_internal.h"

// All state that changes after setjmp lives here, in the caller's frame, so that a jump leaves it
// defined.
struct coding {
  png_structp png;
  png_infop info;
  dfq_message message;
  const uint8_t *bytes;  // decoding: what is still to be read
  size_t count;
  dfq_growing encoded;
  dfq_image *image;
};

static void on_error(png_structp png, png_const_charp text) {
  struct coding *state = png_get_error_ptr(png);
  dfq_say(state->message, text);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  struct coding *state = png_get_io_ptr(png);
  if (count > state->count) png_error(png, "the file ends too early");
  memcpy(target, state->bytes, count);
  state->bytes += count;
  state->count -= count;
}

static void write_bytes(png_structp png, png_bytep bytes, size_t count) {
  struct coding *state = png_get_io_ptr(png);
  if (!dfq_append(&state->encoded, bytes, count)) png_error(png, "out of memory");
}

static void flush(png_structp png) { (void)png; }

static dfq_status decode(struct coding *state, size_t max_pixels) {
  png_structp png = state->png;
  if (setjmp(png_jmpbuf(png))) return DFQ_CORRUPT;
  png_set_read_fn(png, state, read_bytes);
  png_read_info(png, state->info);

  const png_byte type = png_get_color_type(png, state->info);
  const bool gray = !(type & PNG_COLOR_MASK_COLOR);
  dfq_status status = dfq_allocate_pixels(
      state->image, png_get_image_height(png, state->info),
      png_get_image_width(png, state->info), gray ? 1 : 3, max_pixels);
  if (status != DFQ_OK) return status;

  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (gray && png_get_bit_depth(png, state->info) < 8) png_set_expand_gray_1_2_4_to_8(png);
  png_set_scale_16(png);
  png_set_strip_alpha(png);
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, state->info);

  const size_t stride = state->image->width * state->image->channels;
  // The pixels were allocated from the header: a disagreement here would write past their end.
  if (png_get_rowbytes(png, state->info) != stride) png_error(png, "unexpected pixel format");
  for (int pass = 0; pass < passes; pass++)
    for (size_t row = 0; row < state->image->height; row++)
      png_read_row(png, state->image->pixels + row * stride, NULL);
  png_read_end(png, NULL);
  return DFQ_OK;
}

dfq_status dfq_decode_png(
    const uint8_t *bytes, size_t count, size_t max_pixels, dfq_image *image, dfq_message message) {
  memset(image, 0, sizeof *image);
  struct coding state = {.message = message, .bytes = bytes, .count = count, .image = image};
  state.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
  if (state.png) state.info = png_create_info_struct(state.png);
  const dfq_status status = state.info ? decode(&state, max_pixels) : DFQ_NO_MEMORY;
  png_destroy_read_struct(&state.png, &state.info, NULL);
  if (status != DFQ_OK) {
    free(image->pixels);
    image->pixels = NULL;
  }
  return status;
}

static dfq_status encode(struct coding *state, const uint8_t *pixels) {
  png_structp png = state->png;
  if (setjmp(png_jmpbuf(png))) return DFQ_CORRUPT;
  png_set_write_fn(png, state, write_bytes, flush);
  const bool gray = state->image->channels == 1;
  png_set_IHDR(png, state->info, (png_uint_32)state->image->width,
               (png_uint_32)state->image->height, 8,
               gray ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, state->info);
  const size_t stride = state->image->width * state->image->channels;
  for (size_t row = 0; row < state->image->height; row++)
    png_write_row(png, pixels + row * stride);
  png_write_end(png, NULL);
  return DFQ_OK;
}

dfq_status dfq_encode_png(const uint8_t *pixels, size_t height, size_t width, size_t channels,
                          dfq_bytes *encoded, dfq_message message) {
  memset(encoded, 0, sizeof *encoded);
  dfq_image extents = {.height = height, .width = width, .channels = channels};
  if (height > PNG_UINT_31_MAX || width > PNG_UINT_31_MAX) return DFQ_TOO_LARGE;
  struct coding state = {.message = message, .image = &extents};
  state.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
  if (state.png) state.info = png_create_info_struct(state.png);
  const dfq_status status = state.info ? encode(&state, pixels) : DFQ_NO_MEMORY;
  png_destroy_write_struct(&state.png, &state.info);
  if (status == DFQ_OK) {
    encoded->bytes = state.encoded.bytes;
    encoded->count = state.encoded.count;
  } else {
    free(state.encoded.bytes);
  }
  return status;
}
