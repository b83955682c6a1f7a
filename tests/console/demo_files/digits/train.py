"""Softmax regression on scanned digits, 8 x 8 points each, in plain Python: no packages needed.

python train.py --data_url <folder with train.csv and test.csv> --train_url <output folder>
"""

import argparse
import csv
import json
import math
import os
import random
import time
from pathlib import Path

from plots import write_confusion, write_curves  # type: ignore[import-not-found]  # lies beside this file

from trainwright import inside

Sample = tuple[list[tuple[int, float]], int]
CLASSES, POINTS = 10, 64


def read(path: Path) -> list[Sample]:
    """Samples as (their non-zero points, digit)."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return [
            ([(at, int(value) / 16) for at, value in enumerate(row[1:]) if value != "0"], int(row[0]))
            for row in rows
        ]


class Model:
    """Weights, one row for each class, the bias last."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.rows = [[chance.gauss(0, 0.01) for _ in range(POINTS + 1)] for _ in range(CLASSES)]

    def probabilities(self, points: list[tuple[int, float]]) -> list[float]:
        scores = [row[POINTS] + sum(row[at] * value for at, value in points) for row in self.rows]
        highest = max(scores)
        powers = [math.exp(score - highest) for score in scores]
        total = sum(powers)
        return [power / total for power in powers]

    def learn(self, points: list[tuple[int, float]], digit: int, rate: float, decay: float) -> float:
        """One step of gradient descent; the loss before it."""
        shares = self.probabilities(points)
        for number, row in enumerate(self.rows):
            slope = rate * (shares[number] - (number == digit))
            row[POINTS] -= slope
            for at, value in points:
                row[at] -= slope * value + decay * row[at]
        return -math.log(max(shares[digit], 1e-12))

    def judge(self, samples: list[Sample]) -> tuple[float, float, list[list[int]]]:
        """Mean loss, accuracy, confusion matrix."""
        loss, table = 0.0, [[0] * CLASSES for _ in range(CLASSES)]
        for points, digit in samples:
            shares = self.probabilities(points)
            loss -= math.log(max(shares[digit], 1e-12))
            table[digit][shares.index(max(shares))] += 1
        right = sum(table[digit][digit] for digit in range(CLASSES))
        return loss / len(samples), right / len(samples), table


def save(model: Model, path: Path) -> None:
    """Whole or not at all."""
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(model.rows), encoding="utf-8")
    draft.rename(path)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data_url", type=Path, required=True)
    parser.add_argument("--train_url", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--learning_rate", type=float, default=0.1)
    parser.add_argument("--weight_decay", type=float, default=0.0)
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--scheduler", choices=("constant", "cosine"), default="cosine")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    given = arguments()
    chance = random.Random(given.seed)
    train, test = read(given.data_url / "train.csv"), read(given.data_url / "test.csv")
    print(
        f"读取数据：训练 {len(train)} 条，测试 {len(test)} 条 / {len(train)} training, {len(test)} test samples"
    )
    print(
        f"arguments: {json.dumps({key: str(value) for key, value in vars(given).items()}, ensure_ascii=False)}"
    )
    model, best, step, history = Model(given.seed), 0.0, 0, []
    for epoch in range(1, given.epochs + 1):
        began, total = time.perf_counter(), 0.0
        chance.shuffle(train)
        share = (epoch - 1) / max(1, given.epochs - 1)
        scale = 0.5 * (1 + math.cos(math.pi * share)) if given.scheduler == "cosine" else 1.0
        rate = given.learning_rate * max(scale, 0.01)
        for first in range(0, len(train), given.batch_size):
            batch = train[first : first + given.batch_size]
            loss = sum(model.learn(*sample, rate, given.weight_decay) for sample in batch) / len(batch)
            total += loss * len(batch)
            inside.report(step=step, **{"train/loss": loss})
            step += 1
        took = time.perf_counter() - began
        held_out, accuracy, _ = model.judge(test)
        history.append((epoch, total / len(train), held_out, accuracy))
        told = {"val/loss": held_out, "val/accuracy": accuracy, "learning_rate": rate, "epoch_s": took}
        inside.report(told, step=step)
        print(
            f"epoch {epoch:>3}/{given.epochs}  loss {total / len(train):.4f}  "
            f"val_loss {held_out:.4f}  val_accuracy {accuracy:.4f}  lr {rate:.5f}  {took:.2f} s",
            flush=True,
        )
        if accuracy > best:
            best = accuracy
            save(model, given.train_url / "best.json")
        if epoch % 5 == 0 or epoch == given.epochs:
            path = given.train_url / "checkpoints" / f"epoch={epoch}-step={step}-val_loss={held_out:.3f}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            save(model, path)
            inside.checkpoint(path, step=step)
    write_results(given.train_url, model, test, history)
    print(f"test accuracy: {best:.4f}")


def write_results(
    folder: Path, model: Model, test: list[Sample], history: list[tuple[int, float, float, float]]
) -> None:
    """Pictures and texts for people; the model where the platform keeps models."""
    _, accuracy, table = model.judge(test)
    write_confusion(folder / "confusion_matrix.png", table)
    write_curves(folder / "图表" / "loss.png", [[row[1] for row in history], [row[2] for row in history]])
    with (folder / "history.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("epoch", "loss", "val_loss", "val_accuracy"))
        rows.writerows(history)
    lines = [
        f"# 训练报告 Training report\n\naccuracy: {accuracy:.4f}\n\n| digit | right | of |\n| --- | --- | --- |"
    ]
    lines += [f"| {digit} | {row[digit]} | {sum(row)} |" for digit, row in enumerate(table)]
    (folder / "训练报告.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if os.environ.get("model"):  # noqa: SIM112  # the platform's name for it
        kept = Path(os.environ["model"])  # noqa: SIM112
        save(model, kept / "weights.json")
        (kept / "labels.txt").write_text("\n".join(map(str, range(CLASSES))) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
