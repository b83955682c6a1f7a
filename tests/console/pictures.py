"""Screenshots with few colours, small enough for the repository: the browser counts them, the file is written here."""

import base64
import struct
import zlib
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FEW_COLOURS = """async (source) => {
  const bytes = Uint8Array.from(atob(source), (one) => one.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const colours = new Uint32Array(image.width * image.height);
  const counts = new Map();
  for (let at = 0; at < colours.length; at += 1) {
    const colour = (data[at * 4] << 16) | (data[at * 4 + 1] << 8) | data[at * 4 + 2];
    colours[at] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  // Of colours that nobody tells apart the most frequent one stands for all; of those that are left, the most frequent.
  const alike = new Map();
  for (const [colour, count] of counts) {
    const key = colour & 0xf8f8f8;
    const best = alike.get(key);
    if (!best) alike.set(key, { colour, most: count, sum: count });
    else {
      best.sum += count;
      if (count > best.most) Object.assign(best, { colour, most: count });
    }
  }
  const palette = [...alike.values()].sort((a, b) => b.sum - a.sum).slice(0, 256).map((one) => one.colour);
  const nearest = new Map(palette.map((colour, index) => [colour, index]));
  const place = (colour) => {
    let found = nearest.get(colour);
    if (found !== undefined) return found;
    let least = Infinity;
    palette.forEach((one, index) => {
      const red = (one >> 16) - (colour >> 16);
      const green = ((one >> 8) & 255) - ((colour >> 8) & 255);
      const blue = (one & 255) - (colour & 255);
      const distance = red * red + green * green + blue * blue;
      if (distance < least) [least, found] = [distance, index];
    });
    nearest.set(colour, found);
    return found;
  };
  const indices = Uint8Array.from(colours, place);
  let text = "";
  for (let at = 0; at < indices.length; at += 32768)
    text += String.fromCharCode(...indices.subarray(at, at + 32768));
  return { width: image.width, height: image.height, palette, indices: btoa(text) };
}"""


def save_small(page: Page, target: Path) -> None:
    """What `page` shows, as a PNG with a palette."""
    shot = base64.b64encode(page.screenshot(animations="disabled", caret="hide", scale="css")).decode()
    desk = page.context.new_page()  # a page without our content-security policy
    try:
        found: dict[str, Any] = desk.evaluate(_FEW_COLOURS, shot)
    finally:
        desk.close()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(_png(found))


def _png(found: dict[str, Any]) -> bytes:
    width, height = found["width"], found["height"]
    indices = base64.b64decode(found["indices"])
    rows = b"".join(b"\0" + indices[at : at + width] for at in range(0, width * height, width))
    palette = b"".join(colour.to_bytes(3, "big") for colour in found["palette"])
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_part(name, content) for name, content in parts)


def _part(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
