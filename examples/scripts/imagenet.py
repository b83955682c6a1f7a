"""A classifier with meters, `--resume`, in the manner of PyTorch's ImageNet example, on fake images."""

import argparse
import shutil
import time
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class AverageMeter:
    def __init__(self, name, form):
        self.name, self.form = name, form
        self.value = self.sum = self.count = 0.0

    def update(self, value, n=1):
        self.value, self.sum, self.count = value, self.sum + value * n, self.count + n

    @property
    def avg(self):
        return self.sum / max(1, self.count)

    def __str__(self):
        return f"{self.name} {self.value:{self.form}} ({self.avg:{self.form}})"


def fake_images(count, seed):
    torch.manual_seed(seed)
    labels = torch.randint(0, 4, (count,))
    return TensorDataset(torch.randn(count, 3, 16, 16) + labels.view(-1, 1, 1, 1) * 0.5, labels)


def save_checkpoint(state, is_best, folder):
    torch.save(state, folder / "checkpoint.tmp")
    (folder / "checkpoint.tmp").replace(folder / "checkpoint.pth.tar")
    if is_best:
        shutil.copyfile(folder / "checkpoint.pth.tar", folder / "model_best.pth.tar")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--print-freq", type=int, default=5)
    parser.add_argument("--train_url", type=Path, default=Path())
    args, _ = parser.parse_known_args()
    train_set, val_set = fake_images(256, 1), fake_images(128, 2)
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 4),
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), args.lr, momentum=0.9, weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30, gamma=0.1)
    start, best, resume = 0, 0.0, args.train_url / "checkpoint.pth.tar"
    if resume.is_file():
        state = torch.load(resume)
        start, best = state["epoch"], state["best_acc1"]
        model.load_state_dict(state["state_dict"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        print(f"=> loaded checkpoint (epoch {start}): resuming at epoch {start}")
    for epoch in range(start, args.epochs):
        losses, spent, began = AverageMeter("Loss", ".4e"), AverageMeter("Time", "6.3f"), time.time()
        model.train()
        loader = DataLoader(train_set, args.batch_size, shuffle=True)
        for i, (images, target) in enumerate(loader):
            loss = criterion(model(images), target)
            losses.update(loss.item(), images.size(0))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            spent.update(time.time() - began)
            began = time.time()
            if i % args.print_freq == 0:
                print(f"Epoch: [{epoch}][{i:3d}/{len(loader)}]\t{spent}\t{losses}")
        model.eval()
        with torch.no_grad():
            images, target = val_set.tensors
            acc1 = (model(images).argmax(1) == target).float().mean().item() * 100
        print(f" *   Acc@1 {acc1:.3f} Epoch {epoch}", flush=True)
        scheduler.step()
        best, is_best = max(best, acc1), acc1 > best
        state = {
            "epoch": epoch + 1,
            "state_dict": model.state_dict(),
            "best_acc1": best,
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
        }
        save_checkpoint(state, is_best, args.train_url)


if __name__ == "__main__":
    main()
