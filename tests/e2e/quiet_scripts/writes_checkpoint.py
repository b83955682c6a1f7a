"""A large checkpoint on its way to a slow disk."""

import os
import time
from pathlib import Path

end = time.monotonic() + 20
with Path("checkpoint.bin").open("wb") as file:
    while time.monotonic() < end:
        file.write(bytes(16 << 10))
        file.flush()
        os.fsync(file.fileno())
        time.sleep(0.5)
