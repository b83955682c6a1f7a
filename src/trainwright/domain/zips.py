"""The table of contents of a zip archive, read from its end. Pure. Source: PKWARE APPNOTE 4.3.12 to 4.3.16."""

from dataclasses import dataclass

from trainwright.domain.pickles import CutShort, Damaged, Need, Reading, TooMuch

_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_LOCATOR = b"PK\x06\x07"
_ENTRY = b"PK\x01\x02"
_TAIL = 65_557  # the end record with the longest comment
_NEAR = 4096
_MEMBERS_MAX = 50_000
_TABLE_MAX = 8 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive. `offset`: of its own header. `size`: as stored. `packed`: compressed."""

    offset: int
    size: int
    packed: bool


def read_members(size: int) -> Reading[dict[str, Member] | None]:
    """All members by path, each within the archive; None when it has no table of contents: it was cut off.

    Raises:
        Damaged, CutShort: the table says what cannot be.
        TooMuch: it is longer than anybody's checkpoint's.
    """
    tail, at = b"", -1
    for near in (_NEAR, _TAIL):
        tail = yield Need(max(0, size - near), size)
        at = tail.rfind(_END)
        if at >= 0:
            break
    if at < 0 or len(tail) - at < 22:
        return None
    end_at = size - len(tail) + at
    count = int.from_bytes(tail[at + 10 : at + 12], "little")
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    start = int.from_bytes(tail[at + 16 : at + 20], "little")
    if at >= 20 and tail[at - 20 : at - 16] == _LOCATOR:
        record_at = int.from_bytes(tail[at - 12 : at - 4], "little")
        if record_at + 56 > size:
            raise Damaged(end_at - 20)
        record = yield Need(record_at, record_at + 56)
        if not record.startswith(_END64):
            raise Damaged(record_at)
        count = int.from_bytes(record[32:40], "little")
        length = int.from_bytes(record[40:48], "little")
        start = int.from_bytes(record[48:56], "little")
    if count > _MEMBERS_MAX or length > _TABLE_MAX:
        raise TooMuch
    if start + length > end_at:
        raise CutShort(start + length + 22)
    table = (yield Need(start, start + length)) if length else b""
    return _members(table, count, start)


def _members(table: bytes, count: int, table_at: int) -> dict[str, Member]:
    members: dict[str, Member] = {}
    at = 0
    for _ in range(count):
        fixed = table[at : at + 46]
        if len(fixed) < 46 or not fixed.startswith(_ENTRY):
            raise Damaged(table_at + at)
        method = int.from_bytes(fixed[10:12], "little")
        packed, plain = int.from_bytes(fixed[20:24], "little"), int.from_bytes(fixed[24:28], "little")
        name, extra, comment = (int.from_bytes(fixed[n : n + 2], "little") for n in (28, 30, 32))
        offset = int.from_bytes(fixed[42:46], "little")
        path = table[at + 46 : at + 46 + name].decode("utf-8", "replace")
        more = _wide(table[at + 46 + name : at + 46 + name + extra])
        if plain == 0xFFFFFFFF:
            plain = more.pop(0) if more else plain
        if packed == 0xFFFFFFFF:
            packed = more.pop(0) if more else packed
        if offset == 0xFFFFFFFF:
            offset = more.pop(0) if more else offset
        if offset + 30 + name + packed > table_at:
            raise Damaged(table_at + at)
        members[path] = Member(offset, packed, method != 0)
        at += 46 + name + extra + comment
    return members


def _wide(extra: bytes) -> list[int]:
    """The 8-byte numbers of the zip64 field, in order."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = (
            int.from_bytes(extra[at : at + 2], "little"),
            int.from_bytes(extra[at + 2 : at + 4], "little"),
        )
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            return [int.from_bytes(field[n : n + 8], "little") for n in range(0, len(field) - 7, 8)]
        at += 4 + length
    return []
