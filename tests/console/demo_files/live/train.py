"""A long training as it looks from outside: a line each second in colours, a progress bar, numbers that move.

It learns nothing; it is there to be watched. It ends by itself after --steps, or as soon as it is asked to.
"""

import argparse
import math
import random
import sys
import time

from trainwright import inside

GREEN, YELLOW, RED, CYAN, GREY, BOLD, PLAIN = (
    f"\x1b[{code}m" for code in ("32", "33", "31", "36", "90", "1", "0")
)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=36_000)
    parser.add_argument("--learning_rate", type=float, default=3e-4)
    parser.add_argument("--warmup", type=int, default=20)
    parser.add_argument("--history", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    given, _ = parser.parse_known_args()
    chance = random.Random(given.seed + inside.rank())
    print(
        f"{BOLD}Llama-tiny 预训练{PLAIN}  world size {inside.world_size()}, rank {inside.rank()}", flush=True
    )
    print(f"{GREY}parameters: 42.7 M, sequence length 1024, bf16{PLAIN}", flush=True)
    for step in range(given.steps):
        rate = given.learning_rate * min(1.0, (step + 1) / given.warmup)
        loss = 2.1 + 7.5 * math.exp(-step / 240) + chance.gauss(0, 0.06)
        norm = abs(chance.gauss(0.9, 0.2)) + (4.0 if step % 97 == 96 else 0.0)
        tokens = 51_200 + chance.gauss(0, 900)
        if inside.rank() == 0:
            told = {"loss": loss, "perplexity": math.exp(min(loss, 20)), "grad_norm": norm}
            inside.report(told, step=step, tokens_per_s=tokens, learning_rate=rate)
        if step < given.history:
            continue  # what a watcher missed: numbers only
        say(step, given.steps, loss, norm, tokens)
        work_until = time.monotonic() + 0.1
        while time.monotonic() < work_until:
            math.sqrt(chance.random())
        if inside.should_stop():
            print(f"{YELLOW}收到停止请求，保存检查点… asked to stop, saving{PLAIN}", flush=True)
            return 0
        time.sleep(0.9)
    return 0


def say(step: int, steps: int, loss: float, norm: float, tokens: float) -> None:
    """The bar, and every so often something else."""
    if step % 50 == 0:
        held_out = loss * 1.03
        print(f"{CYAN}[eval]{PLAIN} step {step}: val_loss {held_out:.4f}", flush=True)
    if norm > 3:
        print(f"{YELLOW}WARNING{PLAIN} gradient norm {RED}{norm:.2f}{PLAIN} clipped to 1.0", flush=True)
    share = (step + 1) / steps
    bar = "█" * int(share * 30) + "░" * (30 - int(share * 30))
    sys.stdout.write(f"\rpretrain {share:>6.2%} |{bar}| {step + 1}/{steps} [{tokens:,.0f} tok/s]")
    sys.stdout.write(f"\n{GREEN}step {step + 1:>6}{PLAIN}  loss {BOLD}{loss:.4f}{PLAIN}  grad {norm:.2f}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
