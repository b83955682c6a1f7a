"""A real S3 server for the tests: SeaweedFS, by the project's own scripts."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trainwright.storage.s3_calls import S3Settings

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "seaweed"


@contextmanager
def seaweed(folder: Path) -> Iterator[S3Settings]:
    """SeaweedFS with its data in `folder`, ended afterwards. A failure to start it fails the tests loudly."""
    up = subprocess.run(
        [ROOT / "scripts" / "seaweed-up", folder, CACHE], capture_output=True, text=True, timeout=900
    )
    if up.returncode:
        raise RuntimeError(f"scripts/seaweed-up failed:\n{up.stderr}")
    values = dict(line.split("=", 1) for line in up.stdout.splitlines())
    try:
        yield S3Settings(
            endpoint=values["S3_ENDPOINT"],
            region="us-east-1",
            access_key=values["S3_ACCESS_KEY"],
            secret_key=values["S3_SECRET_KEY"],
            allow_http=True,
        )
    finally:
        subprocess.run([ROOT / "scripts" / "seaweed-down", folder], check=True, timeout=60)
