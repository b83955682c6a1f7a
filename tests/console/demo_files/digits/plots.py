"""PNG pictures by the standard library alone."""

import struct
import zlib
from pathlib import Path

Pixel = tuple[int, int, int]
WHITE, GRID, CURVES = (255, 255, 255), (232, 234, 237), ((37, 99, 235), (217, 119, 6))


def write_png(path: Path, rows: list[list[Pixel]]) -> None:
    """`rows` of red, green, blue."""
    raw = b"".join(b"\0" + bytes(part for pixel in row for part in pixel) for row in rows)
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_confusion(path: Path, table: list[list[int]], cell: int = 32) -> None:
    """The darker a cell, the more of the row's class were taken for the column's."""
    rows: list[list[Pixel]] = []
    for counts in table:
        shades = [count / max(1, sum(counts)) for count in counts]
        line: list[Pixel] = []
        for shade in shades:
            colour = (int(255 - 218 * shade), int(255 - 156 * shade), int(255 - 20 * shade))
            line += [colour] * (cell - 1) + [GRID]
        rows += [line] * (cell - 1) + [[GRID] * len(line)]
    write_png(path, rows)


def write_curves(path: Path, curves: list[list[float]], width: int = 480, height: int = 240) -> None:
    """Curves over the same steps, one scale."""
    rows: list[list[Pixel]] = [
        [GRID if y % 40 == 0 or x % 60 == 0 else WHITE for x in range(width)] for y in range(height)
    ]
    highest = max((value for curve in curves for value in curve), default=1.0) or 1.0
    for curve, colour in zip(curves, CURVES, strict=False):
        for x in range(width):
            at = x / width * max(1, len(curve) - 1)
            low = int(at)
            high = min(low + 1, len(curve) - 1)
            value = curve[low] + (curve[high] - curve[low]) * (at - low)
            y = min(height - 2, max(1, int((height - 1) * (1 - value / highest))))
            rows[y][x] = rows[y - 1][x] = colour
    write_png(path, rows)
