"""A training that loses its data connection in the first attempt and goes on from its checkpoint in the second."""

import argparse
import json
import math
import sys
import time
from pathlib import Path

from trainwright import inside


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--train_url", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=20)
    given, _ = parser.parse_known_args()
    first = 0
    kept = inside.resume_path()
    if kept:
        first = int(json.loads(Path(kept).read_text(encoding="utf-8"))["epoch"]) + 1
        print(f"从检查点继续：第 {first} 轮 / resuming at epoch {first} from {kept}", flush=True)
    for epoch in range(first, given.epochs):
        loss = 0.3 + 2.0 * math.exp(-epoch / 5)
        inside.report(step=epoch, loss=loss, **{"val/accuracy": 1 - loss / 3})
        print(f"epoch {epoch}: loss {loss:.4f}", flush=True)
        if epoch % 4 == 3:
            path = given.train_url / f"checkpoint_epoch={epoch}.json"
            path.write_text(json.dumps({"epoch": epoch, "loss": loss}), encoding="utf-8")
            inside.checkpoint(path, step=epoch)
        time.sleep(0.03)
        if inside.attempt() == 1 and epoch == 12:
            time.sleep(1.5)  # until the checkpoint is stored
            print("ConnectionResetError: [Errno 104] Connection reset by peer", file=sys.stderr, flush=True)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
