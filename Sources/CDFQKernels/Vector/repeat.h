/* REPEAT_n(M, a) is M(a, 1) M(a, 2) ... M(a, n). */
#define REPEAT_2(M, a) M(a, 1) M(a, 2)
#define REPEAT_4(M, a) REPEAT_2(M, a) M(a, 3) M(a, 4)
#define REPEAT_5(M, a) REPEAT_4(M, a) M(a, 5)
#define REPEAT_6(M, a) REPEAT_5(M, a) M(a, 6)
#define REPEAT_9(M, a) REPEAT_6(M, a) M(a, 7) M(a, 8) M(a, 9)
#define REPEAT_12(M, a) REPEAT_9(M, a) M(a, 10) M(a, 11) M(a, 12)
#define REPEAT_14(M, a) REPEAT_12(M, a) M(a, 13) M(a, 14)
#define REPEAT_16(M, a) REPEAT_14(M, a) M(a, 15) M(a, 16)
#define REPEAT_26(M, a)                                                                      \
  REPEAT_16(M, a) M(a, 17) M(a, 18) M(a, 19) M(a, 20) M(a, 21) M(a, 22) M(a, 23) M(a, 24) \
  M(a, 25) M(a, 26)
#define REPEAT_28(M, a) REPEAT_26(M, a) M(a, 27) M(a, 28)
