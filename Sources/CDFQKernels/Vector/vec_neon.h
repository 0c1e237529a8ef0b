/* Vectors of 4 floats; the names of vec_avx512.h, as far as operations on codes need them. */
#include <arm_neon.h>

#define VL 4
typedef float32x4_t vf;
typedef int vmask; /* the first so many lanes */
typedef uint32x4_t vbool;

#define V_INLINE static inline __attribute__((always_inline))

V_INLINE vf v_zero(void) { return vdupq_n_f32(0); }
V_INLINE vf v_set(float x) { return vdupq_n_f32(x); }
V_INLINE vf v_load(const float *p) { return vld1q_f32(p); }
V_INLINE void v_store(float *p, vf a) { vst1q_f32(p, a); }
V_INLINE vmask v_first(int n) { return n < VL ? n : VL; }
V_INLINE vf v_load_masked(const float *p, vmask m) {
  if (m == VL) return v_load(p);
  float lanes[VL] = {0};
  memcpy(lanes, p, m * sizeof *p);
  return v_load(lanes);
}
V_INLINE void v_store_masked(float *p, vmask m, vf a) {
  if (m == VL) return v_store(p, a);
  float lanes[VL];
  v_store(lanes, a);
  memcpy(p, lanes, m * sizeof *p);
}

