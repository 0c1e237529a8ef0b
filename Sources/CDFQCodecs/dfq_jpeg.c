#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "dfq_internal.h"

// A progressive file of a few bytes per scan can ask for endless work; real encoders write about
// ten scans.
enum { MAX_SCANS = 500 };

// All state that changes after setjmp lives here, in the caller's frame, so that a jump leaves it
// defined.
struct decoding {
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf exit;
  dfq_status status;
  dfq_message message;
  dfq_image *image;
};

static void fail(struct decoding *state, dfq_status status, const char *text) {
  state->status = status;
  dfq_say(state->message, text);
  longjmp(state->exit, 1);
}

static void on_error(j_common_ptr info) {
  struct decoding *state = info->client_data;
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  fail(state, info->err->msg_code == JERR_OUT_OF_MEMORY ? DFQ_NO_MEMORY : DFQ_CORRUPT, text);
}

// libjpeg fills in lost data and continues; an evaluation must not count such pictures, so they
// are errors.
static void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
      on_error(info);
    default:
      return;
  }
}

static void on_output(j_common_ptr info) { (void)info; }

static void on_progress(j_common_ptr info) {
  if (info->is_decompressor && ((j_decompress_ptr)info)->input_scan_number > MAX_SCANS)
    fail(info->client_data, DFQ_CORRUPT, "the progressive image has too many scans");
}

// Adobe writes CMYK inverted, so that a channel times black is the light that is left.
static void convert_cmyk(const uint8_t *cmyk, uint8_t *rgb, size_t width, bool inverted) {
  for (size_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
    const unsigned black = inverted ? cmyk[3] : 255u - cmyk[3];
    for (int channel = 0; channel < 3; channel++) {
      const unsigned ink = inverted ? cmyk[channel] : 255u - cmyk[channel];
      rgb[channel] = (uint8_t)((ink * black + 127u) / 255u);
    }
  }
}

static dfq_status run(
    struct decoding *state, const uint8_t *bytes, size_t count, size_t max_pixels) {
  struct jpeg_decompress_struct *info = &state->info;
  if (setjmp(state->exit)) return state->status;

  jpeg_create_decompress(info);
  info->client_data = state;
  info->progress = &state->progress;
  jpeg_mem_src(info, bytes, (unsigned long)count);
  jpeg_read_header(info, TRUE);

  const bool gray = info->jpeg_color_space == JCS_GRAYSCALE;
  const bool cmyk = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
  info->out_color_space = gray ? JCS_GRAYSCALE : cmyk ? JCS_CMYK : JCS_RGB;
  dfq_status status = dfq_allocate_pixels(
      state->image, info->image_height, info->image_width, gray ? 1 : 3, max_pixels);
  if (status != DFQ_OK) return status;

  jpeg_start_decompress(info);
  JSAMPARRAY line = NULL;
  if (cmyk)
    line = info->mem->alloc_sarray((j_common_ptr)info, JPOOL_IMAGE, info->output_width * 4, 1);
  const size_t stride = state->image->width * state->image->channels;
  while (info->output_scanline < info->output_height) {
    uint8_t *target = state->image->pixels + info->output_scanline * stride;
    JSAMPROW row = cmyk ? line[0] : target;
    jpeg_read_scanlines(info, &row, 1);
    if (cmyk) convert_cmyk(row, target, state->image->width, info->saw_Adobe_marker);
  }
  jpeg_finish_decompress(info);
  return DFQ_OK;
}

dfq_status dfq_decode_jpeg(
    const uint8_t *bytes, size_t count, size_t max_pixels, dfq_image *image, dfq_message message) {
  struct decoding state;
  memset(&state, 0, sizeof state);
  memset(image, 0, sizeof *image);
  state.message = message;
  state.image = image;
  state.info.err = jpeg_std_error(&state.errors);
  state.info.client_data = &state;
  state.errors.error_exit = on_error;
  state.errors.emit_message = on_message;
  state.errors.output_message = on_output;
  state.progress.progress_monitor = on_progress;
  const dfq_status status = run(&state, bytes, count, max_pixels);
  jpeg_destroy_decompress(&state.info);
  if (status != DFQ_OK) {
    free(image->pixels);
    image->pixels = NULL;
  }
  return status;
}

// As in decoding, all state that changes after setjmp lives in the caller's frame.
struct encoding {
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr errors;
  jmp_buf exit;
  dfq_status status;
  dfq_message message;
  unsigned char *bytes;
  unsigned long count;
};

static void on_encoding_error(j_common_ptr info) {
  struct encoding *state = info->client_data;
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  state->status = info->err->msg_code == JERR_OUT_OF_MEMORY ? DFQ_NO_MEMORY : DFQ_CORRUPT;
  dfq_say(state->message, text);
  longjmp(state->exit, 1);
}

static dfq_status compress(struct encoding *state, const uint8_t *pixels, size_t height,
                           size_t width, size_t channels, int quality) {
  struct jpeg_compress_struct *info = &state->info;
  if (setjmp(state->exit)) return state->status;
  jpeg_create_compress(info);
  info->client_data = state;
  jpeg_mem_dest(info, &state->bytes, &state->count);
  info->image_height = (JDIMENSION)height;
  info->image_width = (JDIMENSION)width;
  info->input_components = (int)channels;
  info->in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(info);
  jpeg_set_quality(info, quality, TRUE);
  jpeg_start_compress(info, TRUE);
  while (info->next_scanline < info->image_height) {
    JSAMPROW row = (JSAMPROW)(pixels + info->next_scanline * width * channels);
    jpeg_write_scanlines(info, &row, 1);
  }
  jpeg_finish_compress(info);
  return DFQ_OK;
}

dfq_status dfq_encode_jpeg(const uint8_t *pixels, size_t height, size_t width, size_t channels,
                           int quality, dfq_bytes *encoded, dfq_message message) {
  memset(encoded, 0, sizeof *encoded);
  if (height > JPEG_MAX_DIMENSION || width > JPEG_MAX_DIMENSION) return DFQ_TOO_LARGE;
  struct encoding state;
  memset(&state, 0, sizeof state);
  state.message = message;
  state.info.err = jpeg_std_error(&state.errors);
  state.info.client_data = &state;
  state.errors.error_exit = on_encoding_error;
  state.errors.output_message = on_output;
  const dfq_status status = compress(&state, pixels, height, width, channels, quality);
  jpeg_destroy_compress(&state.info);
  if (status == DFQ_OK) {
    encoded->bytes = state.bytes;
    encoded->count = state.count;
  } else {
    free(state.bytes);
  }
  return status;
}
