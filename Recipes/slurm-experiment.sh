#!/usr/bin/env bash
# A template for Slurm: eight independent jobs divide the cells of a recipe through a store on a file system that all nodes see. Jobs may
# start late; the cell of one that is killed or preempted is continued by another one from its checkpoint.
#SBATCH --job-name=experiment
#SBATCH --array=0-7
#SBATCH --cpus-per-task=16
#SBATCH --requeue
set -euo pipefail
dynadfq experiment "$RECIPE" --store "$RUN" --share --threads "$SLURM_CPUS_PER_TASK" --quiet
