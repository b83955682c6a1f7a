"""`python -m modelarts.local.keeper FOLDER LOCK`: one process beside the private server, started with it.

It copies the outputs of jobs that have ended into the object store, and stops the server, and itself, once no Python
process uses it and no job is unfinished. Everything it decides on lies in files, locks and the server: it may be killed
at any time, and whoever needs the server next starts another. `LOCK` is the descriptor of `keeper.lock`, inherited.
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from modelarts.local.copies import Order, carry_out, drop, read_orders
from modelarts.local.places import LocalModeFailed, Places, is_held, open_lock, try_lock
from modelarts.local.server import read_access, revive_server, stop_server
from trainwright.client import ApiError, Client, ClientError, JobSearch, SearchFilter, is_end_phase

UNFINISHED = ("Creating", "Pending", "Running", "Terminating")
POLL_S = 0.5
_NOT_FOUND = 404


def main(arguments: Sequence[str]) -> int:
    """Keep the server in the folder named; the exit code is 0 once nobody needs it."""
    places, lock = Places(Path(arguments[0])), int(arguments[1])
    while not step(places, lock):
        time.sleep(POLL_S)
    return 0


def step(places: Places, lock: int) -> bool:
    """One look: what can be copied is copied. Whether the server is stopped, so that there is nothing left to keep:
    then `lock` is closed.
    """
    orders = read_orders(places)
    for order in orders:
        if _has_ended(places, order):
            carry_out(places, order)
    return not orders and _stop_if_unused(places, lock)


def _has_ended(places: Places, order: Order) -> bool:
    try:
        with Client(revive_server(places)) as client:
            return is_end_phase(client.show_job(order.job_id).status.phase)
    except ApiError as exc:
        if exc.status == _NOT_FOUND:
            drop(places, order.job_id)  # the job was deleted
        return False
    except (ClientError, LocalModeFailed) as exc:
        print(f"{order.job_id}: {exc}", flush=True)
        return False


def _stop_if_unused(places: Places, lock: int) -> bool:
    """A new user waits for the lock of users meanwhile, and finds neither server nor keeper afterwards."""
    users, start = open_lock(places.users), open_lock(places.start)
    try:
        if not (try_lock(users) and try_lock(start)) or _has_unfinished(places) or read_orders(places):
            return False
        stop_server(places)
        os.close(lock)
    except LocalModeFailed as exc:
        print(exc, flush=True)
        return False
    else:
        return True
    finally:
        os.close(start)
        os.close(users)


def _has_unfinished(places: Places) -> bool:
    """Whether a job runs or waits. Without a server that is left to the next one; one that does not answer is kept."""
    wanted = SearchFilter(key="phase", operator="in", value=[*UNFINISHED])
    try:
        with Client(read_access(places)) as client:
            return client.search_jobs(JobSearch(limit=1, filters=[wanted])).count > 0
    except (ClientError, LocalModeFailed):
        return is_held(places.server_lock)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
