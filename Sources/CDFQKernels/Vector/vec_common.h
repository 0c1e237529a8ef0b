/* What both vector widths share: loads and stores of n lanes (n == VL is resolved at compile
 * time). */
V_INLINE vf v_load_n(const float *p, int n) {
  return n >= VL ? v_load(p) : v_load_masked(p, v_first(n));
}
V_INLINE void v_store_n(float *p, int n, vf a) {
  if (n >= VL) {
    v_store(p, a);
  } else {
    v_store_masked(p, v_first(n), a);
  }
}

V_INLINE int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
V_INLINE int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }
V_INLINE int32_t divide_up(int32_t a, int32_t b) { return (a + b - 1) / b; }
V_INLINE int32_t floor_divide(int32_t a, int32_t b) { return (a < 0 ? a - b + 1 : a) / b; }

/* Aligns scratch memory to a cache line. */
V_INLINE float *aligned_start(float *p) { return (float *)(((uintptr_t)p + 63) & ~(uintptr_t)63); }
enum { ALIGNMENT_ROOM = 16 };

#define UNROLL_FULLY _Pragma("clang loop unroll(full)")
