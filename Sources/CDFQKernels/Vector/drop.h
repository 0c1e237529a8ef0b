/* Elements that QDrop's draws keep: a hash of the stream and the element's position, below a threshold of 2^24. Plain loops of 32-bit
 * integers, which compilers turn into vectors; the scalar table includes them too. */
static inline uint32_t drop_draw(uint64_t stream, uint32_t element) {
  uint32_t x = element + (uint32_t)stream;
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= (uint32_t)(stream >> 32);
  x ^= x >> 15;
  x *= 0x846ca68bu;
  x ^= x >> 16;
  return x >> 8;
}

static void DROP_NAME(keep_elements)(uint64_t stream, uint32_t threshold, uint32_t first,
                                     const float *x, size_t count, float *y) {
  for (size_t i = 0; i < count; i++) {
    const float other = y[i], own = x[i];
    y[i] = drop_draw(stream, first + (uint32_t)i) < threshold ? own : other;
  }
}

static void DROP_NAME(clear_elements)(uint64_t stream, uint32_t threshold, uint32_t first,
                                      const float *x, size_t count, float *y) {
  for (size_t i = 0; i < count; i++) {
    const float own = x[i];
    y[i] = drop_draw(stream, first + (uint32_t)i) < threshold ? 0 : own;
  }
}
