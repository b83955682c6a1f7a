"""Learns to read handwritten digits: a small neural network on 8×8 scans, with checkpoints.

Runs as a training job or by hand:  python train.py --data_url FOLDER --train_url FOLDER --epochs 20
"""

import argparse
import csv
import json
import time
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

CHECKPOINT = "checkpoint.joblib"
CLASSES = np.arange(10)


@dataclass
class Checkpoint:
    """What is needed to go on: the model as it stands and the number of epochs behind it."""

    epoch: int
    model: MLPClassifier


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data_url", type=Path, required=True, help="folder of scans with its index.csv")
    parser.add_argument("--train_url", type=Path, required=True, help="folder for checkpoints and the model")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--hidden", type=int, default=64, help="units of the hidden layer")
    parser.add_argument("--learning_rate", type=float, default=0.003)
    parser.add_argument("--seed", type=int, default=7)
    # The platform may pass more than we know: a training script takes what is its own.
    known, others = parser.parse_known_args()
    if others:
        print(f"arguments not used: {' '.join(others)}", flush=True)
    return known


def read_pgm(path: Path) -> NDArray[np.float64]:
    """The pixels of a binary PGM of at most 256 grey values, as numbers between 0 and 1."""
    kind, size, grey, pixels = path.read_bytes().split(b"\n", 3)
    if kind != b"P5":
        raise ValueError(f"{path} is not a binary PGM")
    width, height = map(int, size.split())
    return np.frombuffer(pixels, dtype=np.uint8, count=width * height) / int(grey)


def read_scans(folder: Path) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    with (folder / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    images = np.stack([read_pgm(folder / row["file"]) for row in rows])
    return images, np.array([int(row["label"]) for row in rows])


def load_checkpoint(path: Path) -> Checkpoint | None:
    return joblib.load(path) if path.exists() else None


def save(path: Path, content: object) -> None:
    """A reader, or an upload that runs meanwhile, never sees half a file."""
    draft = path.with_name(f".{path.name}.tmp")
    joblib.dump(content, draft)
    draft.replace(path)


def main() -> None:
    options = parse_arguments()
    options.train_url.mkdir(parents=True, exist_ok=True)
    images, labels = read_scans(options.data_url)
    train_x, test_x, train_y, test_y = train_test_split(
        images, labels, test_size=0.2, random_state=options.seed, stratify=labels
    )
    print(f"{len(images)} scans: {len(train_x)} to learn from, {len(test_x)} to test with", flush=True)

    found = load_checkpoint(options.train_url / CHECKPOINT)
    if found:
        print(f"resuming after epoch {found.epoch}", flush=True)
    state = found or Checkpoint(
        epoch=0,
        model=MLPClassifier(
            hidden_layer_sizes=(options.hidden,),
            learning_rate_init=options.learning_rate,
            batch_size=64,
            random_state=options.seed,
        ),
    )
    began = time.monotonic()
    while state.epoch < options.epochs:
        state.model.partial_fit(train_x, train_y, classes=CLASSES)
        state.epoch += 1
        save(options.train_url / CHECKPOINT, state)
        accuracy = state.model.score(train_x, train_y)
        print(
            f"epoch {state.epoch}/{options.epochs}  loss {state.model.loss_:.4f}  accuracy {accuracy:.4f}",
            flush=True,
        )

    accuracy = float(state.model.score(test_x, test_y))
    save(options.train_url / "model.joblib", state.model)
    metrics = {
        "test_accuracy": accuracy,
        "loss": float(state.model.loss_),
        "epochs": state.epoch,
        "seconds": round(time.monotonic() - began, 3),
    }
    (options.train_url / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    print(f"test accuracy: {accuracy:.4f}", flush=True)


if __name__ == "__main__":
    main()
