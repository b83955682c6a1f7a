"""The server's log: its form, the bound request id, and that no secret gets in."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from trainwright.server import journal

log = logging.getLogger("tests.journal")


@pytest.fixture
def restored() -> Iterator[None]:
    """Put the process's logging back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer tw_SECRET",
        "bearer tw_SECRET",
        "X-Auth-Token: tw_SECRET",
        "{'x-auth-token': 'tw_SECRET'}",
        '{"token": "tw_SECRET", "a": 1}',
        "GET /x?access_token=tw_SECRET&b=1",
        "postgresql://user:tw_SECRET@host/db",
        "secret_key=tw_SECRET",
        "password: tw_SECRET",
    ],
)
@pytest.mark.usefixtures("restored")
def test_secrets_never_reach_the_log(text: str) -> None:
    """In messages, extras, nested extras and tracebacks, in both forms."""
    for kind in ("text", "json"):
        out = io.StringIO()
        journal.install("info", kind, out)
        log.info(text)
        log.info("said", extra={"detail": text, "nested": {"deep": [text]}, "token": "tw_SECRET"})
        try:
            raise ValueError(text)
        except ValueError:
            log.exception("failed")
        assert "SECRET" not in out.getvalue()
        assert out.getvalue().count("***") >= 4


@pytest.mark.usefixtures("restored")
def test_lines_carry_facts_and_the_request_id() -> None:
    """JSON lines hold the event, its facts and the request they belong to; text lines quote what needs it."""
    out = io.StringIO()
    journal.install("info", "json", out)
    bound = journal.REQUEST_ID.set("r-1")
    log.info("job_done", extra={"job": "j", "took_s": 1.5, "why": "a b"})
    log.debug("hidden")
    journal.REQUEST_ID.reset(bound)
    said = json.loads(out.getvalue())
    assert said.pop("at").endswith("+00:00")
    assert said == {
        "level": "info", "event": "job_done", "request_id": "r-1", "job": "j", "took_s": 1.5, "why": "a b"
    }  # fmt: skip
    out = io.StringIO()
    journal.install("info", "text", out)
    log.warning("job_done", extra={"job": "j", "why": 'a "b"\nc'})
    assert out.getvalue().count("\n") == 1
    assert out.getvalue().endswith('WARNING job_done job=j why="a \\"b\\"\\nc"\n')


def test_a_long_word_costs_no_more_than_its_length() -> None:
    """Guards the whole server: paths go into the log before anyone is known, and a longer one once took seconds."""
    long = "GET /v2/" + "x" * 500_000
    assert journal.redact(f"{long} token=hidden") == f"{long} token=***"
