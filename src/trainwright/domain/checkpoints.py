"""Which objects of an output are checkpoints, told by their names alone. Pure.

Known are the ways of PyTorch, Lightning, Hugging Face, DeepSpeed, Megatron, torch.distributed.checkpoint, TensorFlow,
Keras, MindSpore, PaddlePaddle, JAX (flax, Orbax) and plain files. Folders and sets of files are one checkpoint each.
Whether one can be loaded is said by `domain.checkpoint_formats`, from its bytes.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from trainwright.domain.checkpoint_names import (
    Numbers,
    looks_like_weights,
    may_be_weights,
    numbers_of,
    series_of,
)


class Kind(StrEnum):
    """How a checkpoint is laid out."""

    FILE = "file"
    TORCH = "torch"
    SAFETENSORS = "safetensors"
    HDF5 = "hdf5"
    KERAS = "keras"
    ONNX = "onnx"
    MINDSPORE = "mindspore"
    LIGHTNING = "lightning"
    TENSORFLOW = "tensorflow"  # name.index and name.data-*
    PADDLE = "paddle"  # name.pdparams and name.pdopt
    SHARDS = "shards"  # name-00001-of-00002.safetensors, …
    HUGGING_FACE = "huggingface"  # a folder, as all that follow
    DEEPSPEED = "deepspeed"
    MEGATRON = "megatron"
    DISTRIBUTED = "torch-distributed"
    ORBAX = "orbax"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Stored:
    """An object of an output. `path` is relative to the output's folder."""

    path: str
    size: int
    modified_at_ms: int
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint. `path` is relative to the output: of a folder it ends in a slash, of a set of files it is what
    their names have in common (as `tf.train.Checkpoint.restore` and `paddle.load` want it).

    `numbers`: step, epoch and metrics of its name. `series`: the same for all that differ in numbers only.
    `marks`: files beside a folder that say up to which one it is complete.
    """

    path: str
    kind: Kind
    files: tuple[Stored, ...]
    numbers: Numbers = field(default_factory=Numbers)
    series: str = ""
    marks: tuple[Stored, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(stored.size for stored in self.files)

    @property
    def modified_at_ms(self) -> int:
        """When the last of its files was stored."""
        return max(stored.modified_at_ms for stored in self.files)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.path.endswith("/")


_TF_SET = re.compile(r"(?P<stem>.+)\.(index|meta|data-\d{5}-of-\d{5})")
_PADDLE_SET = re.compile(r"(?P<stem>.+)\.(pdparams|pdopt|pdstates|pdiparams|pdmodel)")
_SHARD_SET = re.compile(r"(?P<stem>.+)-\d{5}-of-\d{5}\.(safetensors|bin|pt|pth|h5)")
_SHARD_INDEX = re.compile(r"(?P<stem>.+)\.(safetensors|bin|pt|h5)\.index\.json")
_FOLDERS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"checkpoint[-_]\d+"), Kind.HUGGING_FACE),
    (re.compile(r"global_step\d+"), Kind.DEEPSPEED),
    (re.compile(r"iter_\d+"), Kind.MEGATRON),
    (
        re.compile(r"(ckpt|chkpt|save|model|step|epoch|ep|iter|iteration)[-_=]?\d+([-_].*)?", re.I),
        Kind.FOLDER,
    ),
    (re.compile(r".*\b(step|epoch)[-_=]\d+.*", re.I), Kind.FOLDER),
    (re.compile(r".+\.(ckpt|pt|pth|orbax-checkpoint)"), Kind.FOLDER),
)
_UNFINISHED = re.compile(r"\..*(?<!\.metadata)|.*(\.tmp|\.temp|\.part|\.partial|\.lock|\.swp|~)", re.I)
_HALF_FOLDER = re.compile(r".*(\.tmp|_temp|\.orbax-checkpoint-tmp-\d+|^tmp-checkpoint-\d+)", re.I)
_MARKS = ("latest", "latest_checkpointed_iteration.txt")
_FILE_KINDS: Mapping[str, Kind] = {
    "pt": Kind.TORCH,
    "pth": Kind.TORCH,
    "bin": Kind.TORCH,
    "tar": Kind.TORCH,
    "safetensors": Kind.SAFETENSORS,
    "h5": Kind.HDF5,
    "hdf5": Kind.HDF5,
    "keras": Kind.KERAS,
    "onnx": Kind.ONNX,
}
_MINDSPORE = re.compile(r".+-\d+_\d+\.ckpt")


def find_checkpoints(objects: Iterable[Stored]) -> tuple[Checkpoint, ...]:
    """The checkpoints among the objects of one output, by path. What is being written under another name, hidden
    files, and what no checkpoint is called are left out.
    """
    groups: dict[tuple[str, Kind], list[Stored]] = {}
    marks: dict[str, list[Stored]] = {}
    seen = [stored for stored in objects if not stored.path.endswith("/")]
    folders = _marked_folders(seen)
    known: dict[str, tuple[str, Kind] | bool] = {}
    for stored in seen:
        above, _, name = stored.path.rpartition("/")
        if name in _MARKS:
            marks.setdefault(above, []).append(stored)
        if above not in known:
            known[above] = _folder_place(above, folders)
        place = _place(above, name, known[above])
        if place is not None:
            groups.setdefault(place, []).append(stored)
    made = (_checkpoint(path, kind, files, marks) for (path, kind), files in groups.items())
    return tuple(sorted((each for each in made if each is not None), key=lambda each: each.path))


def _folder_place(above: str, folders: Mapping[str, Kind]) -> tuple[str, Kind] | bool:
    """The checkpoint that all in a folder belongs to: its path and kind; else whether files in it may be some."""
    at = ""
    for part in above.split("/") if above else ():
        at += part + "/"
        if _HALF_FOLDER.fullmatch(part):
            return False
        kind = folders.get(at) or _folder_kind(part)
        if kind is not None:
            return at, kind
    return True


def _place(above: str, name: str, folder: tuple[str, Kind] | bool) -> tuple[str, Kind] | None:
    """The checkpoint that a file belongs to: its path and kind; None for none."""
    if isinstance(folder, tuple):
        return folder
    if not folder or not may_be_weights(name) or _UNFINISHED.fullmatch(name):
        return None
    at = f"{above}/" if above else ""
    return _set_of(at, name) or _file(at, name)


def _folder_kind(name: str) -> Kind | None:
    return next((kind for pattern, kind in _FOLDERS if pattern.fullmatch(name)), None)


def _marked_folders(objects: Sequence[Stored]) -> dict[str, Kind]:
    """Folders that are checkpoints for what lies in them, whatever they are called. Not the output itself."""
    names: dict[str, set[str]] = {}
    for stored in objects:
        above, slash, name = stored.path.rpartition("/")
        names.setdefault(above + slash, set()).add(name)
    found: dict[str, Kind] = {}
    for folder, inside in names.items():
        if not folder:
            continue
        if ".metadata" in inside and any(name.endswith(".distcp") for name in inside):
            found[folder] = Kind.DISTRIBUTED
        elif inside & {"_CHECKPOINT_METADATA", "commit_success.txt"}:
            found[folder] = Kind.ORBAX
        elif "saved_model.pb" in inside:
            found[folder] = Kind.TENSORFLOW
        elif inside & {"trainer_state.json", "adapter_config.json"} or _is_pretrained(inside):
            found[folder] = Kind.HUGGING_FACE
    return found


def _is_pretrained(inside: set[str]) -> bool:
    weights = {"model.safetensors", "pytorch_model.bin", "model.safetensors.index.json", "tf_model.h5"}
    return "config.json" in inside and bool(inside & weights)


def _set_of(above: str, name: str) -> tuple[str, Kind] | None:
    shards = _SHARD_SET.fullmatch(name) or _SHARD_INDEX.fullmatch(name)
    if shards:
        return f"{above}{shards['stem']}", Kind.SHARDS
    tensorflow = _TF_SET.fullmatch(name)
    if tensorflow:
        return f"{above}{tensorflow['stem']}", Kind.TENSORFLOW
    paddle = _PADDLE_SET.fullmatch(name)
    if paddle:
        return f"{above}{paddle['stem']}", Kind.PADDLE
    return None


def _file(above: str, name: str) -> tuple[str, Kind] | None:
    if not looks_like_weights(name):
        return None
    suffix = name.rpartition(".")[2].lower()
    if suffix == "ckpt":
        if _MINDSPORE.fullmatch(name):
            return above + name, Kind.MINDSPORE
        return above + name, Kind.LIGHTNING if "epoch=" in name or name == "last.ckpt" else Kind.TORCH
    return above + name, _FILE_KINDS.get(suffix, Kind.FILE)


def _checkpoint(
    path: str, kind: Kind, files: Sequence[Stored], marks: Mapping[str, Sequence[Stored]]
) -> Checkpoint | None:
    files = tuple(sorted(files, key=lambda each: each.path))
    names = [each.path.rpartition("/")[2] for each in files]
    if kind is Kind.TENSORFLOW and not path.endswith("/"):
        if not any(name.endswith(".index") or ".data-" in name for name in names):
            return None  # a lone .meta or an index of something else
    elif kind in (Kind.FOLDER, Kind.HUGGING_FACE, Kind.MEGATRON, Kind.DEEPSPEED):
        if not any(looks_like_weights(name, folder=True) for name in names):
            return None
        if any(name.endswith(".distcp") for name in names):
            kind = Kind.DISTRIBUTED
        elif any("mp_rank_" in name for name in names) and kind is Kind.FOLDER:
            kind = Kind.DEEPSPEED
    above = path.rstrip("/").rpartition("/")[0]
    beside = tuple(marks.get(above, ())) if kind in (Kind.DEEPSPEED, Kind.MEGATRON, Kind.DISTRIBUTED) else ()
    return Checkpoint(path, kind, files, numbers_of(path), series_of(path), beside)


def order_key(checkpoint: Checkpoint) -> tuple[int, int, int, int]:
    """Ascending by progress: epoch and step of one series only grow; then by time."""
    numbers = checkpoint.numbers
    return (int(numbers.known), numbers.epoch, numbers.step, checkpoint.modified_at_ms)


CLOSE_MS = 120_000


def newest_first(checkpoints: Iterable[Checkpoint]) -> list[Checkpoint]:
    """The one to go on from first. Later stored is newer; of those of one series stored within two minutes, which may
    have been uploaded together in any order, the one that is further on. Numbers of two series mean different things:
    between them time decides.
    """
    left = [(each.modified_at_ms, each) for each in checkpoints]
    left.sort(key=lambda pair: pair[0], reverse=True)
    ordered: list[Checkpoint] = []
    together: list[Checkpoint] = []
    since = 0
    for at_ms, each in left:
        if together and at_ms < since:
            ordered += _furthest_first(together)
            together = []
        if not together:
            since = at_ms - CLOSE_MS
        together.append(each)
    return ordered + _furthest_first(together)


def _furthest_first(together: Sequence[Checkpoint]) -> list[Checkpoint]:
    latest: dict[str, int] = {}
    for each in together:
        latest[each.series] = max(latest.get(each.series, 0), each.modified_at_ms)

    def key(each: Checkpoint) -> tuple[bool, int, str, tuple[int, int, int, int]]:
        return each.numbers.known, latest[each.series], each.series, order_key(each)

    return sorted(together, key=key, reverse=True)


def removable(
    checkpoints: Sequence[Checkpoint], *, keep_last: int, keep_best: int, metric: str, smaller_is_better: bool
) -> list[Checkpoint]:
    """Which of these complete checkpoints of one output a policy gives up, per series. Never one whose name says no
    step or epoch, nor the newest of the output, nor, when nothing is to be kept of a kind, any.
    """
    if not (keep_last or keep_best):
        return []
    ordered = newest_first(checkpoints)
    keep = {ordered[0].path} if ordered else set()
    series: dict[str, list[Checkpoint]] = {}
    for each in checkpoints:
        if each.numbers.known:
            series.setdefault(each.series, []).append(each)
    given_up: list[Checkpoint] = []
    for members in series.values():
        members.sort(key=order_key, reverse=True)
        kept = keep | {each.path for each in members[: max(keep_last, 1)]}
        rated = [each for each in members if metric and metric in each.numbers.metrics]
        rated.sort(key=lambda each: each.numbers.metrics[metric], reverse=not smaller_is_better)
        kept |= {each.path for each in rated[:keep_best]}
        if keep_best and metric and not keep_last and not rated:
            continue  # nothing tells which is best
        given_up += [each for each in members if each.path not in kept]
    return given_up
