#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "dfq_internal.h"

enum { WINDOW_BITS_FOR_GZIP = 15 + 16, BLOCK = 1 << 16, INPUT_STEP = 1 << 30 };

static dfq_status inflate_all(z_stream *stream, const uint8_t *bytes, size_t count, size_t limit,
                              dfq_growing *plain, dfq_message message) {
  uint8_t block[BLOCK];
  size_t taken = 0;
  bool member_open = true;
  while (member_open) {
    // zlib counts in 32 bits, so the input is handed over in steps.
    const size_t step = count - taken < INPUT_STEP ? count - taken : INPUT_STEP;
    stream->next_in = (Bytef *)(bytes + taken);
    stream->avail_in = (uInt)step;
    stream->next_out = block;
    stream->avail_out = BLOCK;
    const int result = inflate(stream, Z_NO_FLUSH);
    taken += step - stream->avail_in;
    const size_t produced = BLOCK - stream->avail_out;
    if (result == Z_MEM_ERROR) return DFQ_NO_MEMORY;
    if (produced > limit - plain->count) return DFQ_TOO_LARGE;
    if (!dfq_append(plain, block, produced)) return DFQ_NO_MEMORY;
    if (result == Z_STREAM_END) {
      member_open = taken < count;
      if (member_open && inflateReset(stream) != Z_OK) return DFQ_CORRUPT;
    } else if (result != Z_OK) {
      const bool ended = result == Z_BUF_ERROR && taken == count;
      dfq_say(message, ended ? "the file ends too early"
                             : stream->msg ? stream->msg : "not a gzip stream");
      return DFQ_CORRUPT;
    }
  }
  return DFQ_OK;
}

dfq_status dfq_gunzip(
    const uint8_t *bytes, size_t count, size_t limit, dfq_bytes *plain, dfq_message message) {
  memset(plain, 0, sizeof *plain);
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (inflateInit2(&stream, WINDOW_BITS_FOR_GZIP) != Z_OK) return DFQ_NO_MEMORY;
  dfq_growing block = {0};
  const dfq_status status = inflate_all(&stream, bytes, count, limit, &block, message);
  inflateEnd(&stream);
  if (status == DFQ_OK) {
    plain->bytes = block.bytes;
    plain->count = block.count;
  } else {
    free(block.bytes);
  }
  return status;
}
