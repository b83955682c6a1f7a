"""Whether a checkpoint's file is whole, told from its bytes and never by loading it. Pure.

A check is a generator (`pickles.Reading`) that asks for ranges of bytes, so that of a large object little is read.
Sources: PKWARE APPNOTE 4.3 (zip), HDF5 file format II.A (superblock), safetensors README, protobuf encoding,
mindspore/ccsrc/utils/checkpoint.proto, tensorflow/core/lib/io/format.h (table footer), numpy.lib.format.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from trainwright.domain.entities import Slots
from trainwright.domain.pickles import (
    CutShort,
    Damaged,
    Need,
    Pickle,
    Reading,
    TooMuch,
    dangers_of,
    walk_pickle,
)
from trainwright.domain.sentence import Language, Text
from trainwright.domain.zips import Member, read_members


class State(StrEnum):
    """What a check found."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"  # empty, cut short, still growing, damaged, or parts are missing
    UNSAFE = "unsafe"  # loading it could run something
    UNKNOWN = "unknown"  # nothing can be said


UNREADABLE = "unreadable"
"""The problem that may be over when it is tried again."""
PROBLEMS: Mapping[str, Text] = {
    "": Text("", ""),
    "empty": Text("it is empty", "文件为空"),
    "cut_short": Text(
        "it ends too early: {size} of at least {wanted} bytes are there",
        "内容被截断（现有 {size} 字节，至少应有 {wanted} 字节）",
    ),
    "no_end": Text("its end is missing: it was not written to the end", "缺少文件尾：尚未写完"),
    "open": Text("it was not closed by its writer", "写入方尚未关闭该文件"),
    "damaged": Text("it cannot be read at byte {at}", "在第 {at} 字节处无法解析"),
    "missing": Text("{name} is missing", "缺少 {name}"),
    "fewer": Text("{other} has {name}, and it has not", "{other} 含有 {name}，而此处没有"),
    "unmarked": Text("{name} does not name it yet", "{name} 尚未指向该检查点"),
    "dangerous": Text("loading it would call {name}", "加载时会调用 {name}"),
    "strange": Text("its format is not known", "格式未知"),
    "too_much": Text("it is too large to be checked", "内容过大，未检查"),
    UNREADABLE: Text("the store could not be read", "无法读取存储"),
    "failed": Text("the check failed: {detail}", "检查失败：{detail}"),
}
"""Why a checkpoint is not complete, as a half-sentence, by the code of a verdict."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a check. `file`: of several, the one to blame."""

    state: State
    problem: str = ""
    slots: Slots = field(default_factory=dict)
    file: str = ""

    def describe(self, language: Language) -> str:
        """Why, in words; empty for nothing."""
        text = PROBLEMS[self.problem].render(language, self.slots)
        return f"{self.file}: {text}" if self.file else text


COMPLETE = Verdict(State.COMPLETE)
STUMBLES = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
    ExceptionGroup,  # of tasks of which some raised one of these
)
"""What code that computes with bytes and names of strangers may raise where it has a fault."""
_HEAD = 4096
_SHORTEST = 8  # no format has shorter files
_JSON_MAX = 2 << 20
"""Of a header, or a file of its own: parsed it takes some thirty times as much memory, and holds up all threads."""
_SIZE_MAX = 1 << 63
_SMALL = 64 << 20
_GRAPH = 7  # the field of an ONNX model that holds it
_FIELDS_MAX = 20_000
_READS_MAX = 2000
_HDF5 = b"\x89HDF\r\n\x1a\n"
_TABLE = bytes.fromhex("57fb808b247547db")
_LEGACY_TORCH = bytes.fromhex("8a0a6cfc9c46f9206aa85019")  # LONG1 of torch.serialization.MAGIC_NUMBER
_PICKLED = re.compile(rb"\x80[\x02-\x05]")
_DTYPE = re.compile(rb"[<>|=]?[a-zA-Z](\d+)")
_NUMPY = re.compile(rb"\s*\{\s*'descr': '(?P<type>[^']*)',.*'shape': \((?P<shape>[\d, ]*)\)", re.DOTALL)
_PICKLES = (".pkl", ".pickle", ".joblib", ".pdparams", ".pdopt")


