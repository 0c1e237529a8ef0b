/* What exchanges like those of training cost between processes: MPI_Allgatherv of little and of much, in microseconds.
 * mpicc -O2 exchange.c -o exchange && mpirun -n 2 ./exchange */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static double seconds(char *memory, int bytes, int rank, int processes, int repetitions) {
  int *counts = malloc(sizeof(int) * processes), *starts = malloc(sizeof(int) * processes);
  for (int p = 0; p < processes; p++) {
    starts[p] = (int)((long)bytes * p / processes);
    counts[p] = (int)((long)bytes * (p + 1) / processes) - starts[p];
  }
  double start = 0;
  for (int k = -repetitions / 10 - 1; k < repetitions; k++) {
    if (k == 0) {
      MPI_Barrier(MPI_COMM_WORLD);
      start = MPI_Wtime();
    }
    MPI_Allgatherv(MPI_IN_PLACE, counts[rank], MPI_BYTE, memory, counts, starts, MPI_BYTE, MPI_COMM_WORLD);
  }
  const double time = (MPI_Wtime() - start) / repetitions;
  free(counts);
  free(starts);
  return time;
}

int main(void) {
  enum { LITTLE = 256, MUCH = 8 << 20 };
  int rank, processes;
  MPI_Init(NULL, NULL);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &processes);
  char *memory = calloc(1, MUCH);
  const double little = seconds(memory, LITTLE, rank, processes, 20000);
  const double much = seconds(memory, MUCH, rank, processes, 200);
  if (rank == 0) {
    printf("%d processes: %d bytes in %.2f us, %d bytes in %.0f us (each obtains %.2f GB/s)\n", processes, LITTLE,
           1e6 * little, MUCH, 1e6 * much, (double)MUCH * (processes - 1) / processes / much / 1e9);
  }
  free(memory);
  MPI_Finalize();
  return 0;
}
