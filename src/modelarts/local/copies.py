"""What is still to be copied into the object store once a local job has ended: a file for each job, for its owner only.

The keeper does it, so that it happens also when the script or the notebook has gone. A file holds the credentials that
the copy is made with; it is gone when the copy is done or given up. A copy that was given up leaves `<job>.failed`.
"""

import json
import os
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from modelarts.exception import TRANSFER_FAILED, TransferFailed, as_modelarts_error
from modelarts.local.places import Places, is_held
from trainwright.client import Access, ApiError, Client, ClientError, Storage, TransferOptions

TRIES = 6
DRAFT = ".draft-"
_DRAFT_S = 600.0  # by then its job is made, or never will be
_POLL_S = 0.1
_FIRST_PAUSE_S = 0.5
_SERVERS_OWN = 500  # below it the store has refused, from it on something of it is away


@dataclass(frozen=True, slots=True)
class Copy:
    """A local folder, and the OBS folder that its contents go to."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Order:
    """The copies of one job. `access`: whose object store it is."""

    job_id: str
    access: Access
    copies: tuple[Copy, ...]


def draft_order(places: Places, access: Access, copies: Sequence[Copy]) -> Path:
    """Write down what is to be copied for a job that is about to be made; see `place_order`."""
    draft = places.copies / f"{DRAFT}{secrets.token_hex(8)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"access": asdict(access), "copies": [asdict(each) for each in copies]}, file)
        file.flush()
        os.fsync(file.fileno())
    return draft


def place_order(places: Places, draft: Path, job_id: str) -> None:
    """The job is made: from now on its draft counts."""
    draft.replace(_path(places, job_id))


def read_orders(places: Places) -> list[Order]:
    """All that wait. What cannot be read is removed: nobody could ever carry it out. So is a draft whose job was never
    made.
    """
    for draft in places.copies.glob(f"{DRAFT}*"):
        with suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > _DRAFT_S:
                draft.unlink()
    orders = []
    for path in sorted(places.copies.glob("*.json")):
        try:
            raw = json.loads(path.read_text("utf-8"))
            copies = tuple(Copy(**each) for each in raw["copies"])
            orders.append(Order(path.stem, Access(**raw["access"]), copies))
        except FileNotFoundError:
            continue
        except (ValueError, KeyError, TypeError) as exc:
            _failed(places, path.stem).write_text(f"{path.name} could not be read: {exc}", "utf-8")
            path.unlink(missing_ok=True)
    return orders


def carry_out(places: Places, order: Order) -> None:
    """Copy, trying again for half a minute unless the store refuses; then the order is gone, done or not."""
    problem, pause = "", _FIRST_PAUSE_S
    for attempt in range(TRIES):
        if attempt:
            time.sleep(pause)
            pause *= 2
        problem, is_final = _copy(order)
        if is_final:
            break
    if problem:
        _failed(places, order.job_id).write_text(problem, "utf-8")
    _path(places, order.job_id).unlink(missing_ok=True)


def drop(places: Places, job_id: str) -> None:
    """Nothing will ever be copied for that job."""
    _path(places, job_id).unlink(missing_ok=True)
    _failed(places, job_id).unlink(missing_ok=True)


def wait_for_copies(places: Places, job_id: str) -> None:
    """Return once the outputs of an ended job are copied; at once for a job without any.

    Raises:
        TransferFailed: they could not be copied. They still lie where the job wrote them.
    """
    while _path(places, job_id).exists() and is_held(places.keeper):
        time.sleep(_POLL_S)
    failed = _failed(places, job_id)
    problem = ""
    if failed.exists():
        problem = failed.read_text("utf-8")
    elif _path(places, job_id).exists():
        problem = f"The process that copies them has gone; {places.keeper_output} may say why."
    if problem:
        raise TransferFailed(
            f"The outputs of local job {job_id} were not copied: {problem}",
            error_code=TRANSFER_FAILED,
            error_solution="They lie where the job wrote them: copy them with session.obs.upload_dir(…).",
        )


def _copy(order: Order) -> tuple[str, bool]:
    """What went wrong, empty when all is copied; and whether trying again would change nothing."""
    try:
        with Client(order.access) as client:
            storage = Storage(client)
            for copy in order.copies:
                source = Path(copy.source)
                if source.is_dir() and any(source.iterdir()):
                    storage.upload(source, copy.target, options=TransferOptions(skip_unchanged=True))
    except ApiError as exc:
        return str(as_modelarts_error(exc)), exc.status < _SERVERS_OWN
    except (ClientError, OSError) as exc:
        return str(as_modelarts_error(exc)), False
    return "", True


def _path(places: Places, job_id: str) -> Path:
    return places.copies / f"{job_id}.json"


def _failed(places: Places, job_id: str) -> Path:
    return places.copies / f"{job_id}.failed"
