"""Whether a file is whole, from its bytes: every format whole, cut off anywhere, and with something dangerous in it.

The files are made by hand as their frameworks make them; those of a real torch are in the e2e tests.
"""

import collections
import enum
import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwright.domain.checkpoint_formats import PROBLEMS, State, Verdict, check
from trainwright.domain.pickles import STEPS_MAX, Need, Reading, dangers_of, is_dangerous, walk_pickle
from trainwright.domain.sentence import Language


def drive(reading: Reading[Any], data: bytes, needs: list[Need] | None = None) -> Any:
    """Give a check what it asks for."""
    try:
        need = next(reading)
        while True:
            assert 0 <= need.start <= need.end
            if needs is not None:
                needs.append(need)
            need = reading.send(data[need.start : need.end])
    except StopIteration as over:
        return over.value


def verdict(name: str, data: bytes) -> Verdict:
    found = drive(check(name, len(data)), data)
    assert isinstance(found, Verdict)
    for language in Language:
        assert "{" not in found.describe(language)
    return found


class Evil:
    """Loading its pickle would leave a file behind."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self._trace}",)


class Colour(enum.Enum):
    RED = 1


class FloatStorage:
    """Stands for torch's own."""


FloatStorage.__module__, FloatStorage.__qualname__ = "torch", "FloatStorage"


class TorchPickler(pickle.Pickler):
    """Refers to tensors' data as torch does."""

    def persistent_id(self, obj: Any) -> Any:
        return ("storage", Storage, *obj[1:]) if isinstance(obj, tuple) and obj[:1] == ("<tensor>",) else None


class Storage:
    """Written as `torch.FloatStorage` (see `torch_pickle`)."""


def torch_pickle(content: Any, protocol: int = 2) -> bytes:
    buffer = io.BytesIO()
    TorchPickler(buffer, protocol).dump(content)
    mine, theirs = f"{Storage.__module__}\nStorage\n".encode(), b"torch\nFloatStorage\n"
    return buffer.getvalue().replace(b"c" + mine, b"c" + theirs)


TENSORS = {"weight": ("<tensor>", "0", "cpu", 6), "bias": ("<tensor>", "1", "cpu", 3), "step": 7}


