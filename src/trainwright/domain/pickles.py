"""Walks through pickled bytes without ever loading them: where a pickle ends, what loading it would call.

Nothing here builds an object: opcodes are read with the tables of `pickletools`, long arguments are passed over.
Source: pickletools.opcodes, PEP 3154; torch.serialization for persistent ids of storages.
"""

import pickletools
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes of an object that are wanted: from `start` up to but without `end`, both within it."""

    start: int
    end: int


Reading = Generator[Need, bytes, T]
"""Asks for bytes of an object by `Need`, is sent them, and comes to a result. Whoever drives it does the reading."""


class CutShort(Exception):
    """The bytes end before what they hold does. `wanted`: how many there should be at least."""

    def __init__(self, wanted: int) -> None:
        super().__init__(f"at least {wanted} bytes")
        self.wanted = wanted


class Damaged(Exception):
    """The bytes at `at` are not what they should be."""

    def __init__(self, at: int) -> None:
        super().__init__(f"at byte {at}")
        self.at = at


class TooMuch(Exception):
    """More would have to be read than a check may."""


@dataclass(slots=True)
class Pickle:
    """What was found. `end`: the offset behind its STOP. `calls`: names of what loading it may call. `storages`: of
    torch, by key, with their size in bytes.
    """

    end: int = 0
    calls: set[str] = field(default_factory=set)
    storages: dict[str, int] = field(default_factory=dict)
    reaches: set[str] = field(default_factory=set)  # texts that name the inside of an object
    steps: int = 0  # opcodes that were looked at


_PIECE = 256 << 10
STEPS_MAX = 300_000
"""Opcodes of one file: half a second's work, that all threads wait for. A checkpoint has some thirty a tensor."""
_TEXT_MAX = 256
_LINE_MAX = 4096
_KEPT = 8
_CALLS_MAX = 1000
_MEMO_MAX = STEPS_MAX

_ARGUMENT = {
    ord(op.code): (op.name, 0 if op.arg is None else op.arg.n, "pair" in (op.arg.name if op.arg else ""))
    for op in pickletools.opcodes
}
_LENGTHS = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
_TEXTS = frozenset(
    ["SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE", "SHORT_BINSTRING", "BINSTRING", "STRING"]
)
_NUMBERS = frozenset(["BININT", "BININT1", "BININT2", "LONG1"])
_GETS = frozenset(["BINGET", "LONG_BINGET", "GET"])
_PUTS = frozenset(["BINPUT", "LONG_BINPUT", "PUT"])
_SILENT = frozenset(["PROTO", "FRAME"])
# What these leave on the stack is known; anything else takes from it, and what lies below is not looked at again.
_PUSHES = frozenset(op.name for op in pickletools.opcodes if not op.stack_before) - _SILENT
_STORAGE = re.compile(r"torch(\.\w+)* (?P<type>\w+)Storage")
_ITEM_BYTES = {
    "Double": 8,
    "Float": 4,
    "Half": 2,
    "BFloat16": 2,
    "Long": 8,
    "Int": 4,
    "Short": 2,
    "Char": 1,
    "Byte": 1,
    "Bool": 1,
    "ComplexDouble": 16,
    "ComplexFloat": 8,
    "Untyped": 1,
    "QInt8": 1,
    "QUInt8": 1,
    "QInt32": 4,
}


@dataclass(frozen=True, slots=True)
class _Global:
    name: str


_Value = str | int | _Global | None


def walk_pickle(start: int, end: int, before: Sequence[Pickle] = ()) -> Reading[Pickle]:
    """Read one pickle that begins at `start` and must end by `end`. `before`: those of the same file that were read.

    Raises:
        CutShort: it has no STOP before `end`.
        Damaged: something in it is no opcode.
        TooMuch: the file has more opcodes than a check may look at.
    """
    walk = _Walk(start, end, STEPS_MAX - sum(each.steps for each in before))
    while not walk.over:
        if walk.wants:
            walk.fill((yield Need(walk.at, min(walk.at + max(_PIECE, walk.wants), end))))
        walk.run()
    return walk.found


