"""What the names of checkpoints say: step, epoch, metrics. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NONE: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Numbers:
    """Step and epoch, -1 where the name does not say; metrics by name."""

    step: int = -1
    epoch: int = -1
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether it says how far training was."""
        return self.step >= 0 or self.epoch >= 0


_SURE = frozenset(
    [
        "pt",
        "pth",
        "ckpt",
        "safetensors",
        "h5",
        "hdf5",
        "keras",
        "onnx",
        "pdparams",
        "pdopt",
        "distcp",
        "params",
    ]
)
_HINTED = frozenset(["bin", "pkl", "pickle", "joblib", "npz", "npy", "json", "ubj", "pb", "tar", "txt"])
_SETS = frozenset(["index", "meta", "pdstates", "pdiparams", "pdmodel"])
_LOOKED_AT = _SURE | _HINTED | _SETS
_HINT = re.compile(
    r"(?<![a-z])(check[-_]?point|ckpt|chkpt|model|weights?|params|state|optim(izer)?|epoch|ep|step|iter|"
    r"adapter|snapshot|latest|last|best)(?![a-z])",
    re.I,
)
# Beside weights lie files that only look like some.
_NEVER = re.compile(
    r"(tokenizer|vocab|config|generation_config|special_tokens_map|training_args|preprocessor|trainer_state|"
    r"rng_state|scheduler|scaler|all_results|train_results|eval_results|results?|metrics?|history|log|merges|"
    r"requirements|args|hparams|events).*",
    re.I,
)
_WEAK = frozenset(["json", "txt"])
_FLAX = re.compile(r"(checkpoint|ckpt)_\d+")

_K = {"": 1, "k": 1000, "K": 1000, "m": 1_000_000, "M": 1_000_000}
_NUMBER = r"(?P<number>\d++)(?P<unit>[kKmM](?![A-Za-z]))?(?!\.\d)"
_STEP = re.compile(
    rf"(?<![A-Za-z0-9.])(?:global)?[-_]?(?:steps?|iter(?:ation)?s?|it|update)[-_=.]?{_NUMBER}", re.I
)
_STEP_AFTER = re.compile(
    r"(?<!\d)(?P<number>\d+)(?P<unit>[kKmM]?)[-_ ]?(?:steps|iters?|iterations|updates)", re.I
)
_EPOCH = re.compile(rf"(?<![A-Za-z0-9.])(?:epochs?|ep|e)[-_=.]?{_NUMBER}", re.I)
_EPOCH_AFTER = re.compile(r"(?<!\d)(?P<number>\d+)(?P<unit>)[-_ ]?(?:epochs?)(?![A-Za-z])", re.I)
_MINDSPORE = re.compile(r".*-(?P<epoch>\d+)_(?P<step>\d+)\.ckpt")
_KERAS = re.compile(
    r"(?:weights|model|cp|checkpoint|ckpt)[._-](?P<epoch>\d+)-(?P<value>\d+\.\d+)\.(?:h5|hdf5|keras|weights\.h5)"
)
_TENSORFLOW = re.compile(r".*(?:(?:ckpt|checkpoint|model)-|(?:ckpt|checkpoint)_)(?P<step>\d+)")
_BARE_FOLDER = re.compile(r"(?:.*[-_])?(?:checkpoint|ckpt|chkpt|model|save|dcp)[-_]?(?P<number>\d+)")
_BARE_FILE = re.compile(
    r".*?(?:checkpoint|ckpt|chkpt|model|net|weights|params|snapshot|cp|[A-Za-z])[-_.]?(?P<number>\d+)(?:[-_].*)?"
)
_METRIC = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9_@/]*?)[=_-]?(?P<value>(?<![\d.])-?\d+\.\d+(?:e-?\d+)?|(?<==)-?\d+(?:\.\d+)?(?:e-?\d+)?)"
    r"(?![\dA-Za-z])",
)
_SUFFIX = re.compile(
    r"(\.pth\.tar|\.weights\.h5|\.(pt|pth|ckpt|bin|safetensors|h5|hdf5|keras|onnx|pdparams|pdopt|msgpack|pkl|pickle|"
    r"joblib|npz|npy|json|ubj|pb|tar|txt|params|caffemodel|distcp))+$",
    re.I,
)
_NO_METRIC = frozenset(["model", "best", "checkpoint", "ckpt", "epoch", "step", "weights", "net", "cp"])
_COUNTED = frozenset(
    ["step", "steps", "epoch", "epochs", "ep", "e", "iter", "iteration", "global_step", "it"]
)
_LONGEST = 256  # of a name that is looked at; no framework writes longer ones
_DIGITS = re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?")


