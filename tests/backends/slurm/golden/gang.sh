#!/bin/bash
#SBATCH --job-name=job-1-a2
#SBATCH --comment=trainwright:abc
#SBATCH --partition=large
#SBATCH --nice=1000
#SBATCH --no-requeue
#SBATCH --open-mode=append
#SBATCH --output=/shared/tw/runs/job-1-a2/slurm.out
#SBATCH --error=/shared/tw/runs/job-1-a2/slurm.out
#SBATCH --chdir=/
#SBATCH --export=ALL
#SBATCH --time=76
#SBATCH --exclude=n1,n3
#SBATCH --ntasks=4
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=512

# attempt job-1-a2 of Trainwright: each task runs a keeper, which runs what /shared/tw/runs/job-1-a2 says
export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}" LANG="${LANG:-C.UTF-8}"
[ -e /shared/tw/runs/job-1-a2/attempt.json ] || exit 0  # reaped meanwhile
trap : TERM  # for the tasks to answer, not for this shell
srun --export=ALL --input=none --mpi=none --kill-on-bad-exit=0 --wait=0 --ntasks=4 --cpus-per-task=1 python3 -I -S /shared/tw/runner.pyz keep /shared/tw/runs/job-1-a2 &
while :; do wait $!; code=$?; kill -0 $! 2>/dev/null || exit $code; done
