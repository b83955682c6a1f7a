"""Trainings that end badly, each in a way of its own: --how says which."""

import argparse
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from trainwright import inside


class OutOfMemoryError(RuntimeError):
    """As a framework says it."""


def wrong_shape() -> None:
    """Deep in a call stack, in the middle of an epoch."""

    def matmul(left: tuple[int, int], right: tuple[int, int]) -> None:
        if left[1] != right[0]:
            raise ValueError(
                f"mat1 and mat2 shapes cannot be multiplied ({left[0]}x{left[1]} and {right[0]}x{right[1]})"
            )

    def forward(batch: tuple[int, int]) -> None:
        matmul(batch, (512, 10))

    forward((64, 2048))


def missing_module() -> None:
    __import__("albumentations")


def card_memory() -> None:
    raise OutOfMemoryError(
        "CUDA out of memory. Tried to allocate 2.25 GiB. GPU 0 has a total capacity of 31.74 GiB of which 1.09 GiB "
        "is free. Of the allocated memory 28.12 GiB is allocated by PyTorch."
    )


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def not_a_number() -> None:
    inside.report(step=6, loss=math.nan)
    print("epoch 6: loss nan", flush=True)
    print("损失变为 NaN，停止训练 / loss is NaN, giving up", file=sys.stderr, flush=True)
    sys.exit(3)


def bad_label() -> None:
    labels = {"cat": 0, "dog": 1}
    print(labels["兔子"])


def missing_file() -> None:
    folder = Path(os.environ.get("MA_DATA_URL", "data"))
    (folder / "annotations" / "instances_train2026.json").read_text(encoding="utf-8")


def memory() -> None:
    kept = []
    while True:
        kept.append(b"\1" * (16 << 20))
        print(f"cached {len(kept) * 16} MiB", flush=True)
        time.sleep(0.05)


WAYS: dict[str, Callable[[], None]] = {
    "wrong-shape": wrong_shape,
    "missing-module": missing_module,
    "card-memory": card_memory,
    "killed": killed,
    "nan": not_a_number,
    "bad-label": bad_label,
    "missing-file": missing_file,
    "memory": memory,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--how", choices=sorted(WAYS), required=True)
    parser.add_argument("--learning_rate", type=float, default=0.1)
    given, _ = parser.parse_known_args()
    print("loading the model … 加载模型", flush=True)
    for epoch in range(6):
        loss = 0.4 + 1.8 * math.exp(-epoch / 2)
        inside.report(step=epoch, loss=loss)
        print(f"epoch {epoch}: loss {loss:.4f}", flush=True)
        time.sleep(0.03)
    WAYS[given.how]()


if __name__ == "__main__":
    main()
