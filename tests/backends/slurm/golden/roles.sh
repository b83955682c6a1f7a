#!/bin/bash
#SBATCH --job-name=job-1-a2
#SBATCH --comment=trainwright:abc
#SBATCH --partition=main-low
#SBATCH --no-requeue
#SBATCH --open-mode=append
#SBATCH --output=/s/runs/job-1-a2/slurm.out
#SBATCH --error=/s/runs/job-1-a2/slurm.out
#SBATCH --chdir=/
#SBATCH --export=ALL
#SBATCH --ntasks=2
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=512
#SBATCH hetjob
#SBATCH --comment=trainwright:abc
#SBATCH --partition=main-low
#SBATCH --no-requeue
#SBATCH --open-mode=append
#SBATCH --output=/s/runs/job-1-a2/slurm.out
#SBATCH --error=/s/runs/job-1-a2/slurm.out
#SBATCH --chdir=/
#SBATCH --export=ALL
#SBATCH --ntasks=3
#SBATCH --cpus-per-task=8
#SBATCH --gpus-per-task=2
#SBATCH --mem-per-cpu=8000

# attempt job-1-a2 of Trainwright: each task runs a keeper, which runs what /s/runs/job-1-a2 says
export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}" LANG="${LANG:-C.UTF-8}"
[ -e /s/runs/job-1-a2/attempt.json ] || exit 0  # reaped meanwhile
trap : TERM  # for the tasks to answer, not for this shell
srun --het-group=0 --export=ALL --input=none --mpi=none --kill-on-bad-exit=0 --wait=0 --ntasks=2 --cpus-per-task=1 python3 -I -S /s/runner.pyz keep /s/runs/job-1-a2 : \
     --het-group=1 --ntasks=3 --cpus-per-task=8 python3 -I -S /s/runner.pyz keep /s/runs/job-1-a2 &
while :; do wait $!; code=$?; kill -0 $! 2>/dev/null || exit $code; done