class _Walk:
    """Runs through what it has been given; `wants` more when that is not enough."""

    def __init__(self, start: int, end: int, steps: int) -> None:
        self.found = Pickle()
        self.over = False
        self.at = start  # offset of the first byte that is not done with
        self.wants = 1
        self._end = end
        self._data = b""
        self._left = steps
        self._recent: list[_Value] = []
        self._tuple: list[_Value] = []
        self._memo: dict[int, _Value] = {}

    def fill(self, data: bytes) -> None:
        """Take the bytes from `at` on."""
        self._data = data
        self.wants = 0

    def run(self) -> None:
        """Go on as far as the bytes reach."""
        data, base = self._data, self.at
        while not self.over:
            begin = self.at - base
            if begin >= len(data):
                self._want(1)
                return
            known = _ARGUMENT.get(data[begin])
            if known is None:
                raise Damaged(self.at)
            self.found.steps += 1
            if self.found.steps > self._left:
                raise TooMuch
            name, size, pair = known
            if size == 0:
                self.at += 1
                self._plain(name)
            elif not self._argument(data, begin + 1, name, size, pair=pair):
                return

    def _want(self, count: int) -> bool:
        """`count` bytes from `at` on are needed. Raises `CutShort` when there are not so many."""
        if self.at + count > self._end:
            raise CutShort(self.at + count)
        self.wants = count
        return False

    def _argument(self, data: bytes, begin: int, name: str, size: int, *, pair: bool) -> bool:
        """Take an opcode with its argument; False when more bytes are needed for it."""
        if size > 0:
            if begin + size > len(data):
                return self._want(1 + size)
            self.at += 1 + size
            self._value(name, data[begin : begin + size])
            return True
        if size == pickletools.UP_TO_NEWLINE:
            return self._lines(data, begin, name, 2 if pair else 1)
        width = _LENGTHS[size]
        if begin + width > len(data):
            return self._want(1 + width)
        length = int.from_bytes(data[begin : begin + width], "little")
        if self.at + 1 + width + length > self._end:
            raise CutShort(self.at + 1 + width + length)
        if length <= _TEXT_MAX:
            if begin + width + length > len(data):
                return self._want(1 + width + length)
            self._value(name, data[begin + width : begin + width + length])
        else:
            self._push(None)
        self.at += 1 + width + length
        return True

    def _lines(self, data: bytes, begin: int, name: str, count: int) -> bool:
        at = begin
        for _ in range(count):
            at = data.find(b"\n", at) + 1
            if not at:
                if len(data) - begin > _LINE_MAX:
                    return self._long_line(name)
                if self.at + len(data) - begin + 1 >= self._end:
                    raise CutShort(self._end + 1)
                return self._want(min(_LINE_MAX + 2, self._end - self.at))
        self.at += 1 + at - begin
        self._value(name, data[begin : at - 1])
        return True

    def _long_line(self, name: str) -> bool:
        """A text of protocol 0 that goes on and on. Nothing that is a name is so long."""
        raise TooMuch(name)

    def _plain(self, name: str) -> None:
        if name == "STOP":
            self.over = True
            self.found.end = self.at
        elif name == "MARK":
            self._recent = []
        elif name == "MEMOIZE":
            self._keep(len(self._memo))
        elif name == "STACK_GLOBAL":
            module, attribute = ([None, None, *self._recent])[-2:]
            known = isinstance(module, str) and isinstance(attribute, str)
            self._global(f"{module} {attribute}" if known else "?")
        elif name == "BINPERSID":
            self._storage()
        elif name == "TUPLE":
            self._tuple, self._recent = self._recent, [None]
        elif name in _PUSHES:
            self._push(None)
        elif name not in _SILENT:
            self._recent = [None]

    def _value(self, name: str, raw: bytes) -> None:
        if name in _TEXTS:
            text = raw.decode("utf-8", "replace")
            if text.startswith("__") and text.endswith("__"):
                self.found.reaches.add(text)
            self._push(text)
        elif name in _NUMBERS:
            self._push(int.from_bytes(raw, "little", signed=name in ("BININT", "LONG1")))
        elif name in _GETS:
            self._push(self._memo.get(self._index(name, raw)))
        elif name in _PUTS:
            self._keep(self._index(name, raw))
        elif name in ("GLOBAL", "INST"):
            self._global(raw.decode("utf-8", "replace").replace("\n", " "))
        elif name.startswith("EXT"):
            self._global("?")
        elif name not in _SILENT:
            self._push(None)

    def _index(self, name: str, raw: bytes) -> int:
        if name not in ("GET", "PUT"):
            return int.from_bytes(raw, "little")
        try:
            return int(raw[:_KEPT])
        except ValueError as exc:
            raise Damaged(self.at) from exc

    def _push(self, value: _Value) -> None:
        self._recent.append(value)
        if len(self._recent) > 2 * _KEPT:
            self._recent = self._recent[-_KEPT:]

    def _keep(self, index: int) -> None:
        if len(self._memo) >= _MEMO_MAX:
            raise TooMuch
        self._memo[index] = self._recent[-1] if self._recent else None

    def _global(self, name: str) -> None:
        if len(self.found.calls) < _CALLS_MAX or is_dangerous(name):
            self.found.calls.add(name[:_TEXT_MAX])
        self._push(_Global(name))

    def _storage(self) -> None:
        """`("storage", torch.FloatStorage, key, device, count, …)`, as torch refers to its data."""
        for first, value in enumerate(self._tuple):
            if value == "storage" and len(self._tuple) > first + 4:
                _, kind, key, _device, count = self._tuple[first : first + 5]
                if isinstance(kind, _Global) and isinstance(key, str) and isinstance(count, int):
                    known = _STORAGE.fullmatch(kind.name)
                    width = _ITEM_BYTES.get(known["type"]) if known else None
                    self.found.storages[key] = count * width if width else -1
        self._tuple, self._recent = [], [None]


