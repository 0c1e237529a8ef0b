#!/usr/bin/env bash
# A template for Slurm: eight independent jobs share a synthesis through a folder on a file system that all nodes see. Jobs may start
# late, and one that is killed or preempted loses only its current batch; submit again to replace it.
#SBATCH --job-name=synthesis
#SBATCH --array=0-7
#SBATCH --cpus-per-task=16
#SBATCH --requeue
set -euo pipefail
dynadfq synthesize --model "$MODEL" --preset full --checkpoint "$RUN/batches" --share --threads "$SLURM_CPUS_PER_TASK" \
  -o "$RUN/images-$SLURM_ARRAY_TASK_ID.safetensors"
