// Opens an integer network and classifies the images of a file of raw pixels: H W C bytes an image, one after the other.
//
//   classify MODEL.dfq PIXELS
#include <dynadfq.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(const char *message) {
  fprintf(stderr, "classify: %s\n", message);
  return EXIT_FAILURE;
}

// Reads as many bytes as are wanted, or fewer at the end of the file.
static size_t read_bytes(const char *path, uint8_t *bytes, size_t wanted) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return 0;
  size_t count = fread(bytes, 1, wanted, file);
  fclose(file);
  return count;
}

enum { most_images = 64 };

int main(int argc, char **argv) {
  if (argc != 3) return fail("usage: classify MODEL.dfq PIXELS");
  dynadfq_network *network;
  char message[300];
  if (dynadfq_open(argv[1], 0, &network, message, sizeof message) != DYNADFQ_OK) return fail(message);

  int32_t height = dynadfq_image_height(network), width = dynadfq_image_width(network);
  int32_t channels = dynadfq_image_channels(network), outputs = dynadfq_output_count(network);
  printf("images %dx%dx%d, %d classes\n", height, width, channels, dynadfq_class_count(network));

  size_t image_size = (size_t)height * (size_t)width * (size_t)channels;
  uint8_t *pixels = malloc(most_images * image_size);
  uint8_t *bits = malloc((size_t)most_images * (size_t)outputs + 1);
  if (pixels == NULL || bits == NULL) return fail("no memory");
  size_t size = read_bytes(argv[2], pixels, most_images * image_size);
  int64_t count = (int64_t)(size / image_size);

  // The results that are wanted, each in memory of this program.
  int32_t class_indices[most_images], passes[most_images];
  dynadfq_results results = {.class_indices = class_indices, .passes = passes, .bits = bits};
  if (dynadfq_predict(network, pixels, size, count, &results, message, sizeof message) != DYNADFQ_OK) {
    return fail(message);
  }

  for (int64_t image = 0; image < count; image++) {
    const char *name = dynadfq_class_name(network, class_indices[image]);
    printf("image %d: class %d %s, passes %d, bits", (int)image, class_indices[image], name == NULL ? "" : name,
           passes[image]);
    for (int32_t output = 0; output < outputs; output++) printf(" %d", bits[image * outputs + output]);
    printf("\n");
  }
  free(bits);
  free(pixels);
  dynadfq_close(network);
  return EXIT_SUCCESS;
}
