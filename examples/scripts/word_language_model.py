"""An LSTM language model over words, in the manner of PyTorch's word_language_model example, on a made-up grammar."""

import argparse
import math
import random
import time
from pathlib import Path

import torch
from torch import nn

SUBJECTS, VERBS, OBJECTS = (
    ("the cat", "a dog", "my horse"),
    ("sees", "hears", "likes"),
    ("milk", "a bone", "hay"),
)


def corpus(lines, seed=0):
    pick = random.Random(seed)  # noqa: S311
    text = " <eos> ".join(
        f"{pick.choice(SUBJECTS)} {pick.choice(VERBS)} {pick.choice(OBJECTS)}" for _ in range(lines)
    ).split()
    words = sorted(set(text))
    number = {word: index for index, word in enumerate(words)}
    return torch.tensor([number[word] for word in text]), len(words)


class RNNModel(nn.Module):
    def __init__(self, ntoken, ninp=16, nhid=32):
        super().__init__()
        self.encoder = nn.Embedding(ntoken, ninp)
        self.rnn = nn.LSTM(ninp, nhid)
        self.decoder = nn.Linear(nhid, ntoken)

    def forward(self, source, hidden):
        output, hidden = self.rnn(self.encoder(source), hidden)
        return self.decoder(output), hidden


def batchify(data, bsz):
    rows = data.size(0) // bsz
    return data[: rows * bsz].view(bsz, -1).t().contiguous()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--lr", type=float, default=5.0)
    parser.add_argument("--clip", type=float, default=0.25)
    parser.add_argument("--bptt", type=int, default=20)
    parser.add_argument("--batch_size", type=int, default=20)
    parser.add_argument("--train_url", type=Path, default=Path())
    args, _ = parser.parse_known_args()
    torch.manual_seed(1111)
    tokens, ntoken = corpus(600)
    data = batchify(tokens, args.batch_size)
    model, criterion = RNNModel(ntoken), nn.CrossEntropyLoss()
    first, path = 1, args.train_url / "model.pt"
    if path.exists():
        state = torch.load(path)
        model.load_state_dict(state["model"])
        first = state["epoch"] + 1
        print(f"resuming at epoch {first}")
    for epoch in range(first, args.epochs + 1):
        started, total, batches, hidden = time.time(), 0.0, 0, None
        for i in range(0, data.size(0) - 1, args.bptt):
            length = min(args.bptt, data.size(0) - 1 - i)
            source, target = data[i : i + length], data[i + 1 : i + 1 + length].reshape(-1)
            hidden = None if hidden is None else tuple(part.detach() for part in hidden)
            model.zero_grad()
            output, hidden = model(source, hidden)
            loss = criterion(output.view(-1, ntoken), target)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), args.clip)
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.add_(parameter.grad, alpha=-args.lr)
            total, batches = total + loss.item(), batches + 1
        mean = total / batches
        torch.save({"model": model.state_dict(), "epoch": epoch}, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)
        spent = time.time() - started
        print("-" * 89)
        print(
            f"| end of epoch {epoch:3d} | time: {spent:5.2f}s "
            f"| valid loss {mean:5.2f} | valid ppl {math.exp(mean):8.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
