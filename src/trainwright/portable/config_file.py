"""The file `trainwright login` writes: flat `key: value` lines, which are YAML that needs no YAML reader."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Mapping

_LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*):(?:[ \t]+(.*))?")
_NOT_PLAIN = (*"[]{}&*!|>%@`\"'#,", "- ", "? ")
_COMMENT = re.compile(r"(^|[ \t])#.*$")


class BadConfigFile(ValueError):
    """It holds something else than such lines. The text says what, and in which line."""


def parse(text: str) -> dict[str, str]:
    """The pairs in `text`; a value left out or `null` is empty.

    Raises:
        BadConfigFile: a line is no pair, its value is none of a plain, a quoted and an empty one, or a key comes twice.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith(("#", "---")):
            continue
        match = _LINE.fullmatch(line.rstrip())
        if match is None or match[1] in found:
            raise BadConfigFile(f"line {number} is not `key: value`, or repeats a key")
        found[match[1]] = _value(match[2] or "", number)
    return found


def write(path: Path, values: Mapping[str, str]) -> None:
    """Store `values` in `path`, readable by its owner only; replaces what was there in one step.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(str(draft), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        for key, value in values.items():
            file.write(f"{key}: {json.dumps(value)}\n")  # a JSON text is a YAML text, whatever it holds
    draft.replace(path)


def _value(text: str, number: int) -> str:
    if text.startswith('"'):
        try:
            value, end = json.JSONDecoder(strict=False).raw_decode(text)
        except ValueError:
            end = 0
        if end and not _COMMENT.sub("", text[end:]).strip():
            return str(value)
        raise BadConfigFile(f"the quoted text in line {number} does not end, or is not well formed")
    quoted = re.fullmatch(r"'((?:[^']|'')*)'[ \t]*(?:[ \t]#.*)?", text)
    if quoted is not None:
        return quoted[1].replace("''", "'")
    plain = _COMMENT.sub("", text).strip()
    if plain.startswith(_NOT_PLAIN) or ": " in plain or "\0" in plain:
        raise BadConfigFile(f"the value in line {number} is neither plain nor quoted text")
    return "" if plain in ("null", "~") else plain
