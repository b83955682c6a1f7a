"""Trains a small network on several workers with PyTorch DDP (gloo) and goes on from the newest checkpoint.

The platform gives --init_method, --rank and --world_size to each worker of a job with several nodes, and names the
newest complete checkpoint in MA_RESUME_FROM. The loss of every step is the same whether or not the run was interrupted.
"""

import argparse
import os
import time
from pathlib import Path

import torch
import torch.distributed as dist

SAMPLES, FEATURES = 512, 16


def main() -> None:
    options = read_options()
    torch.set_num_threads(1)
    if options.world_size > 1:
        dist.init_process_group(
            "gloo", init_method=options.init_method, rank=options.rank, world_size=options.world_size
        )
    model, optimizer = make_model()
    trained = torch.nn.parallel.DistributedDataParallel(model) if options.world_size > 1 else model
    x, y = make_data()
    # DDP puts its buckets into another order after its first step, and in another order the workers' gradients add up
    # to other last bits: that step is made here, so that the steps after a resume are the same as without it.
    trained(x).sum().backward()
    begun = resume(model, optimizer)
    print(f"going on after step {begun}", flush=True)
    share = options.batch // options.world_size
    loss = torch.zeros(())
    for step in range(begun + 1, options.steps + 1):
        first = (step * options.batch) % SAMPLES + options.rank * share
        mine = torch.arange(first, first + share) % SAMPLES
        loss = torch.nn.functional.mse_loss(trained(x[mine]), y[mine])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if options.rank == 0:
            print(f"step {step} loss {loss.item():.6f}", flush=True)
            if step % options.every == 0:
                save(options.train_url, step, model, optimizer)
        time.sleep(options.pause)
    if options.rank == 0:
        whole = torch.nn.functional.mse_loss(model(x), y)
        print(f"final loss {whole.item().hex()}", flush=True)
    if options.world_size > 1:
        dist.destroy_process_group()
        # Not by `return`: a thread of gloo's may still hold what the last backward pass gave it, and asks for the
        # interpreter to let go of it. PyTorch 2.13 hangs when the model goes before that, and aborts when Python does.
        os._exit(0)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train_url", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--every", type=int, default=10, help="steps between two checkpoints")
    parser.add_argument("--batch", type=int, default=64, help="samples of all workers together in a step")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds to wait after each step")
    parser.add_argument("--init_method", default="env://")
    parser.add_argument("--rank", type=int, default=0)
    parser.add_argument("--world_size", type=int, default=1)
    options, _ = parser.parse_known_args()
    return options


def make_model() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(FEATURES, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
    return model, torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


def make_data() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(SAMPLES, FEATURES, generator=generator)
    return x, torch.sin(x.sum(dim=1, keepdim=True))


def resume(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """The step to go on from; 0 when there is nothing to go on from."""
    path = os.environ.get("MA_RESUME_FROM", "")
    if not path:
        return 0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def save(folder: Path, step: int, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Written aside and renamed: a checkpoint that has its name is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / "checkpoint.tmp"
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, draft)
    draft.replace(folder / f"step_{step}.pt")


if __name__ == "__main__":
    main()
