"""Whether a checkpoint of several files has all of them, told by their names; and one verdict out of many. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from trainwright.domain.checkpoint_formats import COMPLETE, State, Verdict
from trainwright.domain.checkpoint_names import looks_like_weights
from trainwright.domain.checkpoints import Checkpoint, Kind, Stored, order_key

MARKED = (Kind.DEEPSPEED, Kind.MEGATRON)
"""Kinds that say in a file beside them up to which one they are complete."""

_SHARD = re.compile(r"(?P<stem>.*)-(?P<number>\d{5})-of-(?P<all>\d{5})(?P<rest>.*)")
_DIGITS = re.compile(r"\d+")
_TRAINER = frozenset(["optimizer.pt", "scheduler.pt", "training_args.bin"])


def missing_part(checkpoint: Checkpoint, others: Iterable[Checkpoint]) -> Verdict | None:
    """What its framework would have written, or those of its series before it have, and it has not; None: nothing."""
    names = {stored.path[len(_folder(checkpoint)) :] for stored in checkpoint.files}
    name = _missing_name(checkpoint, names)
    if name:
        return Verdict(State.INCOMPLETE, "missing", {"name": name})
    if len(checkpoint.files) == 1 and not checkpoint.is_folder:
        return None
    before = [
        other
        for other in others
        if other.series == checkpoint.series and order_key(other) < order_key(checkpoint)
    ]
    if not before:
        return None
    other = max(before, key=order_key)
    mine = {_DIGITS.sub("#", each) for each in names}
    for path in sorted(stored.path[len(_folder(other)) :] for stored in other.files):
        if _DIGITS.sub("#", path) not in mine:
            return Verdict(State.INCOMPLETE, "fewer", {"other": other.path, "name": path})
    return None


def _folder(checkpoint: Checkpoint) -> str:
    path = checkpoint.path
    return path if checkpoint.is_folder else path.rpartition("/")[0] + "/" * ("/" in path)


def _missing_name(checkpoint: Checkpoint, names: set[str]) -> str:
    seen: set[tuple[str, str, str]] = set()
    for name in sorted(names):
        shard = _SHARD.fullmatch(name)
        whole = (shard["stem"], shard["all"], shard["rest"]) if shard else None
        if shard and whole and whole not in seen:
            seen.add(whole)
            for number in range(int(shard["all"]) + 1):
                # TensorFlow counts from 0, the others from 1.
                wanted = f"{shard['stem']}-{number:05}-of-{shard['all']}{shard['rest']}"
                last = ".data" in name and number == int(shard["all"])
                first = ".data" not in name and number == 0
                if not (first or last) and wanted not in names:
                    return wanted
    match checkpoint.kind:
        case Kind.TENSORFLOW if not checkpoint.is_folder:
            index = checkpoint.path.rpartition("/")[2] + ".index"
            data = any(".data-" in name for name in names)
            return "" if index in names and data else index if data else f"{index[:-6]}.data-*"
        case Kind.DISTRIBUTED:
            return "" if any(name.rpartition("/")[2] == ".metadata" for name in names) else ".metadata"
        case Kind.HUGGING_FACE if names & _TRAINER and checkpoint.numbers.known:
            return "" if "trainer_state.json" in names else "trainer_state.json"
        case Kind.PADDLE:
            weights = any(name.endswith((".pdparams", ".pdiparams")) for name in names)
            return "" if weights else checkpoint.path.rpartition("/")[2] + ".pdparams"
        case _:
            return ""


def parts_to_check(checkpoint: Checkpoint) -> tuple[Stored, ...]:
    """Its files that hold weights, or say where they are."""
    if not checkpoint.is_folder:
        return checkpoint.files
    return tuple(stored for stored in checkpoint.files if _counts(stored.path.rpartition("/")[2]))


def _counts(name: str) -> bool:
    listed = name.endswith((".index", ".index.json", "trainer_state.json")) or ".data-" in name
    return listed or looks_like_weights(name, folder=True)


def together(checkpoint: Checkpoint, verdicts: Sequence[tuple[Stored, Verdict]]) -> Verdict:
    """The verdict on a checkpoint of which these are the parts: the worst, with the file named."""
    for state in (State.INCOMPLETE, State.UNSAFE):
        for stored, verdict in verdicts:
            if verdict.state is state:
                is_it = stored.path == checkpoint.path
                return verdict if is_it else replace(verdict, file=stored.path[len(_folder(checkpoint)) :])
    if any(verdict.state is State.COMPLETE for _, verdict in verdicts):
        return COMPLETE
    return verdicts[0][1] if verdicts else Verdict(State.UNKNOWN, "strange")


def is_marked(checkpoint: Checkpoint, mark: str) -> bool:
    """Whether the text of the file beside it says that it is done: it names this one or a later one."""
    found = _DIGITS.findall(mark[:200])
    return bool(found) and int(found[-1][:18]) >= checkpoint.numbers.step
