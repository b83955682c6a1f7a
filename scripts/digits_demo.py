"""The main job, end to end: `make demo`.

Uses the server of this machine's data folder ($TRAINWRIGHT_DATA_DIR or the default) when one is running, otherwise
starts one and stops it at the end; jobs and data stay. Exit code 0 only when the job is Completed, the script has
printed its accuracy, and the model lies in the bucket.
"""

import argparse
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import typer

from trainwright.cli.options import Globals
from trainwright.cli.texts import pick_language
from trainwright.cli.watching import follow_to_end, print_result
from trainwright.client import (
    ClientError,
    Job,
    Platform,
    TransferOptions,
    connect,
)
from trainwright.client.config import ENDPOINT_VARIABLE, default_data_dir, read_local_server

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "digits"
SCANS = ROOT / ".cache" / "demo" / "digits"
BUCKET = "demo"
DATA = f"obs://{BUCKET}/digits/data/"
ENGINE = "scikit-learn"
START_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0
ACCURACY = re.compile(rb"^test accuracy: ([0-9.]+)\r?$", re.MULTILINE)


class DemoFailed(Exception):
    """The demo cannot go on; the text says why."""


def main() -> int:
    """Exit code of the demo."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Train a model on real data.")
    parser.add_argument("--epochs", type=int, default=20)
    options = parser.parse_args()
    preparing = prepare_scans()
    try:
        with server() as started, connect(language=pick_language([])) as platform:
            finish_scans(preparing)
            job = run_job(platform, epochs=options.epochs)
            say_how_to_go_on(job, started=started)
    except (DemoFailed, ClientError) as exc:
        print(f"\nThe demo failed: {exc}", file=sys.stderr)
        return 1
    except typer.Exit as exc:  # Ctrl-C while following; what to do next has been said
        return exc.exit_code
    finally:
        if preparing is not None and preparing.poll() is None:
            preparing.kill()
            preparing.wait()
    return 0


def run_job(platform: Platform, *, epochs: int) -> Job:
    """Upload, create, follow, check."""
    step(f"uploading the scans to {DATA}")
    platform.storage.ensure_bucket(BUCKET)
    report = platform.storage.upload(SCANS, DATA, options=TransferOptions(skip_unchanged=True))
    print(f"  {report.files} files uploaded, {report.unchanged} were there already")

    engine, flavor = choose(platform)
    name = f"digits-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    output = f"obs://{BUCKET}/digits/output/{name}/"
    step(f"creating the job {name} (engine {engine}, flavor {flavor})")
    job = platform.jobs.create(
        name=name,
        description="make demo: reads handwritten digits",
        code_dir=EXAMPLE,
        boot_file="train.py",
        engine=engine,
        flavor=flavor,
        parameters={"epochs": epochs, "hidden": 64},
        inputs={"data_url": DATA},
        outputs={"train_url": output},
        metrics={
            "loss": r"epoch (?P<step>\d+)/\d+  loss (?P<value>\S+)",
            "accuracy": r"epoch (?P<step>\d+)/.*  accuracy (?P<value>\S+)",
        },
        auto_stop="1h",
    )
    told = Globals(language=platform.client.access.language)
    ended = follow_to_end(platform, told, job, log=sys.stdout.buffer)
    print_result(told, ended)
    job.answer = ended
    check(platform, job, output + "model.joblib")
    return job


def check(platform: Platform, job: Job, model: str) -> None:
    """Print accuracy and model. Raises `DemoFailed` when the job did not do what it should."""
    if job.phase != "Completed":
        raise DemoFailed(
            f"job {job.name} is {job.phase}: {job.answer.status.reason_message or 'see its events'}\n"
            f"  trainwright job events {job.name}\n  trainwright job logs {job.name}"
        )
    found = ACCURACY.findall(b"".join(job.logs()))
    if not found:
        raise DemoFailed("the log holds no line 'test accuracy: …'")
    size = next((item.size for item in platform.storage.objects(model)), 0)
    if not size:
        raise DemoFailed(f"{model} is missing or empty")
    print(f"\n  phase          {job.phase}")
    print(f"  test accuracy  {found[-1].decode()}")
    print(f"  model          {model} ({size} bytes)")


def choose(platform: Platform) -> tuple[str, str]:
    """The scikit-learn engine and the smallest CPU flavor."""
    engines = [item for item in platform.client.list_engines().items if item.engine_name == ENGINE]
    if not engines:
        raise DemoFailed(f"the server has no engine called {ENGINE}")
    flavors = platform.client.list_flavors("CPU").flavors
    if not flavors:
        raise DemoFailed("the server has no CPU flavor")
    smallest = min(flavors, key=lambda item: (item.flavor_info.cpu.core_num, item.flavor_info.memory.size))
    return engines[-1].engine_id, smallest.flavor_id


def prepare_scans() -> subprocess.Popen[bytes] | None:
    """Begin to write the scans, while the server starts; None when they are there from an earlier demo."""
    if (SCANS / "index.csv").exists():
        return None
    step("writing the handwritten digits of scikit-learn out as files")
    return subprocess.Popen([sys.executable, str(EXAMPLE / "prepare.py"), str(SCANS)])


def finish_scans(preparing: subprocess.Popen[bytes] | None) -> None:
    """Wait until they are written."""
    if preparing is not None and preparing.wait(timeout=300) != 0:
        raise DemoFailed("the scans could not be written; is scikit-learn installed?")


@contextmanager
def server() -> Iterator[bool]:
    """A running server; whether it was started for the demo, and is stopped afterwards."""
    if os.environ.get(ENDPOINT_VARIABLE):
        yield False
        return
    data_dir = default_data_dir(os.environ)
    if is_up(data_dir):
        step(f"using the server at {read_local_server(data_dir).endpoint}")
        yield False
        return
    step(f"starting a server in {data_dir}")
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = data_dir / "demo-server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "trainwright.server", "run", f"--data-dir={data_dir}", "--port=0"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the demo, not for the server
        )
    try:
        await_server(process, data_dir, log)
        yield True
    finally:
        stop(process)


def await_server(process: subprocess.Popen[bytes], data_dir: Path, log: Path) -> None:
    """Return once it answers. Raises `DemoFailed` when it ends or takes too long."""
    deadline = time.monotonic() + START_WITHIN_S
    while not is_up(data_dir):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise DemoFailed(f"the server did not start; {log} ends with:\n{tail}")
        time.sleep(0.02)


def is_up(data_dir: Path) -> bool:
    """Whether the server of this data folder answers."""
    known = read_local_server(data_dir)
    if not known.endpoint:
        return False
    try:
        with httpx.Client(trust_env=False, timeout=2.0) as client:
            return client.get(f"{known.endpoint}/health").is_success
    except httpx.TransportError:
        return False  # an address left over from an earlier life


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server; jobs and data stay."""
    process.terminate()
    try:
        process.wait(timeout=STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def say_how_to_go_on(job: Job, *, started: bool) -> None:
    """The commands to look further."""
    print("\nLook further:")
    if started:
        print("  make server                     # the server again, to stay (the demo's was stopped)")
    command = ".venv/bin/trainwright"
    print(f"  {command} job show {job.name}")
    print(f"  {command} job events {job.name}")
    print(f"  {command} job logs {job.name}")
    print(f"  {command} job metrics {job.name} --plot")
    print(f"  {command} obs ls obs://{BUCKET}/digits/output/{job.name}/")


def step(text: str) -> None:
    """Say what comes next."""
    print(f"== {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
