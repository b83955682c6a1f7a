"""From bytes to models: what is refused, and by which name."""

from typing import Literal

import pytest

from trainwright.domain.errors import InvalidJson, InvalidParam
from trainwright.domain.texts import Language
from trainwright.wire.job_search import JobSearch
from trainwright.wire.jobs import JobRequest
from trainwright.wire.model import RequestModel
from trainwright.wire.parsing import UNKNOWN_BYTES_MAX, field_path, load_object, parse


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"a": 1e400}',
        b'{"a": "\xff"}',
        b'{"a": "\\u0000"}',
        b'{"a": ["\\ud800"]}',
        b'{"\\udfff": 1}',
    ],
)
def test_bodies_that_are_no_storable_object_are_refused(body: bytes) -> None:
    """Guards 2787 for everything that is not a JSON object or holds text no database takes; never a crash."""
    with pytest.raises(InvalidJson) as caught:
        load_object(body)
    assert "{" not in caught.value.message(Language.EN) + caught.value.message(Language.ZH)


def test_whole_characters_pass() -> None:
    """Guards that pairs of surrogates, which are characters, and escaped backslashes are not taken for faults."""
    assert load_object(b'{"a": "\\ud83d\\ude00", "b": "\\\\u0000"}') == {"a": "😀", "b": "\\u0000"}


def test_what_the_contract_needs_passes() -> None:
    """Guards the limit of nesting against refusing what a client may well send."""
    deep = b'{"a":' * 60 + b"1" + b"}" * 60
    assert load_object(deep) and load_object(b'{"a": 1e300}')


def test_runners_bodies_are_repaired() -> None:
    """Guards that a report with a NUL from a user's program cannot get stuck for ever."""
    assert load_object(b'{"a\\u0000": ["x\\ud800y", 1, null]}', repair=True) == {
        "a\ufffd": ["x\ufffdy", 1, None]
    }


def test_the_field_is_named_by_its_path() -> None:
    """Guards the form of paths in messages."""
    assert field_path(("algorithm", "inputs", 0, "name")) == "algorithm.inputs[0].name"
    assert field_path(("a", "b c", "[key]")) == "a.b c"
    with pytest.raises(InvalidParam, match=r"spec\.resource\.node_count: it must be an integer"):
        parse(JobRequest, {"metadata": {"name": "a"}, "spec": {"resource": {"node_count": "1"}}})


def test_user_text_in_braces_is_shown_as_it_is() -> None:
    """Guards against format injection through names and values."""
    with pytest.raises(InvalidParam) as caught:
        parse(JobSearch, {"{0}{limit}": 1, "filters": [{"key": 5, "operator": "in"}], "limit": 51})
    assert caught.value.message(Language.EN) == "Invalid value of limit: it must be at most 50."
    with pytest.raises(InvalidParam, match=r"\{x\}"):
        parse(
            JobRequest,
            {"metadata": {"name": "a", "annotations": {"{x}": 1}}, "spec": {"resource": {"node_count": 1}}},
        )


def test_unknown_fields_are_kept() -> None:
    """Guards the echo of fields this version does not know."""
    request = parse(
        JobRequest,
        {"x": 1, "metadata": {"name": "a", "y": [2]}, "spec": {"resource": {"node_count": 1, "z": None}}},
    )
    assert request.model_dump()["metadata"]["y"] == [2]


def test_what_is_kept_only_for_the_echo_is_bounded() -> None:
    """Guards lists and the database: unknown fields are stored and given back, so megabytes are refused."""

    class Inner(RequestModel):
        known: str = ""

    class Outer(RequestModel):
        inner: Inner | None = None
        items: list[Inner] | None = None

    little = {"inner": {"known": "x" * UNKNOWN_BYTES_MAX, "more": "y"}, "other": {"a": [1]}}
    assert parse(Outer, little).model_dump(exclude_unset=True) == little
    half = "z" * (UNKNOWN_BYTES_MAX // 2 + 1)
    for much in (
        {"other": [half, half]},
        {"inner": {"more": half}, "items": [{"more": half}]},
        {"items": [{"more": half}, {"other": {"deep": half}}]},
    ):
        with pytest.raises(InvalidParam) as caught:
            parse(Outer, much)
        assert str(UNKNOWN_BYTES_MAX) in caught.value.message(Language.ZH)


def test_what_is_allowed_is_listed_in_no_language() -> None:
    """Guards against English in the middle of a Chinese sentence."""

    class Choice(RequestModel):
        """One field."""

        way: Literal["", "min", "max"]

    with pytest.raises(InvalidParam) as told:
        parse(Choice, {"way": "up"})
    assert told.value.message(Language.ZH).count("'', 'min', 'max'") == 1
