"""Fits a line with PyTorch on the CPU, one checkpoint per epoch; goes on from a checkpoint that is there."""

import argparse
from pathlib import Path

import torch

CHECKPOINT = "checkpoint.pt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train_url", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--epochs", type=int, default=5)
    options, _ = parser.parse_known_args()
    options.train_url.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(0)
    x = torch.linspace(-1, 1, 256).unsqueeze(1)
    y = 3 * x - 0.5 + 0.05 * torch.randn_like(x)
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    first = 1
    path = options.train_url / CHECKPOINT
    if path.exists():
        state = torch.load(path, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["epoch"] + 1
        print(f"resuming at epoch {first}", flush=True)
    for epoch in range(first, options.epochs + 1):
        for _ in range(50):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
        draft = path.with_suffix(".tmp")
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}, draft)
        draft.replace(path)
        print(f"epoch {epoch}/{options.epochs}  loss {loss.item():.5f}", flush=True)
    print(f"slope {model.weight.item():.3f}, intercept {model.bias.item():.3f}")


if __name__ == "__main__":
    main()
