"""Signed access: every kind of request of the client counts as the key's owner on the real server."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.live import LiveServer
from trainwright.client import Access, ApiError, AsyncClient, Client, JobSearch
from trainwright.client.access import host_header
from trainwright.client.operations import objects
from trainwright.client.shell import open_shell


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A running server."""
    live = LiveServer(tmp_path_factory.mktemp("data"), {"TRAINWRIGHT_SANDBOX": "off"}).start()
    yield live
    live.stop()


@pytest.fixture
def access(server: LiveServer) -> Access:
    """The first administrator's key."""
    admin = json.loads((server.data_dir / "admin.json").read_text("utf-8"))
    return Access(
        server.url,
        server.project_id,
        access_key=admin["access_key"],
        secret_key=admin["secret_key"],
    )


def test_signed_calls_of_every_kind(access: Access) -> None:
    """No body, JSON, query values that need escaping, bytes, an empty body, odd keys."""
    with Client(access) as client:
        assert client.list_engines().total > 0
        assert client.search_jobs(JobSearch(limit=5)).count == 0
        client.create_bucket("signed")
        for key, content in {
            "a b/数 据+&=.bin": b"\x00\xff" * 1000,
            "empty": b"",
            "text.json": b"{}",
        }.items():
            client.write_object("signed", key, content)
            assert client.read_object("signed", key) == content
        assert [item.key for item in client.iter_objects("signed", prefix="a b/数")] == ["a b/数 据+&=.bin"]
        with pytest.raises(ApiError, match=r"ModelArts\.2775"):
            client.show_job("00000000-0000-0000-0000-000000000000")


@pytest.mark.anyio
async def test_signed_uploads_in_pieces(access: Access) -> None:
    """A body that is not at hand as a whole is not hashed; the server takes that for an object's bytes."""

    async def pieces(*content: bytes) -> AsyncIterator[bytes]:
        for piece in content:
            yield piece

    async with AsyncClient(access) as client:
        await client.create_bucket("pieces")
        for key, content in {"full": (b"one", b"two"), "nothing": ()}.items():
            request = objects.build_write_object(access.project_id, "pieces", key)
            await client.upload(request, pieces(*content), sum(map(len, content)))
            assert await client.read_object("pieces", key) == b"".join(content)


def test_a_wrong_secret_is_refused_in_words(access: Access) -> None:
    """Not a traceback, and nothing of the secret in the words."""
    wrong = Access(
        access.endpoint, access.project_id, access_key=access.access_key, secret_key="not-this-one"
    )
    with Client(wrong) as client, pytest.raises(ApiError) as caught:
        client.list_engines()
    assert caught.value.status == 401
    assert "not-this-one" not in str(caught.value) + repr(wrong)


def test_a_signed_shell(access: Access, server: LiveServer, tmp_path: Path) -> None:
    """The handshake of a WebSocket is signed like any other request: a refusal has another reason."""
    with pytest.raises(ApiError, match=r"ModelArts\.2775"):
        open_shell(access, "00000000-0000-0000-0000-000000000000", "worker-0", argv=["echo", "a b"])


def test_a_token_wins_over_a_key() -> None:
    """One proof is enough."""
    access = Access("http://x", "p", "secret", access_key="AK", secret_key="SK")
    assert access.headers()["X-Auth-Token"] == "secret"
    assert access.signature("GET", "http://x/", {"Host": "x"}) == {}


@pytest.mark.parametrize(
    "url",
    ["http://a:80/", "http://a:8600/x", "https://a/", "https://a:8443", "http://[::1]:8600/", "ws://a:1/"],
)
def test_the_host_signed_is_the_host_sent(url: str) -> None:
    """A proxy-free client sends the port only when it is unusual."""
    sent = httpx.Request("GET", url.replace("ws://", "http://")).headers["host"]
    assert host_header(url) == sent
