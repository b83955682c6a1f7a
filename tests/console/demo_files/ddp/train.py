"""Data-parallel training on several nodes, as its logs look: every rank says its own, rank 0 reports.

With --fail_rank the numbered rank breaks down in the middle, and the others hear of it a moment later.
"""

import argparse
import math
import os
import random
import sys
import time

from trainwright import inside


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--fail_rank", type=int, default=-1)
    parser.add_argument("--epoch_s", type=float, default=0.15)
    parser.add_argument("--seed", type=int, default=7)
    given, _ = parser.parse_known_args()
    rank, ranks = inside.rank(), inside.world_size()
    hosts = os.environ.get("VC_WORKER_HOSTS", "localhost")
    print(f"[rank {rank}] joining process group of {ranks}: {hosts}", flush=True)
    chance = random.Random(given.seed * 1000 + rank)
    slow = 1.6 if rank == ranks - 1 and ranks > 1 else 1.0
    for epoch in range(given.epochs):
        took = given.epoch_s * slow * (1 + abs(chance.gauss(0, 0.1)))
        time.sleep(took)
        loss = 0.2 + 1.9 * math.exp(-epoch / 3) + chance.gauss(0, 0.02)
        print(f"[rank {rank}] epoch {epoch}: shard loss {loss:.4f}, {1024 / took:,.0f} images/s", flush=True)
        if slow > 1 and epoch % 3 == 2:
            print(
                f"[rank {rank}] WARNING: data loader is the bottleneck (queue empty 41 % of the time)",
                flush=True,
            )
        if rank == 0:
            inside.report(step=epoch, loss=loss, images_per_s=1024 * ranks / took)
        if epoch == given.epochs // 2 and given.fail_rank >= 0:
            fail(rank, given.fail_rank)
    print(f"[rank {rank}] done", flush=True)
    return 0


def fail(rank: int, broken: int) -> None:
    if rank != broken:
        time.sleep(20)  # waits for the others, as a collective would, until the platform ends it
        return
    print(
        f"[rank {rank}] NCCL WARN NET/IB : Got completion with error 12, opcode 0, len 0, vendor err 129",
        flush=True,
    )
    raise RuntimeError(
        f"NCCL error in: ProcessGroupNCCL.cpp:1691, unhandled system error (rank {rank}): "
        "Call to recv from 10.0.3.17<54921> failed : Connection reset by peer"
    )


if __name__ == "__main__":
    sys.exit(main())
