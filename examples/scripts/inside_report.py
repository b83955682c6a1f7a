"""A loop over `trainwright.inside`: it reports, saves, resumes, and leaves when it is asked to. It runs anywhere."""

import argparse
import json
import time
from pathlib import Path

from trainwright import inside


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--train_url", type=Path, default=Path())
    args, _ = parser.parse_known_args()
    path = args.train_url / "state.json"
    step, loss = json.loads(path.read_text()) if path.exists() else (0, 1.0)
    if step:
        print(f"resuming at step {step + 1}", flush=True)
    while step < args.steps and not inside.should_stop():
        step, loss = step + 1, loss * 0.9
        time.sleep(0.05)
        inside.report(step=step, loss=loss, rank=inside.rank())
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps((step, loss)))
        draft.replace(path)
        inside.checkpoint(path, step=step)
    print(f"ended after step {step}", flush=True)


if __name__ == "__main__":
    main()