def torch_zip(content: Any = TENSORS, *, storages: dict[str, bytes] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", torch_pickle(content))
        for key, data in (storages or {"0": bytes(24), "1": bytes(12)}).items():
            archive.writestr(f"archive/data/{key}", data)
        archive.writestr("archive/version", "3\n")
    return buffer.getvalue()


def torch_legacy(content: Any = TENSORS) -> bytes:
    magic = 0x1950A86A20F9469CFC6C
    head = [magic, 1001, {"protocol_version": 1001, "little_endian": True}]
    data = b"".join(pickle.dumps(each, 2) for each in head) + torch_pickle(content)
    data += pickle.dumps(["0", "1"], 2)
    return data + struct.pack("<q", 6) + bytes(24) + struct.pack("<q", 3) + bytes(12)


def safetensors() -> bytes:
    header = json.dumps(
        {
            "__metadata__": {"format": "pt"},
            "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
            "b": {"dtype": "U8", "shape": [4], "data_offsets": [24, 28]},
        }
    ).encode()
    return struct.pack("<Q", len(header)) + header + bytes(28)


def hdf5(version: int, size: int = 2000, *, eof: int | None = None) -> bytes:
    end = struct.pack("<Q", size if eof is None else eof)
    head = b"\x89HDF\r\n\x1a\n" + bytes([version])
    if version < 2:
        head += bytes([0, 0, 0, 0, 8, 8, 0]) + bytes(8) + (bytes(4) if version else b"")
    else:
        head += bytes([8, 8, 0])
    head += bytes(8) + b"\xff" * 8 + end + bytes(16)
    return head.ljust(size, b"\0")


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def mindspore_bias() -> bytes:
    return field(1, field(1, b"conv.bias") + field(2, field(2, b"Float32") + field(3, bytes(12))))


def mindspore(*, checksum: bool = False) -> bytes:
    one = field(
        1, field(1, b"conv.weight") + field(2, b"\x08\x02" + field(2, b"Float32") + field(3, bytes(70_000)))
    )
    return one + mindspore_bias() + (b"crc_num" + bytes(10) if checksum else b"")


def npy() -> bytes:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(24)


def npz() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights.npy", npy())
    return buffer.getvalue()


PLAIN = {
    "a": [1, 2.5, None, True, b"x" * 3000],
    "o": collections.OrderedDict(x="y" * 500),
    "e": Colour.RED,
    3: 10**40,
}
WHOLE: dict[str, bytes] = {
    "model.pt": torch_zip(),
    "old.pth": torch_legacy(),
    "model.safetensors": safetensors(),
    "v0.h5": hdf5(0),
    "v1.h5": hdf5(1),
    "v2.h5": hdf5(2),
    "v3.hdf5": hdf5(3),
    "net-1_2.ckpt": mindspore(),
    "crc-1_2.ckpt": mindspore(checksum=True),
    "model.onnx": b"\x08\x08" + field(2, b"pytorch") + field(7, bytes(300)),
    "model.ckpt-1.index": bytes(100) + bytes.fromhex("57fb808b247547db"),
    "array.npy": npy(),
    "params.npz": npz(),
    "state.json": json.dumps({"step": 3}).encode(),
    **{f"state{protocol}.pkl": pickle.dumps(PLAIN, protocol) for protocol in range(6)},
    "model.pdparams": pickle.dumps({"w": b"\0" * 70_000}, 4),
}


# A message of protobuf that ends between two fields is a message of its own.
BETWEEN = {
    "net-1_2.ckpt": (len(mindspore()) - len(mindspore_bias()),),
    "crc-1_2.ckpt": (len(mindspore()) - len(mindspore_bias()), len(mindspore())),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_complete_and_any_beginning_of_it_is_not(name: str) -> None:
    """Guards truncated and still-growing files of every format: none of their beginnings may pass for the whole."""
    data = WHOLE[name]
    assert verdict(name, data).state is State.COMPLETE
    steps = (
        range(len(data))
        if len(data) < 3000
        else {*range(60), *range(0, len(data), 997), *range(len(data) - 60, len(data))}
    )
    for size in steps:
        found = verdict(name, data[:size])
        if found.state is State.COMPLETE and size in BETWEEN.get(name, ()):
            continue
        assert found.state is State.INCOMPLETE, (size, found)
        assert found.describe(Language.ZH)


def test_a_checksum_that_is_not_there_yet() -> None:
    """Guards the one exception: a MindSpore file without its checksum is one without a checksum."""
    assert verdict("net-1_2.ckpt", mindspore(checksum=True)[:-17]).state is State.COMPLETE


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("wrap", [torch_zip, torch_legacy, None], ids=["zip", "legacy", "plain"])
def test_an_exploit_is_found_and_does_not_run(
    protocol: int, wrap: Callable[[Any], bytes] | None, tmp_path: Path
) -> None:
    """Guards the reason for all this: nothing in a checkpoint is ever called."""
    trace = tmp_path / "trace"
    content = {"weight": TENSORS["weight"], "bias": TENSORS["bias"], "x": Evil(trace)}
    data = wrap(content) if wrap else pickle.dumps(content, protocol)
    found = verdict("model.pkl", data)
    assert (found.state, found.slots["name"]) == (State.UNSAFE, "posix.system")
    assert "posix.system" in found.describe(Language.EN)
    assert not trace.exists()


def assembled(*parts: bytes) -> bytes:
    return b"\x80\x04" + b"".join(parts) + b"."


def text(word: str) -> bytes:
    return b"\x8c" + bytes([len(word)]) + word.encode()


HIDDEN = {
    "names taken off the stack again": (text("os"), text("system"), text("a"), text("b"), b"00\x93"),
    "names under a mark": (
        text("os"),
        text("system"),
        b"(",
        text("collections"),
        text("OrderedDict"),
        b"1\x93",
    ),
    "names under a dict": (
        text("os"),
        text("system"),
        b"}",
        text("collections"),
        text("OrderedDict"),
        b"s0\x93",
    ),
    "names from the memo": (text("os"), b"\x940", text("system"), b"\x940h\x00h\x01\x93"),
    "the memo written over": (
        text("a"),
        b"q\x000",
        text("os"),
        b"q\x000",
        text("system"),
        b"q\x010h\x00h\x01\x93",
    ),
    "an extension": (b"\x82\x01",),
    "a dotted name": (text("collections"), text("abc.sys.modules"), b"\x93"),
    "an old instance": (b"(iposix\nsystem\n",),
    "the inside of a function": (b"cbuiltins\ngetattr\n", text("__globals__")),
    "another's import": (b"ctorch.serialization\nos.system\n",),
    "a caller of methods": (b"coperator\nmethodcaller\n",),
}


@pytest.mark.parametrize("how", HIDDEN)
def test_an_exploit_cannot_hide(how: str) -> None:
    """Guards against pickles made to deceive a scan of names."""
    data = assembled(*HIDDEN[how])
    assert dangers_of(drive(walk_pickle(0, len(data)), data)), how


@pytest.mark.parametrize(
    "name",
    ["collections OrderedDict", "torch._utils _rebuild_tensor_v2", "numpy.core.multiarray _reconstruct", "numpy dtype",
     "argparse Namespace", "__main__ Config", "pathlib PosixPath", "_codecs encode", "copyreg _reconstructor",
     "torch.optim.adam Adam", "omegaconf.dictconfig DictConfig", "builtins set", "datetime datetime"],
)  # fmt: skip
def test_what_checkpoints_usually_hold_is_safe(name: str) -> None:
    """Guards against crying wolf: these are in checkpoints everywhere."""
    assert not is_dangerous(name)


def test_parts_that_are_missing() -> None:
    """Guards torch's storages: each that the pickle refers to must be there, and large enough."""
    found = verdict("m.pt", torch_zip(storages={"0": bytes(24)}))
    assert (found.state, found.slots) == (State.INCOMPLETE, {"name": "archive/data/1"})
    assert verdict("m.pt", torch_zip(storages={"0": bytes(23), "1": bytes(12)})).state is State.INCOMPLETE


def test_what_the_writer_has_not_closed() -> None:
    """Guards HDF5 files whose writer has still got them open."""
    assert verdict("a.h5", hdf5(0, eof=(1 << 64) - 1)).problem == "open"
    assert verdict("a.h5", hdf5(2, eof=3000)).slots == {"size": 2000, "wanted": 3000}


def test_little_is_read_of_a_large_file() -> None:
    """Guards ranged reads: weights themselves are never read."""
    needs: list[Need] = []
    data = torch_zip(storages={"0": bytes(10_000_000), "1": bytes(12)})
    assert drive(check("m.pt", len(data)), data, needs).state is State.COMPLETE
    assert sum(need.end - need.start for need in needs) < 50_000
    needs.clear()
    data = pickle.dumps({"w": bytes(20_000_000), "b": bytes(9)}, 4)
    assert drive(check("m.pkl", len(data)), data, needs).state is State.COMPLETE
    assert sum(need.end - need.start for need in needs) < 1_000_000


@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_no_damage_breaks_the_check(name: str, data: st.DataObject) -> None:
    """Guards against any bytes: always a verdict, never an exception."""
    content = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    verdict(name, bytes(content))


@given(
    st.binary(max_size=500),
    st.sampled_from(["a.pt", "a.h5", "a.safetensors", "a-1_2.ckpt", "a.pkl", "a.index", "a.json", "a.onnx"]),
)
def test_any_bytes(content: bytes, name: str) -> None:
    """Guards against what is no checkpoint at all, whatever it is called."""
    for head in (b"", b"PK\x03\x04", b"\x80\x04", b"\x89HDF\r\n\x1a\n", b"\x93NUMPY", b"\n"):
        verdict(name, head + content)


@pytest.mark.parametrize("end", ["Infinity", "NaN", "1e400", "-1", "true", '"16"', "null", "1" + "0" * 4299])
def test_offsets_that_are_none(end: str) -> None:
    """Guards all that looks at checkpoints against one file of a user's."""
    header = b'{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,%s]}}' % end.encode()
    found = verdict("m.safetensors", struct.pack("<Q", len(header)) + header)
    assert (found.state, found.problem) == (State.INCOMPLETE, "damaged")


def test_what_is_too_large_to_be_looked_at() -> None:
    """Guards memory and time: a bomb is not even asked for, and all pickles of a file share one allowance."""
    needs: list[Need] = []
    for name in ("m.safetensors", "model.json"):
        size = (2 << 20) + 100
        data = struct.pack("<Q", size - 8) if name.endswith("tensors") else b"["
        found = drive(check(name, size), data.ljust(8) + b"[" * (size - 8), needs)
        assert (found.state, found.problem) == (State.UNKNOWN, "too_much")
    many = b"\x80\x04" + b"N" * (STEPS_MAX // 2) + b"."
    assert verdict("m.pkl", many) == Verdict(State.COMPLETE)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in range(3):
            archive.writestr(f"archive/{part}.pkl", many)
    assert verdict("m.pt", packed.getvalue()).problem == "too_much"
    needs.clear()
    long = b"\x80\x04" + b"N" * 4_000_000 + b"."
    assert drive(check("m.pkl", len(long)), long, needs).problem == "too_much"
    assert sum(need.end - need.start for need in needs) < 1 << 20


def test_every_problem_has_both_languages() -> None:
    """Guards the texts: different, with the same slots."""
    for code, each in PROBLEMS.items():
        assert (each.en == each.zh) == (code == "")
        assert {part.split("}")[0] for part in each.en.split("{")[1:]} == {
            part.split("}")[0] for part in each.zh.split("{")[1:]
        }