def may_be_weights(name: str) -> bool:
    """Whether it is worth a closer look: of the thousands of pictures in an output none is."""
    suffix = name.rpartition(".")[2].lower()
    return suffix in _LOOKED_AT or suffix.startswith("data-") or "." not in name


def looks_like_weights(name: str, *, folder: bool = False) -> bool:
    """Whether a file of that name holds weights or optimizer state. `folder`: it lies in a checkpoint's folder, where
    less is needed to be told so.
    """
    stem, dot, suffix = name.lower().rpartition(".")
    if not dot:
        return bool(_FLAX.fullmatch(name)) or (folder and name in ("checkpoint", "model"))
    if suffix in _SURE:
        return not (suffix == "params" and not _HINT.search(stem))
    if suffix not in _HINTED or _NEVER.fullmatch(stem):
        return False
    if suffix in _WEAK and suffix == "txt":
        return False
    return bool(_HINT.search(stem)) or (folder and suffix in ("bin", "npz", "pkl"))


def numbers_of(path: str) -> Numbers:
    """Step, epoch and metrics of a checkpoint's path (a folder's ends in a slash); folders above it are not asked."""
    is_folder = path.endswith("/")
    name = path.rstrip("/").rpartition("/")[2][-_LONGEST:]
    mindspore = _MINDSPORE.fullmatch(name)
    if mindspore:
        return Numbers(_int(mindspore["step"]), _int(mindspore["epoch"]))
    keras = _KERAS.fullmatch(name)
    if keras:
        return Numbers(epoch=_int(keras["epoch"]), metrics={"metric": float(keras["value"])})
    stem = _SUFFIX.sub("", name)
    step, epoch = _first(stem, _STEP, _STEP_AFTER), _first(stem, _EPOCH, _EPOCH_AFTER)
    metrics = _metrics(stem)
    if step < 0 and epoch < 0:
        return _bare(name, stem, metrics, is_folder=is_folder)
    return Numbers(step, epoch, metrics)


def _bare(name: str, stem: str, metrics: dict[str, float], *, is_folder: bool) -> Numbers:
    """A number that nothing explains: a step after `checkpoint-` of a folder or a set, an epoch in a file's name."""
    if is_folder:
        named = _BARE_FOLDER.fullmatch(stem)
        counted = named["number"] if named else stem
        is_number = counted.isascii() and counted.isdecimal()
        return Numbers(step=_int(counted) if is_number else -1, metrics=metrics)
    set_of_files = _TENSORFLOW.fullmatch(stem) if stem == name else None
    if set_of_files:
        return Numbers(step=_int(set_of_files["step"]), metrics=metrics)
    plain = _METRIC.sub("", stem)
    if plain.isascii() and plain.isdecimal():
        return Numbers(epoch=_int(plain), metrics=metrics)
    found = _BARE_FILE.fullmatch(plain)
    return Numbers(epoch=_int(found["number"]) if found and _is_counter(stem) else -1, metrics=metrics)


_COUNTER = re.compile(
    r"(?:.*[-_.])?(?:checkpoint|ckpt|chkpt|model|net|weights|params|snapshot|state|cp|g|d|gen|dis)[-_.]?\d+(?:[-_].*)?|[A-Za-z]+_\d{2,}",
    re.I,
)


def _is_counter(stem: str) -> bool:
    """`resnet50` and `vgg16` are names, `checkpoint0009` and `model_10` counters."""
    return bool(_COUNTER.fullmatch(_METRIC.sub("", stem).rstrip("-_")))


def series_of(path: str) -> str:
    """The path with every number of its name as `#`: the same for all checkpoints of one series."""
    above, slash, name = path.rstrip("/").rpartition("/")
    end = "/" if path.endswith("/") else ""
    stem = _SUFFIX.sub("", name)
    return above + slash + _DIGITS.sub("#", stem) + name[len(stem) :] + end


def _first(stem: str, *patterns: re.Pattern[str]) -> int:
    for pattern in patterns:
        found = pattern.search(stem)
        if found:
            return _int(found["number"]) * _K[found["unit"] or ""]
    return -1


def _metrics(stem: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for match in _METRIC.finditer(stem):
        name = match["name"].strip("_-/")
        last = re.split(r"[_-]", name)[-1].lower()
        if len(last) > 1 and last not in _COUNTED:
            found[_metric_name(name)] = float(match["value"])
    return found


def _metric_name(name: str) -> str:
    """`model_best_acc` → `acc`: words that belong to the name of the file are no part of the metric's."""
    words = re.split(r"[_-]", name)
    while len(words) > 1 and (words[0].lower() in _NO_METRIC or any(char.isdigit() for char in words[0])):
        words = words[1:]
    return "_".join(words)


def _int(digits: str) -> int:
    return int(digits[:18])
