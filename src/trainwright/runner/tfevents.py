"""TensorBoard event files: records, and the scalars in them. Pure.

A file is a row of TFRecords (length, checksum of it, bytes, checksum of them), each the bytes of a protobuf `Event`.
Only what a curve needs is read: wall time, step, and of each value of the summary its tag and number, be that a
`simple_value` (TensorFlow 1, PyTorch) or a tensor with one element (TensorFlow 2).
Source: tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto, framework/summary.proto, tensor.proto.
"""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Union

    Field = tuple[int, Union[int, bytes]]

HEAD = 12  # bytes of a record before its own
TAIL = 4  # and after
CHECKED_MAX = 4096  # longer records hold more than scalars; going over their bytes here would take too long
_POLYNOMIAL = 0x82F63B78
_MASK = 0xA282EAD8
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_INT64 = 1 << 63

# Of `TensorProto.dtype`: how an element lies in `tensor_content`; then the field that holds it otherwise.
_CONTENT = {1: "<f", 2: "<d", 3: "<i", 4: "<B", 5: "<h", 6: "<b", 9: "<q", 10: "<?", 17: "<H", 19: "<e"}
_CONTENT.update({22: "<I", 23: "<Q"})
_FLOAT_VAL, _DOUBLE_VAL, _HALF_VAL = 5, 6, 13
_WHOLE_VALS = (7, 10, 11, 16, 17)
_HALF, _BFLOAT16 = 19, 14


def _table() -> list[int]:
    table = []
    for number in range(256):
        for _ in range(8):
            number = (number >> 1) ^ (_POLYNOMIAL if number & 1 else 0)
        table.append(number)
    return table


_TABLE = _table()


def masked_crc32c(data: bytes) -> int:
    """The checksum as records have it."""
    table, crc = _TABLE, 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF


def length_of(head: bytes) -> int:
    """How many bytes the record with this head has; -1 when that is no head."""
    length, checksum = struct.unpack("<QI", head)
    return int(length) if masked_crc32c(head[:8]) == checksum else -1


def is_whole(data: bytes, tail: bytes) -> bool:
    """Whether the bytes of a record are what was meant; long ones are taken to be."""
    return len(data) > CHECKED_MAX or masked_crc32c(data) == struct.unpack("<I", tail)[0]


def scalars(event: bytes) -> list[tuple[str, int, float, int]]:
    """Tag, step, value, and time in ms of every scalar in an `Event`.

    Raises:
        ValueError: it is none.
    """
    wall, step = 0.0, 0
    values: list[bytes] = []
    for number, value in _fields(event):
        if number == 1 and isinstance(value, bytes) and len(value) == 8:
            wall = float(struct.unpack("<d", value)[0])
        elif number == 2 and isinstance(value, int):
            step = value - (_INT64 << 1) if value >= _INT64 else value
        elif number == 5 and isinstance(value, bytes):
            values += [part for inner, part in _fields(value) if inner == 1 and isinstance(part, bytes)]
    at_ms = int(wall * 1000) if 0 <= wall < 1e12 else 0
    found = []
    for value in values:
        tag, scalar = _scalar(value)
        if tag and scalar is not None:
            found.append((tag, step, scalar, at_ms))
    return found


def _scalar(summary_value: bytes) -> tuple[str, float | None]:
    """Tag and number of a `Summary.Value`; no number when it is a picture, a histogram or the like."""
    tag, found = "", None
    tensor = metadata = b""
    for number, value in _fields(summary_value):
        if number == 1 and isinstance(value, bytes):
            tag = value.decode("utf-8", "replace")
        elif number == 2 and isinstance(value, bytes) and len(value) == 4:
            found = float(struct.unpack("<f", value)[0])
        elif number == 8 and isinstance(value, bytes):
            tensor = value
        elif number == 9 and isinstance(value, bytes):
            metadata = value
    if tensor and _plugin(metadata) in ("", "scalars"):
        found = _element(tensor)
    return tag, found


def _plugin(metadata: bytes) -> str:
    for number, value in _fields(metadata):
        if number == 1 and isinstance(value, bytes):
            names = [name for inner, name in _fields(value) if inner == 1 and isinstance(name, bytes)]
            return names[-1].decode("utf-8", "replace") if names else ""
    return ""


def _element(tensor: bytes) -> float | None:
    """The number in a `TensorProto` that has exactly one."""
    kind, content = 0, b""
    known: dict[int, int | bytes] = {}
    for number, value in _fields(tensor):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, bytes):
            if _elements(value) != 1:
                return None
        elif number == 4 and isinstance(value, bytes):
            content = value
        else:
            known[number] = value
    if kind not in _CONTENT and kind != _BFLOAT16:
        return None  # text, and what is no number
    if content:
        return _from_content(kind, content)
    return _from_values(kind, known)


def _from_content(kind: int, content: bytes) -> float | None:
    if kind == _BFLOAT16:
        return float(struct.unpack("<f", b"\0\0" + content)[0]) if len(content) == 2 else None
    form = _CONTENT[kind]
    return float(struct.unpack(form, content)[0]) if len(content) == struct.calcsize(form) else None


def _from_values(kind: int, known: dict[int, int | bytes]) -> float | None:
    """From one of the lists, packed or not. An empty one stands for 0."""
    for number, form in ((_FLOAT_VAL, "<f"), (_DOUBLE_VAL, "<d")):
        value = known.get(number)
        if isinstance(value, bytes) and len(value) == struct.calcsize(form):
            return float(struct.unpack(form, value)[0])
    for number in (*_WHOLE_VALS, _HALF_VAL):
        value = known.get(number)
        if value is None:
            continue
        whole = value if isinstance(value, int) else _varint(value, 0)[0]
        if number == _HALF_VAL:
            return _from_content(kind, struct.pack("<H", whole & 0xFFFF))
        signed = whole - (_INT64 << 1) if whole >= _INT64 and kind != 23 else whole
        return float(signed)
    return 0.0


def _elements(shape: bytes) -> int:
    """How many elements a `TensorShapeProto` has."""
    count = 1
    for number, dimension in _fields(shape):
        if number == 2 and isinstance(dimension, bytes):
            sizes = [size for inner, size in _fields(dimension) if inner == 1 and isinstance(size, int)]
            count *= sizes[-1] if sizes else 0
    return count


def _fields(data: bytes) -> Iterator[Field]:
    """Number and content of each field of a protobuf message: an int, or bytes (of fixed-size numbers, too).

    Raises:
        ValueError: it is none.
    """
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind == _FIXED32:
            size = 4
        elif kind == _FIXED64:
            size = 8
        else:
            raise ValueError(f"field of kind {kind}")
        if at + size > end:
            raise ValueError("a field ends behind its message")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("a number does not end")
