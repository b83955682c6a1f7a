"""JSON without `import json`: that pulls in `re` and `enum` and costs 7 ms before the user's first line.

The work is done by the same C code (`_json`), whose entry points have been the same from Python 3.9 to 3.13. Where they
are missing or different, `json` itself is used.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class _Settings:
    """What the C scanner wants to know, as `json.JSONDecoder` has it."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float

    def __init__(self) -> None:
        self.memo: dict[str, str] = {}


def _refuse(value: object) -> Any:
    raise TypeError(f"{type(value).__name__} is not JSON")


def _prepare() -> tuple[Callable[[str], Any], Callable[[Any], str]]:
    try:
        native = importlib.import_module("_json")
        scan = native.make_scanner(_Settings())
        encode = native.make_encoder(
            {}, _refuse, native.encode_basestring, None, ": ", ", ", False, False, True
        )

        def parse(text: str) -> Any:
            stripped = text.strip(" \t\r\n")
            try:
                value, end = scan(stripped, 0)
            except StopIteration as error:
                raise ValueError("that is not JSON") from error
            if end != len(stripped):
                raise ValueError("there is something behind the JSON")
            return value

        def write(value: Any) -> str:
            return "".join(encode(value, 0))

        if parse(write({"a": [1, None, "é"]})) != {"a": [1, None, "é"]}:
            raise TypeError("the native encoder has changed")
    except (ImportError, AttributeError, TypeError):
        plain = importlib.import_module("json")
        return plain.loads, lambda value: str(plain.dumps(value, ensure_ascii=False))
    return parse, write


_parse, _write = _prepare()


def loads(text: str | bytes) -> Any:
    """The value `text` holds. Raises `ValueError` when it is not JSON (or not UTF-8)."""
    return _parse(text.decode("utf-8", "surrogatepass") if isinstance(text, bytes) else text)


def dumps(value: Any) -> str:
    """`value` in one line, without escaping more than JSON must. Raises `TypeError` for what JSON does not know."""
    return _write(value)
