"""From bytes to request models, with our errors: what is wrong, in which field, in both languages."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from trainwright.domain.errors import InvalidJson, InvalidParam
from trainwright.domain.texts import Text

M = TypeVar("M", bound=BaseModel)

DEPTH_MAX = 64  # the contract's own bodies have 10; copying and writing anything deeper may end the stack
UNKNOWN_BYTES_MAX = 64 << 10

_TOO_MUCH_UNKNOWN = Text(
    "fields that the contract does not know hold more than {limit} bytes", "合约之外的字段超过 {limit} 字节"
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_NOT_UTF8 = Text("it is not UTF-8 text", "不是 UTF-8 文本")
_NOT_OBJECT = Text("it is not an object", "不是对象")
_TOO_DEEP = Text("it is nested too deep", "嵌套层级过深")
_BAD_CHARACTER = Text("it holds a NUL or half a character", "含有 NUL 或不完整的字符")
_BAD_SYNTAX = Text("{problem} at character {position}", "第 {position} 个字符处：{problem}")
_BAD_NUMBER = Text("it holds a number that JSON does not have", "含有 JSON 不支持的数字")

_FALLBACK = Text("it is not acceptable", "取值不可接受")
_TEXTS: Mapping[str, Text] = {
    "missing": Text("it is required", "缺少该字段"),
    "string_type": Text("it must be text", "必须为字符串"),
    "string_too_short": Text("it must not be shorter than {min_length}", "长度不能小于 {min_length}"),
    "string_too_long": Text(
        "it must not be longer than {max_length} characters", "长度不能超过 {max_length}"
    ),
    "int_type": Text("it must be an integer", "必须为整数"),
    "int_parsing": Text("it must be an integer", "必须为整数"),
    "int_from_float": Text("it must be an integer", "必须为整数"),
    "float_type": Text("it must be a number", "必须为数字"),
    "float_parsing": Text("it must be a number", "必须为数字"),
    "bool_parsing": Text("it must be true or false", "必须为 true 或 false"),
    "bool_type": Text("it must be true or false", "必须为 true 或 false"),
    "list_type": Text("it must be a list", "必须为列表"),
    "dict_type": Text("it must be an object", "必须为对象"),
    "model_type": Text("it must be an object", "必须为对象"),
    "model_attributes_type": Text("it must be an object", "必须为对象"),
    "too_long": Text("it must not have more than {max_length} items", "不能超过 {max_length} 项"),
    "too_short": Text("it must have at least {min_length} items", "至少需要 {min_length} 项"),
    "greater_than_equal": Text("it must be at least {ge}", "不能小于 {ge}"),
    "greater_than": Text("it must be greater than {gt}", "必须大于 {gt}"),
    "less_than_equal": Text("it must be at most {le}", "不能大于 {le}"),
    "string_pattern_mismatch": Text("it must match {pattern}", "必须匹配 {pattern}"),
    "enum": Text("it must be one of {expected}", "必须为 {expected} 之一"),
    "less_than": Text("it must be less than {lt}", "必须小于 {lt}"),
    "literal_error": Text("it must be one of {expected}", "必须为 {expected} 之一"),
    "experiment_name": Text(
        "it must be 1 to 64 letters, digits, _, -, . or blanks, none of them at an end",
        "必须为 1 至 64 个字母、数字、下划线、短横线、点或空格，且首尾不能为空格",
    ),
    "display_name": Text(
        "it must be 1 to 64 printable characters without blanks at the ends",
        "必须为 1 至 64 个可见字符，且首尾不能为空格",
    ),
    "workspace_name": Text(
        "it must be 4 to 64 letters, digits, _ or -", "必须为 4 至 64 个字母、数字、下划线或短横线"
    ),
    "tag_key": Text(
        "it must be 1 to 128 letters, digits, blanks or _.:=+-@, without blanks at an end and not begin with _sys_",
        "必须为 1 至 128 个字母、数字、空格或 _.:=+-@，首尾不能为空格，且不能以 _sys_ 开头",
    ),
    "tag_value": Text(
        "it must be up to 255 letters, digits, blanks or _.:/=+-@",
        "必须为不超过 255 个字母、数字、空格或 _.:/=+-@",
    ),
    "resource_name": Text(
        "it must be 1 to 64 letters, digits, _ or -", "必须为 1 至 64 个字母、数字、下划线或短横线"
    ),
}


def load_object(body: bytes, *, repair: bool = False) -> dict[str, Any]:
    """The JSON object `body` holds.

    `repair`: text that no database takes (NUL, half a surrogate pair) becomes U+FFFD instead of being refused. For
    runners, which pass on what users' programs print and must never get stuck on it.

    Raises:
        InvalidJson: it is not UTF-8, not JSON (NaN and Infinity are not JSON, nor is a number that becomes Infinity),
            not an object, nested too deep, or holds text that no database takes.
    """
    try:
        loaded = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as exc:
        raise InvalidJson(detail=_NOT_UTF8) from exc
    except json.JSONDecodeError as exc:
        raise InvalidJson(detail=_BAD_SYNTAX, problem=exc.msg, position=exc.pos) from exc
    except RecursionError as exc:
        raise InvalidJson(detail=_TOO_DEEP) from exc
    except ValueError as exc:  # an integer of more digits than Python converts
        raise InvalidJson(detail=_BAD_NUMBER) from exc
    if not isinstance(loaded, dict):
        raise InvalidJson(detail=_NOT_OBJECT)
    problem = _problem(loaded)
    if problem is None:
        return loaded
    if not repair or problem is _TOO_DEEP:
        raise InvalidJson(detail=problem)
    repaired: dict[str, Any] = _repaired(loaded)
    return repaired


def parse(model: type[M], raw: Mapping[str, Any]) -> M:
    """`raw` as a `model`.

    Raises:
        InvalidParam: the first field that does not fit, by its path, such as `algorithm.inputs[0].name`.
    """
    try:
        parsed = model.model_validate(raw)
    except ValidationError as exc:
        _refuse(exc)
    if _unknown_bytes(parsed) > UNKNOWN_BYTES_MAX:
        raise InvalidParam(field="body", detail=_TOO_MUCH_UNKNOWN, limit=UNKNOWN_BYTES_MAX)
    return parsed


def problem_of(error: Mapping[str, Any]) -> dict[str, str | int | float | Text]:
    """`detail`, and the slots it wants, of one of pydantic's errors: what is wrong, in both languages."""
    context = {
        key: value if isinstance(value, int | float) else str(value)
        for key, value in error.get("ctx", {}).items()
        if key != "field"
    }
    if "expected" in context:  # pydantic lists them as English does: '', 'min' or 'max'
        context["expected"] = str(context["expected"]).replace("' or '", "', '")
    return {**context, "detail": _TEXTS.get(error["type"], _FALLBACK)}


