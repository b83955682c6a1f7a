"""The server's log: one line a record, the request's id bound, secrets taken out whoever wrote them.

Records carry a constant event name as message and facts in `extra`. Text: `time level event key=value …`; or JSON.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")

_MASK = "***"
_SECRET_NAME = re.compile(r"token|secret|password|passwd|authorization|signature|credential", re.IGNORECASE)
_SECRET_TEXT = (
    (re.compile(r"(?i)\b(bearer\s+)[^\s'\",]+"), r"\1" + _MASK),
    (
        re.compile(
            r"(?i)(['\"]?(?<![\w-])(?:x-auth-token|[\w-]*(?:token|secret|password|signature)(?:_?key)?)['\"]?\s*[=:]\s*['\"]?)[^\s&'\",;}]+"
        ),
        r"\1" + _MASK,
    ),
    (re.compile(r"\b(?:tw_|job\.[0-9a-f-]{36}-a[0-9]{1,9}\.)[A-Za-z0-9_-]{43}\b"), _MASK),
    (re.compile(r"(://[^/\s:@]+:)[^/\s@]+@"), r"\1" + _MASK + "@"),
)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


def redact(text: str) -> str:
    """`text` without tokens, `…token=`, `…secret=`, `…password=` values and passwords in URLs."""
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    return text


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says, redacted, in the order it is written."""
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    said: dict[str, Any] = {"at": at, "level": record.levelname.lower(), "event": redact(record.getMessage())}
    request_id = REQUEST_ID.get()
    if request_id:
        said["request_id"] = request_id
    for name, value in vars(record).items():
        if name not in _STANDARD:
            said[name] = _MASK if _SECRET_NAME.search(name) else _redacted(value)
    if record.exc_info:
        said["traceback"] = redact(logging.Formatter().formatException(record.exc_info))
    return said


class TextLines(logging.Formatter):
    """`2026-11-22T10:00:00.000+00:00 INFO event key=value …`; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        said = facts(record)
        trace = said.pop("traceback", "")
        head = f"{said.pop('at')} {said.pop('level').upper():<7} {said.pop('event')}"
        line = " ".join([head, *(f"{name}={_quoted(value)}" for name, value in said.items())])
        return f"{line}\n{trace}" if trace else line


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        return json.dumps(facts(record), ensure_ascii=False, default=str)


def install(level: str, kind: str, stream: TextIO | None = None) -> None:
    """Send the whole process's log to `stream` (standard error) as `text` or `json` lines, from `level` up.

    Called again, it replaces what it installed before.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if kind == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("uvicorn", "uvicorn.error", "alembic", "sqlalchemy", "asyncio", "httpx"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)


def _redacted(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {
            name: _MASK if _SECRET_NAME.search(str(name)) else _redacted(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(inner) for inner in value]
    return value if isinstance(value, int | float | bool | None) else redact(str(value))


def _quoted(value: object) -> str:
    text = str(value)
    if text and not re.search(r'[\s"=\x00-\x1f]', text):
        return text
    return json.dumps(text, ensure_ascii=False)