def check(name: str, size: int) -> Reading[Verdict]:
    """What there is to say of one file of that name. Never raises."""
    if size == 0:
        return Verdict(State.INCOMPLETE, "empty")
    try:
        return (yield from _check(name.lower(), size))
    except CutShort as cut:
        if cut.wanted >= _SIZE_MAX:
            return Verdict(State.INCOMPLETE, "damaged", {"at": 0})
        return Verdict(State.INCOMPLETE, "cut_short", {"size": size, "wanted": cut.wanted})
    except Damaged as damaged:
        return Verdict(State.INCOMPLETE, "damaged", {"at": damaged.at})
    except TooMuch:
        return Verdict(State.UNKNOWN, "too_much")


def _check(name: str, size: int) -> Reading[Verdict]:
    if ".data-" in name:
        return COMPLETE  # raw bytes of TensorFlow's; their index says more
    if size < _SHORTEST and not name.endswith(".json"):
        raise CutShort(_SHORTEST)
    head = yield Need(0, min(size, _HEAD))
    if head.startswith(b"PK\x03\x04"):
        return (yield from _zip(size))
    if head.startswith(_HDF5) or name.endswith((".h5", ".hdf5")):
        return (yield from _hdf5(head, size))
    if head.startswith(b"\x93NUMPY"):
        return _numpy(head, size)
    if name.endswith(".safetensors"):
        return (yield from _safetensors(head, size))
    if name.endswith(".index"):
        return (yield from _table(size))
    if _PICKLED.match(head):
        return (yield from _pickles(head, size))
    if name.endswith((".json", ".ubj")) or head[:1] in b"{[":
        return (yield from _json(head, size))
    if name.endswith((".onnx", ".pb")) or (name.endswith(".ckpt") and head.startswith(b"\n")):
        mindspore, needed = name.endswith(".ckpt"), _GRAPH if name.endswith(".onnx") else 0
        return (yield from _protobuf(size, mindspore=mindspore, needed=needed))
    if name.endswith(_PICKLES):  # protocols 0 and 1 have no mark at the beginning
        return _verdict_of((yield from walk_pickle(0, size)))
    if name.endswith(".distcp"):
        return COMPLETE  # as above, in versions of torch that write no zip
    return Verdict(State.UNKNOWN, "strange")


def _verdict_of(*found: Pickle) -> Verdict:
    dangers = sorted({name for each in found for name in dangers_of(each)})
    return Verdict(State.UNSAFE, "dangerous", {"name": dangers[0]}) if dangers else COMPLETE


def _zip(size: int) -> Reading[Verdict]:
    """Torch since 1.6, Keras 3, numpy's npz."""
    members = yield from read_members(size)
    if members is None:
        return Verdict(State.INCOMPLETE, "no_end")
    pickles: list[Pickle] = []
    for path, member in members.items():
        if path.endswith(".pkl"):
            start = yield from _contents(member)
            if member.packed:
                return Verdict(State.UNKNOWN, "strange")
            found = yield from walk_pickle(start, start + member.size, pickles)
            for key, wanted in found.storages.items():
                data = members.get(f"{path[:-4]}/{key}")
                if data is None or data.size < wanted:
                    return Verdict(State.INCOMPLETE, "missing", {"name": f"{path[:-4]}/{key}"})
            pickles.append(found)
    return _verdict_of(*pickles)


def _contents(member: Member) -> Reading[int]:
    """Where the bytes of a member begin."""
    local = yield Need(member.offset, member.offset + 30)
    if len(local) < 30 or not local.startswith(b"PK\x03\x04"):
        raise Damaged(member.offset)
    names = int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
    return member.offset + 30 + names


def _pickles(head: bytes, size: int) -> Reading[Verdict]:
    """A pickle; torch until 1.5 has five in a row, and raw storages behind them."""
    first = yield from walk_pickle(0, size)
    if _LEGACY_TORCH not in head[:32]:
        return _verdict_of(first)
    found = [first]
    for _ in range(4):
        found.append((yield from walk_pickle(found[-1].end, size, found)))
    storages = found[3].storages
    wanted = found[4].end + sum(8 + max(bytes_, 0) for bytes_ in storages.values())
    if wanted > size:
        raise CutShort(wanted)
    return _verdict_of(*found)


def _hdf5(head: bytes, size: int) -> Reading[Verdict]:
    begin = 0
    while not head.startswith(_HDF5):  # a user block may lie before it, of 512 bytes or twice that, …
        begin = max(512, begin * 2)
        if begin + 96 > size or begin > _SMALL:
            raise Damaged(0)
        head = yield Need(begin, begin + 96)
    if begin + 96 > size:
        raise CutShort(begin + 96)
    version = head[8]
    if version > 3:
        return Verdict(State.UNKNOWN, "strange")
    width = head[13] if version < 2 else head[9]
    first = {0: 24, 1: 28}.get(version, 12)
    base, _, end = (
        int.from_bytes(head[first + at * width : first + (at + 1) * width], "little") for at in range(3)
    )
    if end == (1 << 8 * width) - 1 or (version == 3 and head[11] & 1):
        return Verdict(State.INCOMPLETE, "open")
    end += begin if base == 0 else 0
    if end > size:
        raise CutShort(end)
    return COMPLETE


