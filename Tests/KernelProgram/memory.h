/* Random numbers, and memory between pages that nobody may touch. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t random_state = 1;

static uint32_t random_word(void) { /* splitmix64 */
  uint64_t z = random_state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return (uint32_t)((z ^ z >> 31) >> 32);
}

static int32_t below(int32_t count) { return (int32_t)(random_word() % (uint32_t)count); }

static float between(float low, float high) {
  return low + (high - low) * (float)(random_word() >> 8) * 0x1p-24f;
}

/* A whole number of so many bits, with a sign. */
static int64_t whole(int32_t bits) {
  const uint64_t word = (uint64_t)random_word() << 32 | random_word();
  return (int64_t)word >> (64 - bits);
}

/* Blocks of one case, all released by release(). */
enum { MOST_BLOCKS = 64 };
static struct {
  void *start;
  size_t length;
} blocks[MOST_BLOCKS];
static int block_count = 0;
static int at_end = 0; /* whether blocks end, or begin, at such a page */

static void *allocate(size_t bytes) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t room = (bytes + page - 1) / page * page, length = room + 2 * page;
  uint8_t *start = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED || block_count == MOST_BLOCKS ||
      (room && mprotect(start + page, room, PROT_READ | PROT_WRITE) != 0)) {
    fprintf(stderr, "no memory\n");
    exit(2);
  }
  blocks[block_count].start = start;
  blocks[block_count++].length = length;
  return start + page + (at_end ? room - bytes : 0);
}

static void release(void) {
  while (block_count > 0) {
    block_count--;
    munmap(blocks[block_count].start, blocks[block_count].length);
  }
}

/* Codes of so many bits from `least` on, many of them extreme. */
static void fill_codes(void *codes, size_t count, int32_t bits, int32_t least) {
  for (size_t i = 0; i < count; i++) {
    const int32_t kind = below(6), levels = 1 << bits;
    const int32_t code = kind == 0 ? 0 : kind == 1 ? levels - 1 : below(levels);
    ((uint8_t *)codes)[i] = (uint8_t)(code + least);
  }
}

static float *floats(size_t count, float low, float high) {
  float *x = allocate(count * sizeof *x);
  for (size_t i = 0; i < count; i++) x[i] = between(low, high);
  return x;
}

static int32_t *wholes(size_t count, int32_t bits) {
  int32_t *x = allocate(count * sizeof *x);
  for (size_t i = 0; i < count; i++) x[i] = (int32_t)whole(bits);
  return x;
}

static int64_t *addends(size_t count) {
  int64_t *x = allocate(count * sizeof *x);
  for (size_t i = 0; i < count; i++) x[i] = whole(58);
  return x;
}

#endif
