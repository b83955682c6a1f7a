"""The parser of server-sent events."""

import pytest

from trainwright.client.sse import ServerSentEvent, SseParser

STREAM = (
    ": connected\n\n"
    'id: 7\nevent: event\ndata: {"a": 1}\n\n'
    "data: two\r\ndata: lines\r\n\r\n"
    "event: phase\rdata:数\r\r"
    "event: empty\n\n"
    "data: never finished"
).encode()
EVENTS = [
    ServerSentEvent("event", '{"a": 1}', "7"),
    ServerSentEvent("message", "two\nlines", "7"),
    ServerSentEvent("phase", "数", "7"),
]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_events_do_not_depend_on_how_the_bytes_are_cut(size: int) -> None:
    """The network cuts anywhere, also inside a character or between \\r and \\n."""
    parser = SseParser()
    found: list[ServerSentEvent] = []
    for start in range(0, len(STREAM), size):
        found += parser.feed(STREAM[start : start + size])
    assert found == EVENTS
