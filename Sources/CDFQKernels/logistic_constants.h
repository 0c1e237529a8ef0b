/* The numbers of 1 / (1 + e^t): e^t = 2^n e^r with |r| <= ln(2) / 2, and e^r by the polynomial of the Cephes library's expf,
 * whose error is below an ulp. ln(2) is a sum of two numbers, of which n times the first is exact. Outside of the bounds of t
 * the power 2^n would be no normal number; above, the result is 0. */
#define LOGISTIC_LEAST (-87.0f)
#define LOGISTIC_MOST 88.0f
#define LOGISTIC_LOG2E 1.44269504f
#define LOGISTIC_LN2_HIGH 0.693359375f
#define LOGISTIC_LN2_LOW (-2.12194440e-4f)
#define LOGISTIC_P0 1.9875691500e-4f
#define LOGISTIC_P1 1.3981999507e-3f
#define LOGISTIC_P2 8.3334519073e-3f
#define LOGISTIC_P3 4.1665795894e-2f
#define LOGISTIC_P4 1.6666665459e-1f
#define LOGISTIC_P5 5.0000001201e-1f
