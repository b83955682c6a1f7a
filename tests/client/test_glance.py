"""Following the changes of a project through cuts: nothing twice, nothing left out."""

import httpx
import pytest

from tests.client.wires import Handler, asynchronous, blocking, broken
from trainwright.client.errors import ApiError

NAMES = ("a", "b", "c", "d")


def change_server(cuts: list[int], asked: list[str]) -> Handler:
    """Four changes after `ready`, and then the end of the connection after so many bytes each time."""
    waiting = list(cuts)

    def handler(request: httpx.Request) -> httpx.Response:
        after = request.headers.get("last-event-id", "")
        asked.append(after)
        first = int(after.partition(".")[2]) if after else 0
        text = "" if after else "id: 0.0\nevent: ready\ndata: {}\n\n"
        text += ": still here\nid: 0.0\n\n" if not after else ""
        for number, name in enumerate(NAMES, 1):
            if number > first:
                text += f'id: 0.{number}\nevent: job\ndata: {{"job_id": "{name}", "change": "created"}}\n\n'
        text += "event: something-new\ndata: 1\n\n"
        content = text.encode()
        return broken(content[: waiting.pop(0)]) if waiting else httpx.Response(200, content=content)

    return handler


@pytest.mark.parametrize("cuts", [[], [0], [45, 60], [130, 100, 1]])
def test_each_change_comes_once(cuts: list[int]) -> None:
    """Guards resuming at the last place, also of one that came with no event."""
    asked: list[str] = []
    told = []
    with blocking(change_server(cuts, asked)) as client:
        for change in client.follow_job_changes():
            told.append((change.kind, change.id, change.item.job_id if change.item else ""))
            if len(told) == 5:
                break
    assert told == [("ready", "0.0", ""), *(("job", f"0.{n}", name) for n, name in enumerate(NAMES, 1))]
    assert asked[0] == "" and all(asked[index] for index in range(1, len(asked)) if cuts != [0])


@pytest.mark.anyio
async def test_from_a_given_place_and_for_a_time() -> None:
    """Guards the asyncio twin, and that following can end by itself."""
    asked: list[str] = []
    async with asynchronous(change_server([], asked)) as client:
        told = [change.id async for change in client.follow_job_changes(after="0.2", timeout_s=0.2)]
    assert told == ["0.3", "0.4"] and asked[:2] == ["0.2", "0.4"]


def test_what_cannot_be_read_is_an_error() -> None:
    """Guards against a silence that looks like a quiet project."""

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"event: job\ndata: {}\n\n")

    with blocking(handler) as client, pytest.raises(ApiError):
        list(client.follow_job_changes())
