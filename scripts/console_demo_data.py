"""Fill a server with a believable project, for work on the console, screenshots and load tests.

    scripts/console-demo-data                      into the server that `trainwright` itself would talk to
    scripts/console-demo-data --data-dir FOLDER    into a server of its own over FOLDER, which stays until Ctrl-C
    scripts/console-demo-data --data-dir FOLDER --jobs 100000    the same, beside many jobs that ended long ago

A server of its own gets room for a dozen jobs at once, whatever the machine has: they hardly compute.
"""

import argparse
import signal
import sys
import threading
import time
from pathlib import Path

from benchmarks.listing import fill as write_jobs
from tests.console.demo_data import PEOPLE, fill, stop_all
from tests.e2e.live import LiveServer
from trainwright.client import Platform, connect

ROOM = {"TRAINWRIGHT_POOL__CPUS": "12", "TRAINWRIGHT_POOL__MEMORY_MIB": str(12 * 768)}


def main() -> None:
    """Fill, then say how to get in."""
    parser = argparse.ArgumentParser(prog="scripts/console-demo-data", description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, help="start a server over this folder, and let it run")
    parser.add_argument("--port", type=int, default=0, help="of that server; any free one by default")
    parser.add_argument("--jobs", type=int, default=0, help="beside it so many ended jobs, for load tests")
    given = parser.parse_args()
    if given.jobs and given.data_dir is None:
        parser.error("--jobs writes into the database: it needs --data-dir")
    if given.data_dir is None:
        with connect() as platform:
            fill_and_tell(platform)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, also while it is being filled
    live = LiveServer(given.data_dir.absolute(), dict(ROOM), port=given.port, apart=True).start()
    try:
        if given.jobs:
            print(f"writing {given.jobs:,} jobs into the database", flush=True)
            write_jobs(live.data_dir, live.project_id, given.jobs)
        with connect(endpoint=live.url, project_id=live.project_id, token=live.token) as platform:
            try:
                fill_and_tell(platform)
                print("Ctrl-C stops the jobs that are left and the server; its data stay.", flush=True)
                await_end_of_session()
            finally:
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(
                        number, signal.SIG_IGN
                    )  # what is being stopped is not to be left half stopped
                stop_all(platform)
    finally:
        live.stop()


def await_end_of_session() -> None:
    """Return on Ctrl-C or SIGTERM."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    asked.wait()


def fill_and_tell(platform: Platform) -> None:
    """Fill, with a line for every part, and say how to get in."""
    began = time.monotonic()
    fill(platform, lambda title: print(f"{time.monotonic() - began:5.1f} s  {title}", flush=True))
    print(f"{time.monotonic() - began:5.1f} s  done: {platform.client.access.endpoint}")
    for person in PEOPLE.values():
        print(f"  {person.name}  {person.password}  ({person.role})")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # while it was being filled; what was started has been stopped
        sys.exit("interrupted; what was made so far stays")
