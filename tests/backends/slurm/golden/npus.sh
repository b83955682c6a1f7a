#!/bin/bash
#SBATCH --job-name=job-1-a2
#SBATCH --comment=trainwright:abc
#SBATCH --partition=main
#SBATCH --qos=normal
#SBATCH --no-requeue
#SBATCH --open-mode=append
#SBATCH --output=/shared/tw2/runs/job-1-a2/slurm.out
#SBATCH --error=/shared/tw2/runs/job-1-a2/slurm.out
#SBATCH --chdir=/
#SBATCH --export=ALL
#SBATCH --time=60
#SBATCH --account=lab
#SBATCH --constraint=ib
#SBATCH --ntasks=2
#SBATCH --cpus-per-task=24
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gres=npu:910b:8
#SBATCH --mem=100000

# attempt job-1-a2 of Trainwright: each task runs a keeper, which runs what /shared/tw2/runs/job-1-a2 says
export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}" LANG="${LANG:-C.UTF-8}"
[ -e /shared/tw2/runs/job-1-a2/attempt.json ] || exit 0  # reaped meanwhile
trap : TERM  # for the tasks to answer, not for this shell
srun --export=ALL --input=none --mpi=none --kill-on-bad-exit=0 --wait=0 --ntasks=2 --cpus-per-task=24 /opt/python3.11/bin/python3 -I -S /shared/tw2/runner.pyz keep /shared/tw2/runs/job-1-a2 &
while :; do wait $!; code=$?; kill -0 $! 2>/dev/null || exit $code; done
