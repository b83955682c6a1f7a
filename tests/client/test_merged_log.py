"""Following all tasks' logs as one: each line once, whatever happens to the connection."""

from collections.abc import Callable

import httpx
import pytest

from tests.client.wires import asynchronous, blocking, broken, refusal, whole
from trainwright.client import ApiError
from trainwright.wire.log_views import MergedLine, MergedLogPage

LINES = [f"line {number}" for number in range(6)]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainwright.client.pacing.backoff_s", lambda retry: 0.0)
    monkeypatch.setattr("trainwright.client.streams.backoff_s", lambda retry: 0.0001)


def page(number: int) -> MergedLogPage:
    """The page of one line; cursors are numbers of lines."""
    return MergedLogPage(
        attempt=1,
        tasks=["worker-0"],
        ended=False,
        lines=[MergedLine(task="worker-0", offset=number, text=LINES[number])],
        before=f"c{number}",
        after=f"c{number + 1}",
        at_start=False,
        at_end=False,
    )


def server(cuts: list[int | str]) -> Callable[[httpx.Request], httpx.Response]:
    """Serves the lines behind `after`. Each cut is used once: bytes before the connection breaks, or what happens."""
    waiting = list(cuts)

    def handler(request: httpx.Request) -> httpx.Response:
        first = int(request.url.params.get("after", "c0")[1:])
        stream = f"id: c{first}\nevent: begin\ndata: {{}}\n\n"
        for number in range(first, len(LINES)):
            stream += f"id: c{number + 1}\nevent: lines\ndata: {page(number).model_dump_json()}\n\n"
        body = f"{stream}: still here\n\nid: c6\nevent: end\ndata: {{}}\n\n".encode()
        if not waiting:
            return whole(body)
        cut = waiting.pop(0)
        if isinstance(cut, int):
            return broken(body[: cut // 2], body[cut // 2 : cut])
        return refusal(503, "ModelArts.2957") if cut == "unavailable" else whole(body[:200])

    return handler


CUTS: list[list[int | str]] = [[], [0], [30], [250, 700, 1], ["unavailable", "shutdown", 900]]


@pytest.mark.parametrize("cuts", CUTS)
def test_each_line_comes_once(cuts: list[int | str]) -> None:
    """Guards cuts anywhere, refusals, and a server that goes away properly."""
    with blocking(server(cuts)) as client:
        pages = list(client.follow_merged_log("x"))
    assert [line.text for each in pages for line in each.lines] == LINES


@pytest.mark.parametrize("cuts", CUTS)
@pytest.mark.anyio
async def test_each_line_comes_once_for_asyncio_too(cuts: list[int | str]) -> None:
    """The same."""
    async with asynchronous(server(cuts)) as client:
        pages = [each async for each in client.follow_merged_log("x", after="c2")]
    assert [line.text for each in pages for line in each.lines] == LINES[2:]


def test_what_cannot_be_read_is_said() -> None:
    """A page of another form is an error, not silence."""
    with blocking(lambda request: whole(b"event: lines\ndata: {}\n\n")) as client, pytest.raises(
        ApiError, match="unreadable"
    ):  # fmt: skip
        list(client.follow_merged_log("x"))


def test_an_archive_comes_in_pieces() -> None:
    """Logs may be larger than memory."""
    with blocking(lambda request: whole(b"zip" * 9)) as client:
        assert b"".join(client.read_logs_archive("x", tasks=["worker-0"])) == b"zip" * 9
