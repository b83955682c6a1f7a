"""A Lightning module with its Trainer: TensorBoard logger, checkpoints, `ckpt_path="last"`."""

import argparse
import os
from pathlib import Path

import lightning as L
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.plugins.io import TorchCheckpointIO
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class WholeCheckpoints(TorchCheckpointIO):
    """Lightning's own drafts lie in the temporary folder; from another file system they are copied, and a stop may cut
    that short.
    """

    def save_checkpoint(self, checkpoint, path, storage_options=None):
        super().save_checkpoint(checkpoint, f"{path}.draft", storage_options)
        os.replace(f"{path}.draft", path)  # noqa: PTH105


class Classifier(L.LightningModule):
    def __init__(self, lr=1e-2):
        super().__init__()
        self.save_hyperparameters()
        self.network = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))

    def training_step(self, batch, batch_idx):
        data, target = batch
        loss = nn.functional.cross_entropy(self.network(data), target)
        self.log("train_loss", loss, on_step=False, on_epoch=True)
        return loss

    def on_train_epoch_end(self):
        print(f"epoch {self.current_epoch} done", flush=True)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--max_epochs", type=int, default=5)
    parser.add_argument("--train_url", type=Path, default=Path())
    args, _ = parser.parse_known_args()
    L.seed_everything(7)
    digits = load_digits()
    data = TensorDataset(torch.tensor(digits.data / 16.0, dtype=torch.float32), torch.tensor(digits.target))
    folder = args.train_url / "checkpoints"
    trainer = L.Trainer(
        max_epochs=args.max_epochs,
        accelerator="cpu",
        devices=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        logger=TensorBoardLogger(str(args.train_url / "tb"), name="", version=""),
        callbacks=[ModelCheckpoint(str(folder), filename="{epoch}", save_last=True)],
        plugins=[WholeCheckpoints()],
    )
    last = folder / "last.ckpt"
    if last.exists():
        print("resuming from last.ckpt", flush=True)
    trainer.fit(
        Classifier(),
        DataLoader(data, batch_size=256, shuffle=True),
        ckpt_path=str(last) if last.exists() else None,
    )
    print(f"trained {trainer.current_epoch} epochs")


if __name__ == "__main__":
    main()