def _safetensors(head: bytes, size: int) -> Reading[Verdict]:
    if size < 8:
        raise CutShort(8)
    length = int.from_bytes(head[:8], "little")
    if length > 100_000_000:  # the format's own limit
        raise Damaged(0)
    if 8 + length > size:
        raise CutShort(8 + length)
    if length > _JSON_MAX:
        raise TooMuch
    text = yield Need(8, 8 + length)
    try:
        header = json.loads(text)
        ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
        if not all(type(each) is int and 0 <= each < _SIZE_MAX for each in ends):
            raise Damaged(8)
        end = 8 + length + max(ends, default=0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as exc:
        raise Damaged(8) from exc
    if end > size:
        raise CutShort(end)
    if end < size:
        raise Damaged(end)
    return COMPLETE


def _table(size: int) -> Reading[Verdict]:
    """The index of a TensorFlow checkpoint: a table whose last bytes are a magic number."""
    footer = yield Need(max(0, size - 48), size)
    return COMPLETE if footer.endswith(_TABLE) else Verdict(State.INCOMPLETE, "no_end")


def _numpy(head: bytes, size: int) -> Verdict:
    wide = 2 if head[6:7] == b"\x01" else 4
    length = int.from_bytes(head[8 : 8 + wide], "little")
    if size < 8 + wide + length or size < 8 + wide:
        raise CutShort(8 + wide + length)
    header = _NUMPY.match(head[8 + wide : 8 + wide + length])
    width = _DTYPE.fullmatch(header["type"]) if header else None
    if header is None or width is None:
        return Verdict(State.UNKNOWN, "strange")  # a record, or pickled objects
    shape = [int(part) for part in header["shape"].replace(b" ", b"").split(b",") if part]
    item = int(width[1]) * (4 if b"U" in header["type"] else 1)
    wanted = 8 + wide + length + math.prod(shape) * item
    if wanted > size:
        raise CutShort(wanted)
    return COMPLETE


def _json(head: bytes, size: int) -> Reading[Verdict]:
    if size > _JSON_MAX:
        raise TooMuch
    text = head if len(head) == size else (yield Need(0, size))
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return Verdict(State.INCOMPLETE, "no_end")
    return COMPLETE


def _protobuf(size: int, *, mindspore: bool, needed: int) -> Reading[Verdict]:
    """One field after the other, exactly to the end; field `needed` (0: none) among them. What is cut off between two
    fields cannot be told from the whole. MindSpore: all are number 1, a tensor with a name each, and a checksum may
    follow.
    """
    end = size
    if mindspore and size > 17:
        tail = yield Need(size - 17, size)
        if tail.startswith(b"crc_num"):
            end -= 17
    at, reads = 0, 0
    window, base = b"", 0
    for _ in range(_FIELDS_MAX):
        if at == end:
            if needed:
                raise CutShort(size + 1)
            return COMPLETE
        if at - base + 20 > len(window) and base + len(window) < end:
            reads += 1
            if reads > _READS_MAX:
                raise TooMuch
            base = at
            window = yield Need(at, min(at + (64 << 10), end))
        tag, behind = _varint(window, at - base, base, end)
        kind, number = tag & 7, tag >> 3
        if number == 0 or (mindspore and tag != 10):
            if mindspore and at == 0:
                return Verdict(State.UNKNOWN, "strange")
            raise Damaged(at)
        at = base + behind
        needed = 0 if number == needed else needed
        if kind == 0:
            at = base + _varint(window, behind, base, end)[1]
        elif kind == 2:
            length, begin = _varint(window, behind, base, end)
            at = base + begin + length
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise Damaged(at)
        if at > end:
            raise CutShort(at)
    raise TooMuch


def _varint(window: bytes, at: int, base: int, end: int) -> tuple[int, int]:
    """The number there, and where the next byte is."""
    value = 0
    for place in range(10):
        if at + place >= len(window):
            raise CutShort(max(end, base + at + place) + 1)
        byte = window[at + place]
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, at + place + 1
    raise Damaged(base + at)
