/* Own complex types: Swift's importer cannot read <complex.h>, and nothing here uses complex numbers. */
#define LAPACK_COMPLEX_CUSTOM
typedef struct { float real, imag; } dfq_lapack_complex_float;
typedef struct { double real, imag; } dfq_lapack_complex_double;
#define lapack_complex_float dfq_lapack_complex_float
#define lapack_complex_double dfq_lapack_complex_double
#include <lapacke.h>
