"""Following logs and events: nothing lost, nothing doubled, whatever happens to the connection."""

import json
from collections.abc import Callable

import httpx
import pytest

from tests.client.wires import asynchronous, blocking, broken, refusal, whole
from trainwright.client import ApiError, ConnectionFailed, EventItem, PhaseItem
from trainwright.client.streams import LogCursor, Patience

LOG = bytes(range(256)) * 40
EVENTS = [
    {"message": f"event {seq}", "level": "Info", "time": "t", "source": "Job", "seq": seq, "code": "c"}
    for seq in range(1, 7)
]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainwright.client.pacing.backoff_s", lambda retry: 0.0)
    monkeypatch.setattr("trainwright.client.streams.backoff_s", lambda retry: 0.0001)


def log_server(cuts: list[int | str]) -> Callable[[httpx.Request], httpx.Response]:
    """Serves LOG from the asked offset. Each cut is used once: a number of bytes before the connection breaks, or
    `refused`, `unavailable`, or `shutdown` (the stream ends properly, but early).
    """
    waiting = list(cuts)

    def handler(request: httpx.Request) -> httpx.Response:
        rest = LOG[int(request.url.params["offset"]) :]
        if not waiting:
            return whole(rest)
        cut = waiting.pop(0)
        if cut == "refused":
            raise httpx.ConnectError("refused")
        if cut == "unavailable":
            return refusal(503, "ModelArts.2957")
        if cut == "shutdown":
            return whole(rest[:100])
        assert isinstance(cut, int)
        return broken(rest[: cut // 2], rest[cut // 2 : cut])

    return handler


CUTS: list[list[int | str]] = [
    [],
    [0],
    [1, 1, 1],
    [5000, "refused", "refused", 17],
    ["unavailable", 100, "shutdown", "refused", 3],
    ["shutdown", "shutdown"],
    [len(LOG)],
]


@pytest.mark.parametrize("cuts", CUTS)
def test_followed_log_is_the_log(cuts: list[int | str]) -> None:
    """Byte-identical through cuts, refusals and shut-downs."""
    with blocking(log_server(cuts)) as client:
        assert b"".join(client.follow_log("j", "worker-0")) == LOG


@pytest.mark.anyio
@pytest.mark.parametrize("cuts", CUTS)
async def test_followed_log_is_the_log_for_asyncio_too(cuts: list[int | str]) -> None:
    """The same for the other client, from an offset."""
    async with asynchronous(log_server(cuts)) as client:
        pieces = [piece async for piece in client.follow_log("j", "worker-0", offset=10)]
    assert b"".join(pieces) == LOG[10:]


def test_a_log_that_does_not_exist_yet_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that waits in the queue has no log; that is not an error for a follower."""
    monkeypatch.setattr("trainwright.client.streams._WAIT_FOR_LOG_S", 0.0)
    answers = [refusal(404, "ModelArts.2818"), refusal(404, "ModelArts.2818")]

    def handler(request: httpx.Request) -> httpx.Response:
        return answers.pop() if answers else log_server([])(request)

    with blocking(handler) as client:
        assert b"".join(client.follow_log("j", "worker-0")) == LOG


def test_a_job_that_is_not_there_ends_the_following() -> None:
    """Only passing faults are waited for."""

    def handler(request: httpx.Request) -> httpx.Response:
        return refusal(404, "ModelArts.2775")

    with blocking(handler) as client, pytest.raises(ApiError):
        list(client.follow_log("j", "worker-0"))


def test_patience_ends_and_progress_renews_it() -> None:
    """A server that is gone for good must not hold a caller for ever."""
    patience = Patience(patience_s=0.0)
    with pytest.raises(ConnectionFailed):
        patience.pause_s(ConnectionFailed("e", "d"))
    patience = Patience(patience_s=0.00015)
    patience.pause_s(ConnectionFailed("e", "d"))
    patience.pause_s(ConnectionFailed("e", "d"))
    patience.progress()
    patience.pause_s(ConnectionFailed("e", "d"))
    patience.pause_s(ConnectionFailed("e", "d"))
    with pytest.raises(ConnectionFailed):
        patience.pause_s(ConnectionFailed("e", "d"))


def test_log_is_complete_only_when_asking_again_brings_nothing() -> None:
    """A server that shuts down ends its streams as properly as one that is done."""
    cursor = LogCursor()
    cursor.opened(1)
    cursor.took(10)
    cursor.ended()
    assert not cursor.complete
    cursor.opened(1)
    cursor.took(5)
    cursor.ended()
    assert not cursor.complete
    cursor.opened(1)
    cursor.ended()
    assert cursor.complete
    assert cursor.offset == 15


RESTARTED: list[list[tuple[int, bytes]]] = [
    [(1, b"first"), (2, b"second and longer")],
    [(1, b""), (2, b"second")],
]


def attempts_server(logs: list[tuple[int, bytes]]) -> Callable[[httpx.Request], httpx.Response]:
    """Each stream without an attempt is of the next of `logs`, as if the job were restarted after each."""
    waiting = list(logs)

    def handler(request: httpx.Request) -> httpx.Response:
        asked = request.url.params.get("attempt")
        number, log = next(item for item in logs if str(item[0]) == asked) if asked else waiting[0]
        if not asked and len(waiting) > 1:
            waiting.pop(0)
        answer = whole(log[int(request.url.params["offset"]) :])
        answer.headers["X-Log-Attempt"] = str(number)
        return answer

    return handler


@pytest.mark.parametrize("logs", RESTARTED)
def test_a_followed_log_is_of_one_attempt(logs: list[tuple[int, bytes]]) -> None:
    """Offsets count in one attempt's log: a restart must not have the next one's read from the middle. One without a
    log is passed over.
    """
    with blocking(attempts_server(logs)) as client:
        assert b"".join(client.follow_log("j", "worker-0")) == next(log for _, log in logs if log)


@pytest.mark.anyio
@pytest.mark.parametrize("logs", RESTARTED)
async def test_a_followed_log_is_of_one_attempt_for_asyncio_too(logs: list[tuple[int, bytes]]) -> None:
    """The same for the other client."""
    async with asynchronous(attempts_server(logs)) as client:
        pieces = [piece async for piece in client.follow_log("j", "worker-0")]
    assert b"".join(pieces) == next(log for _, log in logs if log)


def event_server(cuts: list[int]) -> Callable[[httpx.Request], httpx.Response]:
    """Streams EVENTS behind `Last-Event-ID` with phases between; a cut breaks it off after so many bytes."""
    waiting = list(cuts)

    def handler(request: httpx.Request) -> httpx.Response:
        last = int(request.headers.get("Last-Event-ID", "0"))
        phase = "Running" if last >= 3 else "Pending"
        text = ": connected\n\n" + f'event: phase\ndata: {{"phase": "{phase}", "reason": ""}}\n\n'
        for event in EVENTS[max(0, last - 1) :]:  # one event again on purpose: a double must be dropped
            text += f"id: {event['seq']}\nevent: event\ndata: {json.dumps(event)}\n\n"
            if event["seq"] == 3 and last < 3:
                text += 'event: phase\ndata: {"phase": "Running", "reason": ""}\n\n'
        text += 'event: something-new\ndata: 1\n\nevent: phase\ndata: {"phase": "Completed", "reason": "completed"}\n\n'
        content = text.encode()
        if waiting:
            return broken(content[: waiting.pop(0)])
        return httpx.Response(200, content=content)

    return handler


@pytest.mark.parametrize("cuts", [[], [0], [150, 400], [60, 61, 62], [700, 700, 700]])
def test_each_event_and_phase_comes_once(cuts: list[int]) -> None:
    """Resumed by Last-Event-ID; doubles and repeated phases are dropped."""
    with blocking(event_server(cuts)) as client:
        updates = list(client.follow_events("j"))
    assert [item.seq for item in updates if isinstance(item, EventItem)] == [1, 2, 3, 4, 5, 6]
    phases = [item.phase for item in updates if isinstance(item, PhaseItem)]
    assert phases == ["Pending", "Running", "Completed"]


@pytest.mark.anyio
async def test_events_go_on_behind_a_given_number() -> None:
    """A caller who has seen some asks for the rest."""
    async with asynchronous(event_server([300])) as client:
        updates = [item async for item in client.follow_events("j", last_seq=4)]
    assert [item.seq for item in updates if isinstance(item, EventItem)] == [5, 6]


def test_an_event_stream_that_ends_early_is_opened_again() -> None:
    """A clean end without an end phase is a server that goes away."""
    answers = [b": connected\n\n", b""]

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=answers.pop()) if answers else event_server([])(request)

    with blocking(handler) as client:
        assert len(list(client.follow_events("j"))) == 9


def test_reading_a_whole_log_streams_it() -> None:
    """`read_log` gives the bytes of one attempt."""

    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.params["attempt"] == "2"
        return httpx.Response(200, content=LOG)

    with blocking(handler) as client:
        assert b"".join(client.read_log("j", "worker-0", attempt=2)) == LOG
