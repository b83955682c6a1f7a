"""`/home/work` for commands of ModelArts' first version: `run_train.sh`, and the code folder where they look for it."""

from __future__ import annotations

import os

from .launching import quoted
from .layout import OLD_CODE, RUN_TRAIN, UnsafePath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .task import Task

_SCRIPT = """#!/bin/sh
# Laid here by the platform: run_train.sh COMMAND [ARGUMENT...]
# Runs the command in the folder user-job-dir beside this file, where the code folder is found by its name.
jobs={jobs}
code={code}
name={name}
say() {{
    echo "[ModelArts Service Log] $(date +%Y-%m-%dT%H:%M:%S%z 2>/dev/null) [run_train] $*"
}}
if [ $# -eq 0 ]; then
    echo "usage: run_train.sh COMMAND [ARGUMENT...]" >&2
    exit 2
fi
mkdir -p "$jobs" || exit 1
if [ -z "$code" ]; then
    say "the job has no code folder"
elif [ -d "$jobs/$name" ] && [ ! -L "$jobs/$name" ]; then
    say "code folder $code is copied over $jobs/$name"
    cp -R "$code/." "$jobs/$name/" || exit 1
else
    rm -f "$jobs/$name" && ln -s "$code" "$jobs/$name" || exit 1
    say "code folder is at $jobs/$name"
fi
cd "$jobs" || exit 1
say "running: $*"
exec "$@"
"""


def lay(task: Task) -> None:
    """Write the script, unless there is one: then it is the image's, or already ours.

    Whatever the job has put in its place stays, too: it is the job's own home.
    """
    if os.path.lexists(task.places.real(RUN_TRAIN)):
        return
    folder = task.order["code"]
    code = task.places.view(folder["local_path"]) if folder else ""
    text = _SCRIPT.format(
        jobs=quoted(task.places.view(OLD_CODE)), code=quoted(code), name=quoted(os.path.basename(code))
    )
    try:
        task.place(RUN_TRAIN).write(text.encode("utf-8", "surrogateescape"), mode=0o755)
    except UnsafePath:
        return  # a link of the job's in place of its own folder
