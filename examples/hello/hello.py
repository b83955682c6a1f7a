"""Says what a job sees: its arguments, its folders, its variables."""

import os
import sys
from pathlib import Path

print("hello from", os.environ.get("MA_TASK_NAME", "nowhere"), os.environ.get("VC_TASK_INDEX", ""))
print("arguments:", *sys.argv[1:])
print("working folder:", Path.cwd())
for name in sorted(os.environ):
    if name.startswith(("MA_", "VC_")):
        print(f"{name}={os.environ[name]}")
