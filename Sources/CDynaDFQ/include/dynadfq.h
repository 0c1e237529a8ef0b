/*
 * The C interface of DynaDFQ: runs integer networks, the files that `dynadfq compile` writes.
 *
 *     dynadfq_network *network;
 *     char message[256];
 *     if (dynadfq_open("model.dfq", 0, &network, message, sizeof message) != DYNADFQ_OK) { ... }
 *     int32_t class_index;
 *     const dynadfq_results results = {NULL, &class_index, NULL, NULL};
 *     dynadfq_predict(network, pixels, sizeof pixels, 1, &results, message, sizeof message);
 *     dynadfq_close(network);
 *
 * The header is C99 and C++11. The library is `swift build -c release --product dynadfq-c`; a program links it with
 * -ldynadfq-c.
 *
 * Arguments. Every function accepts NULL and numbers out of range for any argument, and reports them as an error. What it
 * cannot notice is a pointer to less memory than the arguments say, and a network that is already closed.
 *
 * Threads. Any number of threads may use the same network at the same time. Only dynadfq_close must be the last call.
 *
 * Errors. Functions that can fail return a status, and explain it in `message`: one line of UTF-8 for people, written into the
 * caller's `message_size` bytes, always ended by a zero byte, cut at a whole character where it does not fit. It is empty after
 * success. `message` may be NULL.
 *
 * Memory. dynadfq_open takes the memory that one call at a time needs for its images; each further call that runs at the same
 * time takes as much once more. Results are kept for up to 256 images (or one batch of a cascade's rule), and take memory when a
 * call has more images than those before. Later calls use all of this again until the network is closed. A process without
 * memory ends.
 */
#ifndef DYNADFQ_H
#define DYNADFQ_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this interface. It becomes larger when functions are added, and existing ones never change. */
#define DYNADFQ_API_VERSION 1

/** What became of a call. */
typedef enum dynadfq_status {
  /** Success. */
  DYNADFQ_OK = 0,
  /** An argument is NULL that must not be, or a number is out of its range. */
  DYNADFQ_BAD_ARGUMENT = 1,
  /** The file cannot be opened or read. */
  DYNADFQ_CANNOT_READ = 2,
  /** The file is not an integer network, or it is damaged. */
  DYNADFQ_BAD_MODEL = 3
} dynadfq_status;

/** An open network. */
typedef struct dynadfq_network dynadfq_network;

/** Where dynadfq_predict writes what the network did with N images. Any pointer may be NULL: nothing is written there. */
typedef struct dynadfq_results {
  /** The logits, N x dynadfq_class_count. */
  float *logits;
  /** The class with the largest logit, N; the first of several. */
  int32_t *class_indices;
  /** How often each image passed through a network, N; more than 1 in a cascade. */
  int32_t *passes;
  /**
   * The bits of the quantized outputs in an image's last pass, N x dynadfq_output_count; 0 where a level of a cascade has
   * fewer outputs than another.
   */
  uint8_t *bits;
} dynadfq_results;

/** DYNADFQ_API_VERSION of the library; the header that a program was compiled with may have another. */
int32_t dynadfq_api_version(void);

/** The version of the library, such as "0.1.0"; valid for ever. */
const char *dynadfq_library_version(void);

/**
 * Opens a network and packs its weights for this processor.
 *
 * @param path A file that `dynadfq compile` has written; UTF-8.
 * @param threads The number of threads that compute together, the caller's included; 0 for all processors that this process
 *   may use; at most 256 are taken. Networks that are opened with 0 share their threads. A thread that calls while the others
 *   are at work computes alone.
 * @param network Receives the network, or NULL after an error.
 * @return DYNADFQ_OK, DYNADFQ_BAD_ARGUMENT, DYNADFQ_CANNOT_READ or DYNADFQ_BAD_MODEL.
 */
dynadfq_status dynadfq_open(const char *path, int32_t threads, dynadfq_network **network, char *message,
                            size_t message_size);

/** Closes a network and frees its memory and its names. NULL is left alone. */
void dynadfq_close(dynadfq_network *network);

/** The rows of an image; 0 for NULL. */
int32_t dynadfq_image_height(const dynadfq_network *network);

/** The columns of an image; 0 for NULL. */
int32_t dynadfq_image_width(const dynadfq_network *network);

/** The channels of an image, 1 for gray and 3 for RGB; 0 for NULL. */
int32_t dynadfq_image_channels(const dynadfq_network *network);

/** The number of classes; 0 for NULL. */
int32_t dynadfq_class_count(const dynadfq_network *network);

/** The name of a class in UTF-8; NULL where it is not known. Valid until the network is closed. */
const char *dynadfq_class_name(const dynadfq_network *network, int32_t index);

/** The number of quantized outputs whose bits dynadfq_predict tells, the most of any level of a cascade; 0 for NULL. */
int32_t dynadfq_output_count(const dynadfq_network *network);

/**
 * The name of a quantized output in UTF-8: that of its layer, in the first level of a cascade. NULL where there is none. Valid
 * until the network is closed.
 */
const char *dynadfq_output_name(const dynadfq_network *network, int32_t index);

/**
 * Classifies images.
 *
 * Calls do not depend on each other. A cascade whose rule looks at several images looks at those of the call in order, as
 * a `Predictor` does that is given parts of 256 images, or of as many whole batches as that rule ranks.
 *
 * @param pixels The images one after the other, N H W C: 8-bit values row by row, the channels of a pixel side by side. They
 *   are normalized as the file says.
 * @param size The number of bytes at `pixels`: count x height x width x channels, or the call is an error.
 * @param count The number of images N, at least 1.
 * @param results Where the results go; NULL for nowhere. Nothing is written after an error.
 * @return DYNADFQ_OK or DYNADFQ_BAD_ARGUMENT.
 */
dynadfq_status dynadfq_predict(const dynadfq_network *network, const uint8_t *pixels, size_t size, int64_t count,
                               const dynadfq_results *results, char *message, size_t message_size);

#ifdef __cplusplus
}
#endif

#endif