# Whole modules, wherever in a dotted name they come up: `torch.serialization os.system` reaches `os` as well.
_DANGEROUS = frozenset(
    [
        "os", "posix", "nt", "ntpath", "posixpath", "subprocess", "_posixsubprocess", "pty", "sys",
        "shutil", "socket", "_socket", "socketserver", "ssl", "requests", "urllib", "urllib2", "urllib3",
        "http", "httpx", "httplib", "aiohttp", "ftplib", "smtplib", "telnetlib", "webbrowser", "runpy",
        "importlib", "_frozen_importlib", "pkgutil", "imp", "zipimport", "ctypes", "_ctypes", "cffi",
        "code", "codeop", "pdb", "bdb", "profile", "cProfile", "timeit", "trace", "asyncio",
        "multiprocessing", "concurrent", "_thread", "threading", "signal", "tempfile", "pathlib", "glob",
        "fileinput", "linecache", "marshal", "pickle", "_pickle", "cPickle", "dill", "cloudpickle",
        "joblib", "shelve", "pip", "setuptools", "ensurepip", "venv", "distutils", "platform", "resource",
        "gc", "inspect", "types", "commands", "popen2", "eval", "exec", "execfile", "compile", "open",
        "__import__", "globals", "locals", "vars", "breakpoint", "input", "load_module", "__builtins__",
        "builtin_eval", "cpp_extension", "hub", "sympify", "runstring", "rundocs", "runscript",
    ]
)  # fmt: skip
_SAFE = frozenset(
    [
        "torch.serialization _get_layout",
        "pathlib PosixPath",
        "pathlib PurePosixPath",
        "pathlib WindowsPath",
        "pathlib PureWindowsPath",
        "pathlib Path",
        "pathlib._local PosixPath",
        "pathlib._local WindowsPath",
        "types SimpleNamespace",
        "joblib.numpy_pickle NumpyArrayWrapper",
    ]
)
_CALLERS = frozenset(
    ["operator attrgetter", "operator methodcaller", "_operator attrgetter", "_operator methodcaller"]
)


def is_dangerous(name: str) -> bool:
    """Whether loading a pickle that uses `module attribute` could do something to the machine. What cannot be told
    (`?`) could.
    """
    if name == "?":
        return True
    if name in _SAFE:
        return False
    return name in _CALLERS or not _DANGEROUS.isdisjoint(re.split(r"[ .]", name))


def dangers_of(found: Pickle) -> list[str]:
    """What of it is dangerous, ascending; with `getattr`, also the inside of objects that it reaches for."""
    dangers = sorted(name.replace(" ", ".") for name in found.calls if is_dangerous(name))
    getters = {"builtins getattr", "__builtin__ getattr"} & found.calls
    return dangers or (sorted(found.reaches) if getters else [])
