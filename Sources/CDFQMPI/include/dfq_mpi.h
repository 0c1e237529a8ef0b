/* What DynaDFQ needs of MPI, in types that do not depend on its implementation. Every function returns 0, or an error code that
 * dfq_mpi_error_text explains. Without DFQ_MPI at compile time there is no MPI, and all return DFQ_MPI_MISSING. */
#ifndef DFQ_MPI_H
#define DFQ_MPI_H
#include <stddef.h>
#include <stdint.h>

enum { DFQ_MPI_MISSING = -1, DFQ_MPI_THREADS = -2 };

/* Whether MPI was there at compile time. */
int dfq_mpi_is_built(void);
/* Starts MPI; errors are returned from then on. Calls may come from any thread, one at a time. */
int dfq_mpi_start(int *rank, int *processes);
int dfq_mpi_finish(void);
/* Ends the processes of the whole computation with an exit code. */
void dfq_mpi_abort(int code);
/* Process r has written bytes starts[r] ..< starts[r] + counts[r] of memory; afterwards each process has all of them. */
int dfq_mpi_gather(void *memory, const size_t *starts, const size_t *counts, int processes);
/* At most `size` bytes, with the 0 at the end. */
void dfq_mpi_error_text(int error, char *text, size_t size);
#endif
