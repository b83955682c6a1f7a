"""Causal language modelling with the Transformers Trainer, in the manner of run_clm, on a tiny model made here."""

import argparse
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerState, TrainingArguments, set_seed

TEXT = "to be or not to be that is the question " * 60


class Letters(torch.utils.data.Dataset):
    def __init__(self, block=32):
        letters = sorted(set(TEXT))
        self.size = len(letters)
        ids = torch.tensor([letters.index(letter) for letter in TEXT])
        self.blocks = ids[: len(ids) // block * block].view(-1, block)

    def __len__(self):
        return len(self.blocks)

    def __getitem__(self, index):
        return {"input_ids": self.blocks[index], "labels": self.blocks[index]}


def last_whole_checkpoint(folder):
    """Unlike `get_last_checkpoint`: not one that a stop cut short. The Trainer writes its state last."""
    found = {int(path.name.removeprefix("checkpoint-")): path for path in folder.glob("checkpoint-[0-9]*")}
    for _, path in sorted(found.items(), reverse=True):
        try:
            TrainerState.load_from_json(str(path / "trainer_state.json"))
        except (OSError, ValueError):
            print(f"passing over {path.name}: it was not written to its end", flush=True)
            continue
        return path
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--max_steps", type=int, default=20)
    parser.add_argument("--train_url", type=Path, default=Path())
    args, _ = parser.parse_known_args()
    set_seed(42)
    data = Letters()
    config = GPT2Config(
        vocab_size=data.size, n_positions=32, n_embd=32, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0
    )
    settings = TrainingArguments(
        output_dir=str(args.train_url),
        max_steps=args.max_steps,
        per_device_train_batch_size=8,
        learning_rate=1e-3,
        logging_steps=2,
        save_steps=10,
        save_total_limit=2,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
    )
    trainer = Trainer(model=GPT2LMHeadModel(config), args=settings, train_dataset=data)
    last = last_whole_checkpoint(args.train_url)
    if last:
        print(f"resuming from {last.name}", flush=True)
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    trainer.save_model(str(args.train_url / "final"))
    print(f"trained {trainer.state.global_step} steps")


if __name__ == "__main__":
    main()
