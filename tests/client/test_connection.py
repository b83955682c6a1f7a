"""Sending: what is repeated, what is refused in which words, what every request carries."""

import httpx
import pytest

from tests.client.wires import ACCESS, asynchronous, blocking, body_of, refusal
from trainwright.client import ApiError, ConnectionFailed, JobSearch
from trainwright.client.operations import jobs, objects

ENGINES = {"total": 0, "items": []}


def test_every_request_says_who_asks_and_in_which_language() -> None:
    """Guards the headers the server needs."""
    seen: list[httpx.Headers] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, json=ENGINES)

    with blocking(handler) as client:
        client.list_engines()
    assert seen[0]["x-auth-token"] == "secret"
    assert seen[0]["x-language"] == "en-us"


def test_token_is_not_in_the_representation() -> None:
    """A secret in a repr ends up in logs."""
    assert "secret" not in repr(ACCESS)


@pytest.mark.parametrize("fault", [502, 503, 504, httpx.ConnectError("refused"), httpx.ReadError("cut")])
def test_repeatable_call_is_repeated_after_a_passing_fault(fault: int | httpx.TransportError) -> None:
    """A restart of the server must not be seen by a caller who only reads."""
    calls = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        if calls == 1:
            if isinstance(fault, int):
                return refusal(fault, "ModelArts.2957")
            raise fault
        return httpx.Response(200, json=ENGINES)

    with blocking(handler) as client:
        assert client.list_engines().total == 0
    assert calls == 2


def test_search_is_repeated_although_it_is_a_post() -> None:
    """Searching changes nothing."""
    calls = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise httpx.ConnectError("refused")
        page = {"total": 0, "count": 0, "limit": 10, "offset": 0, "sort_by": "create_time", "order": "desc"}
        return httpx.Response(200, json={**page, "items": []})

    with blocking(handler) as client:
        assert client.search_jobs(JobSearch(limit=10)).count == 0
    assert calls == 2


@pytest.mark.parametrize("fault", [503, httpx.ReadTimeout("late")])
def test_creation_is_repeated_with_its_key(fault: int | httpx.TransportError) -> None:
    """A creation whose answer is lost is sent again; the key, its own each time, keeps it from making two jobs."""
    keys: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) > 2:
            return refusal(400, "ModelArts.2788")
        if isinstance(fault, int):
            return refusal(fault, "ModelArts.2957")
        raise fault

    body = {"metadata": {"name": "x"}}
    with blocking(handler) as client:
        for own in (None, None, "mine"):
            with pytest.raises(ApiError, match="2788"):
                client.create_job(body, idempotency_key=own)
    first, second, third, other, last = keys
    assert first == second == third != other and last == "mine"
    assert len(first) == len(other) == 32


def test_refusal_carries_the_servers_words() -> None:
    """Message, solution, code and request id reach the caller; a 4xx is not repeated."""

    def handler(request: httpx.Request) -> httpx.Response:
        return refusal(404, "ModelArts.2775", "Training job x not found.", "List the jobs.")

    with blocking(handler) as client, pytest.raises(ApiError) as caught:
        client.show_job("x")
    error = caught.value
    assert (error.status, error.error_code, error.request_id) == (404, "ModelArts.2775", "r-1")
    assert error.error_msg == "Training job x not found."
    assert error.error_solution == error.remedy == "List the jobs."
    assert error.error_field == ""


def test_a_proxys_error_page_is_still_an_api_error() -> None:
    """Not everything that answers is our server."""

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, text="<html>forbidden</html>")

    with blocking(handler) as client, pytest.raises(ApiError) as caught:
        client.list_engines()
    assert caught.value.error_code == "403"
    assert "forbidden" in caught.value.error_msg


@pytest.mark.parametrize("content", [b"<html>", b'{"nothing": 1}', b""])
def test_an_unreadable_answer_is_an_api_error(content: bytes) -> None:
    """A 200 of something else must not end in a parser's traceback."""

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=content)

    with blocking(handler) as client, pytest.raises(ApiError) as caught:
        client.list_engines()
    assert caught.value.error_code == "unreadable_answer"


def test_connection_failure_says_where_and_what_to_do() -> None:
    """The commonest mistake is that no server runs."""

    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("")

    with blocking(handler) as client, pytest.raises(ConnectionFailed) as caught:
        client.show_health()
    assert "http://127.0.0.1:9" in str(caught.value)
    assert "trainwright server" in caught.value.remedy


@pytest.mark.anyio
async def test_both_clients_send_the_same_creation() -> None:
    """The asyncio client is the same client."""
    sent: list[tuple[str, str, dict[str, object]]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append((request.method, request.url.path, body_of(request)))
        return refusal(400, "ModelArts.2788")

    body = {"metadata": {"name": "数字"}, "unknown": [1]}
    with blocking(handler) as client, pytest.raises(ApiError):
        client.create_job(body)
    async with asynchronous(handler) as other:
        with pytest.raises(ApiError):
            await other.create_job(body)
    assert sent[0] == sent[1] == ("POST", "/v2/p1/training-jobs", body)


def test_paths_are_percent_encoded() -> None:
    """An id with a slash must not name another route; a key keeps its slashes."""
    assert jobs.build_show_job("p", "a/b?c").path == "/v2/p/training-jobs/a%2Fb%3Fc"
    request = objects.build_read_object("p", "bucket", "a b/%2F/数.txt")
    assert request.path == "/v1/p/buckets/bucket/objects/a%20b/%252F/%E6%95%B0.txt"


def test_an_empty_id_is_refused_here() -> None:
    """It would turn `show` into another route."""
    with pytest.raises(ValueError, match="training_job_id"):
        jobs.build_show_job("p", "")


def test_a_range_is_asked_in_the_headers_form() -> None:
    """`end` is exclusive here and inclusive on the wire."""
    assert objects.build_read_object("p", "b", "k", start=5, end=10).headers["Range"] == "bytes=5-9"
    assert objects.build_read_object("p", "b", "k", start=5).headers["Range"] == "bytes=5-"
    assert "Range" not in objects.build_read_object("p", "b", "k").headers
