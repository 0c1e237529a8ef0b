#include "dfq_mpi.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef DFQ_MPI
#if __has_include(<mpi.h>)
#include <mpi.h>
#else
/* Debian's place for whichever implementation is chosen. */
#include <mpi/mpi.h>
#endif

int dfq_mpi_is_built(void) { return 1; }

int dfq_mpi_start(int *rank, int *processes) {
  int provided = 0;
  int error = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
  if (error != MPI_SUCCESS) return error;
  if (provided < MPI_THREAD_SERIALIZED) return DFQ_MPI_THREADS;
  error = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (error == MPI_SUCCESS) error = MPI_Comm_rank(MPI_COMM_WORLD, rank);
  if (error == MPI_SUCCESS) error = MPI_Comm_size(MPI_COMM_WORLD, processes);
  return error;
}

int dfq_mpi_finish(void) { return MPI_Finalize(); }

void dfq_mpi_abort(int code) { MPI_Abort(MPI_COMM_WORLD, code); }

/* One process after the other sends its part: for what is too large for MPI's counts of type int. */
static int gather_large(char *memory, const size_t *starts, const size_t *counts, int processes) {
  const size_t most = (size_t)1 << 30;
  for (int root = 0; root < processes; root++) {
    for (size_t done = 0; done < counts[root]; done += most) {
      const size_t rest = counts[root] - done;
      const int count = (int)(rest < most ? rest : most);
      const int error =
          MPI_Bcast(memory + starts[root] + done, count, MPI_BYTE, root, MPI_COMM_WORLD);
      if (error != MPI_SUCCESS) return error;
    }
  }
  return MPI_SUCCESS;
}

int dfq_mpi_gather(void *memory, const size_t *starts, const size_t *counts, int processes) {
  int fits = 1;
  for (int r = 0; r < processes; r++) fits = fits && starts[r] <= INT_MAX && counts[r] <= INT_MAX;
  if (!fits) return gather_large(memory, starts, counts, processes);
  int *sizes = malloc(2 * sizeof(int) * (size_t)processes);
  if (!sizes) return MPI_ERR_NO_MEM;
  int *places = sizes + processes;
  for (int r = 0; r < processes; r++) {
    sizes[r] = (int)counts[r];
    places[r] = (int)starts[r];
  }
  const int error = MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, memory, sizes, places,
                                   MPI_BYTE, MPI_COMM_WORLD);
  free(sizes);
  return error;
}

void dfq_mpi_error_text(int error, char *text, size_t size) {
  char buffer[MPI_MAX_ERROR_STRING + 1] = "";
  int length = 0;
  if (error == DFQ_MPI_THREADS) {
    snprintf(buffer, sizeof(buffer), "the library has no support for several threads");
  } else if (MPI_Error_string(error, buffer, &length) != MPI_SUCCESS) {
    snprintf(buffer, sizeof(buffer), "error %d", error);
  }
  snprintf(text, size, "%s", buffer);
}

#else

int dfq_mpi_is_built(void) { return 0; }
int dfq_mpi_start(int *rank, int *processes) {
  *rank = 0;
  *processes = 1;
  return DFQ_MPI_MISSING;
}
int dfq_mpi_finish(void) { return DFQ_MPI_MISSING; }
void dfq_mpi_abort(int code) { exit(code); }
int dfq_mpi_gather(void *memory, const size_t *starts, const size_t *counts, int processes) {
  (void)memory, (void)starts, (void)counts, (void)processes;
  return DFQ_MPI_MISSING;
}
void dfq_mpi_error_text(int error, char *text, size_t size) {
  (void)error;
  snprintf(text, size, "this program was built without MPI");
}

#endif
