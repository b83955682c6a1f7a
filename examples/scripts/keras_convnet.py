"""A small convnet in Keras in the manner of its MNIST example; TensorBoard callback, a backup after each epoch."""

import argparse
import math
from pathlib import Path

import keras
import numpy as np
from keras import layers


def images(count, seed):
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 3, count)
    pictures = draw.random((count, 8, 8, 1)) + labels[:, None, None, None] * 0.5
    return pictures.astype("float32"), keras.utils.to_categorical(labels, 3)


class Backup(keras.callbacks.Callback):
    """In one file, which is there when it is whole: of what BackupAndRestore writes a stop may leave one half."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch, logs=None):
        draft = self.path.with_name("draft.keras")
        self.model.save(draft)
        draft.replace(self.path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--train_url", type=Path, default=Path())
    args, _ = parser.parse_known_args()
    keras.utils.set_random_seed(0)
    (x_train, y_train), (x_test, y_test) = images(512, 1), images(128, 2)
    model = keras.Sequential(
        [
            keras.Input(shape=(8, 8, 1)),
            layers.Conv2D(8, kernel_size=3, activation="relu"),
            layers.MaxPooling2D(pool_size=2),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    done, backup = 0, args.train_url / "backup.keras"
    if backup.exists():
        model = keras.models.load_model(backup)
        done = int(model.optimizer.iterations) // math.ceil(len(x_train) / args.batch_size)
        print(f"resuming from the backup at epoch {done + 1}", flush=True)
    model.fit(
        x_train,
        y_train,
        batch_size=args.batch_size,
        initial_epoch=done,
        epochs=args.epochs,
        validation_data=(x_test, y_test),
        verbose=2,
        callbacks=[
            Backup(backup),
            keras.callbacks.TensorBoard(str(args.train_url / "logs")),
        ],
    )
    model.save(args.train_url / "model.keras")
    print("Test accuracy:", model.evaluate(x_test, y_test, verbose=0)[1])


if __name__ == "__main__":
    main()