V_INLINE vf v_add(vf a, vf b) { return vaddq_f32(a, b); }
V_INLINE vf v_sub(vf a, vf b) { return vsubq_f32(a, b); }
V_INLINE vf v_mul(vf a, vf b) { return vmulq_f32(a, b); }
V_INLINE vf v_div(vf a, vf b) { return vdivq_f32(a, b); }
V_INLINE vf v_sqrt(vf a) { return vsqrtq_f32(a); }
V_INLINE vf v_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
/* Those of the processor propagate each NaN. */
V_INLINE vf v_min(vf a, vf b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
V_INLINE vf v_max(vf a, vf b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
V_INLINE vf v_round(vf a) { return vrndnq_f32(a); }

V_INLINE vbool v_less(vf a, vf b) { return vcltq_f32(a, b); }
V_INLINE vbool v_at_most(vf a, vf b) { return vcleq_f32(a, b); }
V_INLINE vbool v_and(vbool a, vbool b) { return vandq_u32(a, b); }
V_INLINE vbool v_or(vbool a, vbool b) { return vorrq_u32(a, b); }
V_INLINE vbool v_unordered(vf a, vf b) {
  return vmvnq_u32(vandq_u32(vceqq_f32(a, a), vceqq_f32(b, b)));
}
V_INLINE vbool v_never(void) { return vdupq_n_u32(0); }
V_INLINE int v_any(vbool a) { return vmaxvq_u32(a) != 0; }
V_INLINE vf v_select(vbool condition, vf yes, vf no) { return vbslq_f32(condition, yes, no); }

typedef int32x4_t vi;
V_INLINE uint8x16_t vi_bytes(vi a) { return vreinterpretq_u8_s32(a); }
V_INLINE vi vi_of_bytes(uint8x16_t a) { return vreinterpretq_s32_u8(a); }

V_INLINE vi vi_zero(void) { return vdupq_n_s32(0); }
V_INLINE vi vi_set(int32_t x) { return vdupq_n_s32(x); }
V_INLINE vi vi_load(const void *p) { return vi_of_bytes(vld1q_u8(p)); }
V_INLINE void vi_store(void *p, vi a) { vst1q_u8(p, vi_bytes(a)); }
V_INLINE void vi_copy(uint8_t *to, const uint8_t *from) { vst1q_u8_x4(to, vld1q_u8_x4(from)); }
V_INLINE vi vi_add(vi a, vi b) { return vaddq_s32(a, b); }
V_INLINE vi vi_subtract(vi a, vi b) { return vsubq_s32(a, b); }
V_INLINE vi vi_quarter(vi a) { return vshrq_n_s32(a, 2); }
V_INLINE vf v_from_whole(vi a) { return vcvtq_f32_s32(a); }
V_INLINE vi vi_set_words(int16_t x) { return vreinterpretq_s32_s16(vdupq_n_s16(x)); }
V_INLINE vi vi_set_bytes(uint8_t x) { return vi_of_bytes(vdupq_n_u8(x)); }
/* What 32 bits do not hold becomes the nearest number that they do. */
V_INLINE vi v_to_whole(vf a) { return vcvtnq_s32_f32(a); }
V_INLINE vi vi_max_bytes(vi a, vi b) { return vi_of_bytes(vmaxq_u8(vi_bytes(a), vi_bytes(b))); }
V_INLINE vi vi_min_bytes(vi a, vi b) { return vi_of_bytes(vminq_u8(vi_bytes(a), vi_bytes(b))); }
V_INLINE vi vi_of_bits(vf a) { return vreinterpretq_s32_f32(a); }
V_INLINE vf v_of_bits(vi a) { return vreinterpretq_f32_s32(a); }
V_INLINE vi vi_and(vi a, vi b) { return vandq_s32(a, b); }
V_INLINE vi vi_or(vi a, vi b) { return vorrq_s32(a, b); }
V_INLINE vi vi_shift_left(vi a, const int bits) { return vshlq_s32(a, vdupq_n_s32(bits)); }
V_INLINE vi vi_shift_words_right(vi a, const int bits) {
  return vreinterpretq_s32_u16(vshlq_u16(vreinterpretq_u16_s32(a), vdupq_n_s16((int16_t)-bits)));
}
V_INLINE vi vi_from_bytes_n(const uint8_t *p, int n) {
  uint32_t bytes = 0;
  memcpy(&bytes, p, n < VL ? n : VL);
  const uint16x8_t words = vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(bytes)));
  return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(words)));
}
V_INLINE uint8x8_t vi_pack_pair(vi a, vi b, vi words) {
  const int16x8_t both = vcombine_s16(vqmovn_s32(a), vqmovn_s32(b));
  return vqmovun_s16(vqsubq_s16(both, vreinterpretq_s16_s32(words)));
}
V_INLINE vi vi_pack_bytes(const vi *a, vi words) {
  return vi_of_bytes(vcombine_u8(vi_pack_pair(a[0], a[1], words), vi_pack_pair(a[2], a[3], words)));
}
V_INLINE void vi_store_part_n(uint8_t *p, int n, vi a, const int k) {
  const int32_t part = k == 0   ? vgetq_lane_s32(a, 0)
                       : k == 1 ? vgetq_lane_s32(a, 1)
                       : k == 2 ? vgetq_lane_s32(a, 2)
                                : vgetq_lane_s32(a, 3);
  memcpy(p, &part, n < VL ? n : VL);
}
V_INLINE void vi_store_half(uint8_t *p, vi a, const int k) {
  const uint8x16_t bytes = vi_bytes(a);
  vst1_u8(p, k ? vget_high_u8(bytes) : vget_low_u8(bytes));
}

V_INLINE void v_store_bytes_n(uint8_t *p, int n, vf a) {
  const vi whole[4] = {vcvtq_s32_f32(a), vi_zero(), vi_zero(), vi_zero()};
  vi_store_part_n(p, n, vi_pack_bytes(whole, vi_zero()), 0);
}

V_INLINE double v_sum(vf a) {
  return vaddvq_f64(vaddq_f64(vcvt_f64_f32(vget_low_f32(a)), vcvt_high_f64_f32(a)));
}

V_INLINE void v_add_to_doubles(double *p, int n, vf a) {
  for (int i = 0; i < n && i < VL; i++) p[i] += (double)a[i];
}

/* Cells of 16 codes. */
typedef uint8x16_t vcell;
V_INLINE vcell cell_set(uint8_t x) { return vdupq_n_u8(x); }
V_INLINE vcell cell_load(const uint8_t *p) { return vld1q_u8(p); }
V_INLINE void cell_store(uint8_t *p, vcell a) { vst1q_u8(p, a); }
V_INLINE vcell cell_max(vcell a, vcell b) { return vmaxq_u8(a, b); }

/* Keeps the compiler from knowing a vector. */
#define V_HIDE(a) __asm__("" : "+w"(a))