def field_path(location: Sequence[str | int]) -> str:
    """`("algorithm", "inputs", 0, "name")` as `algorithm.inputs[0].name`; `[key]` marks of pydantic are left out."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part != "[key]":
            path += f".{part}" if path else part
    return path or "body"


def _unknown_bytes(value: object) -> int:
    """How much of what was parsed is kept only for the echo: it is stored, and given back with every list."""
    if isinstance(value, BaseModel):
        extra = value.model_extra
        own = len(json.dumps(extra)) if extra else 0
        return own + sum(
            _unknown_bytes(getattr(value, name)) for name in value.model_fields_set - (extra or {}).keys()
        )
    if isinstance(value, list | tuple):
        return sum(_unknown_bytes(item) for item in value if not isinstance(item, str | int | float))
    return 0


def _refuse(exc: ValidationError) -> NoReturn:
    first = exc.errors(include_url=False, include_input=False)[0]
    raise InvalidParam(field=field_path(first["loc"]), **problem_of(first)) from exc


def _refuse_constant(_name: str) -> NoReturn:
    raise InvalidJson(detail=_BAD_NUMBER)


def _problem(loaded: dict[str, Any]) -> Text | None:
    """What of `loaded` cannot be stored, copied or given back; too great a depth before anything else."""
    problem: Text | None = None
    level: list[Any] = [loaded]
    for _ in range(DEPTH_MAX):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner += value
                inner += value.values()
            elif isinstance(value, list):
                inner += value
            elif isinstance(value, str) and _UNSTORABLE.search(value):
                problem = _BAD_CHARACTER
            elif isinstance(value, float) and math.isinf(value):
                problem = problem or _BAD_NUMBER
        if not inner:
            return problem
        level = inner
    return _TOO_DEEP


def _repaired(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_repaired(key): _repaired(inner) for key, inner in value.items()}
    return [_repaired(inner) for inner in value] if isinstance(value, list) else value
