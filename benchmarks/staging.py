"""Staging inputs and uploading outputs, one large file and many small ones, beside `cp -r` of the same bytes."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.rows import Row, at_most
from benchmarks.setting import Setting
from tests.e2e.live import LiveServer

MIB = 1 << 20


def run(setting: Setting) -> list[Row]:
    """The times are the runner's own, from its events; the file system's cache is warm for both sides."""
    large = [("large.bin", setting.amount(1024, 64) * MIB)]
    small = [(f"d{n % 20}/f{n}.bin", 10 * 1024) for n in range(setting.amount(2000, 200))]
    rows = []
    with setting.server("staging") as live:
        for name, files in (("one-file", large), ("small-files", small)):
            rows += _measure(setting, live, name, files)
    return rows


def _measure(setting: Setting, live: LiveServer, name: str, files: list[tuple[str, int]]) -> list[Row]:
    source = setting.folder / f"staging-{name}"
    for path, size in files:
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        _write(source / path, size)
        _upload(live, f"bench/{name}/in/{path}", source / path)
    job = live.create(_body(live, name))
    shown = live.wait(job, timeout_s=600)
    seconds = _durations(live, job)
    peer = _cp_s(source, setting.folder / f"copy-{name}")
    what = f"{len(files)} × {files[0][1] // 1024:,} KiB"
    note = "" if shown["status"]["phase"] == "Completed" else f"job {shown['status']['phase']}"
    return [
        Row(
            f"staging {what}, against cp", seconds["input_download_done"] / peer, "×", at_most(1.1), note=note
        ),
        Row(f"staging {what}", seconds["input_download_done"], "s", None, peer, "cp -r"),
        Row(f"uploading {what}", seconds["output_upload_done"], "s", None, peer, "cp -r", note),
    ]


def _body(live: LiveServer, name: str) -> dict[str, Any]:
    def channel(label: str, folder: str) -> dict[str, Any]:
        return {"name": label, "remote": {"obs": {"obs_url": f"obs://bench/{name}/{folder}/"}}}

    script = (
        "import argparse, shutil\n"
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('--data')\n"
        "parser.add_argument('--out')\n"
        "options = parser.parse_args()\n"
        "shutil.copytree(options.data, options.out, dirs_exist_ok=True)\n"
    )
    return live.body(
        f"staging-{name}", script, inputs=[channel("data", "in")], outputs=[channel("out", "out")]
    )


def _durations(live: LiveServer, job: str) -> dict[str, float]:
    """Seconds by event code; the longest one where a code came more than once."""
    answer = live.call("GET", f"/v2/{{P}}/training-jobs/{job}/events", params={"limit": 100, "order": "asc"})
    found: dict[str, float] = {}
    for event in answer.json()["events"]:
        if "seconds" in event["slots"]:
            seconds = float(event["slots"]["seconds"])
            found[event["code"]] = max(seconds, found.get(event["code"], 0.0))
    return found


def _write(path: Path, size: int) -> None:
    with path.open("wb") as file:
        while size > 0:
            file.write(os.urandom(min(size, MIB)))
            size -= MIB


def _upload(live: LiveServer, key: str, path: Path) -> None:
    bucket, _, rest = key.partition("/")
    live.call("PUT", f"/v1/{{P}}/buckets/{bucket}")
    answer = live.call("PUT", f"/v1/{{P}}/buckets/{bucket}/objects/{rest}", content=_pieces(path))
    answer.raise_for_status()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(MIB):
            yield piece


def _cp_s(source: Path, target: Path) -> float:
    """The best of three, on the same file system."""
    best = float("inf")
    for _ in range(3):
        shutil.rmtree(target, ignore_errors=True)
        began = time.perf_counter()
        subprocess.run(["cp", "-r", source, target], check=True, timeout=600)
        best = min(best, time.perf_counter() - began)
    return best
