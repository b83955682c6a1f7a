"""The blocking object client against a real server, over a network that fails on request."""

import json
import os
import pickle
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.e2e.live import LiveServer
from tests.portable.faults import Network, answer, canned
from trainwright.portable.access import Access, NotConfigured, Setting
from trainwright.portable.calls import BytesBody, Patience, Retry
from trainwright.portable.copying import Sizes, fetch, put
from trainwright.portable.failures import Interrupted, ObjectChanged, Refused, Unreachable
from trainwright.portable.parallel import for_each
from trainwright.portable.sources import BytesSource, FileSource, JoinedSource, ObjectSource
from trainwright.portable.store import Store

KIB = 1 << 10
SMALL = Sizes(large_from=100 * KIB, part=64 * KIB, parts_at_once=3)
ONCE = Patience(tries=1, answer_s=0.3)
NAMES = ["a b+c%/é&=?#.txt", "中文/文件", "x~y/-._"]


def _here(port: int, scheme: str = "http", *, verify: bool = True) -> Access:
    return Access(Setting(f"{scheme}://127.0.0.1:{port}"), Setting("p"), Setting("t"), verify_tls=verify)


def test_objects_come_and_go(store: Store, bucket: str) -> None:
    """Every call once, on names that have to be quoted."""
    for name in NAMES:
        store.write(bucket, name, BytesBody(name.encode()))
        assert store.read(bucket, name) == name.encode()
        assert store.read(bucket, name, start=1, end=3) == name.encode()[1:3]
        found = store.head(bucket, name)
        assert (found.key, found.size) == (name, len(name.encode()))
        assert abs(found.modified_at_ms / 1000 - time.time()) < 60
    assert {entry.key for entry in store.entries(bucket)} == set(NAMES)
    store.delete(bucket, NAMES[0])
    store.delete(bucket, NAMES[0])
    assert store.find(bucket, NAMES[0]) is None
    assert bucket in store.buckets()


def test_buckets(store: Store, bucket: str) -> None:
    """Made once; removed when empty; what is missing says so."""
    name = bucket + "-2"
    assert store.create_bucket(name) and not store.create_bucket(name)
    store.delete_bucket(name)
    with pytest.raises(Refused) as caught:
        list(store.entries(name))
    assert caught.value.is_missing
    store.delete(name, "x")
    assert not store.is_folder(name, "") and store.is_folder(bucket, "")


def test_listings_go_over_pages(store: Store, bucket: str) -> None:
    """All keys, and with folders folded."""
    keys = [f"{folder}/{number}" for folder in ("a", "b") for number in range(5)] + ["c", "d/"]
    for key in keys:
        store.write(bucket, key, BytesBody(b""))
    assert [entry.key for entry in store.entries(bucket)] == sorted(keys)
    pages = list(store.pages(bucket, folded=True))
    assert [name for page in pages for name in page.folders] == ["a/", "b/", "d/"]
    assert [entry.key for page in pages for entry in page.entries] == ["c"]
    assert store.is_folder(bucket, "a") and store.is_folder(bucket, "d/") and not store.is_folder(bucket, "c")


def test_with_keys_the_project_is_found(live: LiveServer, network: Network, bucket: str) -> None:
    """The bytes of objects and of parts are not signed, everything else is."""
    key = live.call("POST", "/v1/{P}/access-keys", json={"description": "x"}).json()
    access = Access(
        Setting(network.url),
        Setting(),
        access_key=Setting(key["access_key"]),
        secret_key=Setting(key["secret_key"]),
    )
    store = Store(access)
    content = os.urandom(300 * KIB)
    put(store, bucket, "a b", BytesSource(content), sizes=SMALL)
    store.write(bucket, "empty/", BytesBody(b""))
    assert store.project_id == live.project_id
    assert store.read(bucket, "a b") == content
    assert [entry.key for entry in store.entries(bucket, "a ")] == ["a b"]
    wrong = Access(access.endpoint, Setting(), access_key=access.access_key, secret_key=Setting("x" * 40))
    with pytest.raises(Refused, match=r"APIGW\.0301"):
        Store(wrong).buckets()


def test_passing_refusals_are_sat_out(
    store: Store, network: Network, bucket: str, retries: list[Retry]
) -> None:
    """A gateway that is away, a server that wants to be left alone for a second."""
    network.refusals += [answer("503 Away", b"<html>"), answer("429 Slow", Retry_After="1")]
    store.write(bucket, "a", BytesBody(b"x" * 10))
    assert store.read(bucket, "a") == b"x" * 10
    assert [(retry.left, retry.wait_s) for retry in retries] == [(9, 0.001), (8, 1.0)]


def test_other_refusals_are_final(store: Store, network: Network, retries: list[Retry]) -> None:
    """A page of something in between gives its beginning."""
    network.refusals += [answer("418 Teapot", b"<html>short")]
    with pytest.raises(Refused, match="<html>short") as caught:
        store.buckets()
    assert (caught.value.status, caught.value.error_code, retries) == (418, "418", [])
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.status, str(again)) == (418, str(caught.value))


def test_a_broken_download_goes_on_where_it_stood(
    store: Store, network: Network, bucket: str, retries: list[Retry]
) -> None:
    """Cut three times; nothing is fetched twice but what was on its way."""
    content = os.urandom(3 << 20)
    store.write(bucket, "big", BytesBody(content))
    store.close()
    network.received = 0
    network.cuts += [400_000, 900_000, 500_000]
    assert store.read(bucket, "big") == content
    assert len(retries) == 3
    assert network.received < len(content) + 10_000


def test_a_download_that_never_ends_is_given_up() -> None:
    """No progress between the cuts: told as an interruption."""
    begun = b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: "e"\r\n\r\n0123456789'
    going_on = b'HTTP/1.1 206 P\r\nContent-Length: 90\r\nETag: "e"\r\nContent-Range: bytes 10-99/100\r\n\r\n'
    with canned(lambda head: going_on if b"\r\nRange: bytes=10-" in head else begun) as port:
        store = Store(_here(port), patience=Patience(tries=3, wait_s=0.001))
        with pytest.raises(Interrupted, match="ended too early") as caught:
            store.read("bkt", "big")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_an_object_that_changes_while_it_is_read(store: Store, network: Network, bucket: str) -> None:
    """Half old, half new is worse than an error."""
    store.write(bucket, "big", BytesBody(bytes(3 << 20)))
    store.close()
    network.cuts += [200_000]
    stream = store.open(bucket, "big")
    stream.read(1000)
    Store(store.connection.access).write(bucket, "big", BytesBody(b"1" * (3 << 20)))
    with pytest.raises(ObjectChanged, match="changed while"):
        while stream.read():
            pass


def test_a_broken_upload_is_sent_again(
    store: Store, network: Network, bucket: str, retries: list[Retry]
) -> None:
    """The object appears whole."""
    content = os.urandom(2 << 20)
    network.cuts += [-300_000, -1_000_000]
    store.write(bucket, "up", BytesBody(content))
    assert store.read(bucket, "up") == content
    assert len(retries) == 2


def test_parts_that_arrived_are_not_sent_again(
    access: Access, store: Store, network: Network, bucket: str, tmp_path: Path
) -> None:
    """An upload that was interrupted goes on in the next process."""
    path = tmp_path / "big"
    path.write_bytes(os.urandom(10 * 64 * KIB))
    one_at_a_time = Sizes(SMALL.large_from, SMALL.part, 1)
    descriptor = os.open(path, os.O_RDONLY)
    hasty = Store(access, patience=Patience(tries=1))
    network.cuts += [-450_000, -10]  # what was used before is replaced once without counting
    with pytest.raises(Unreachable):
        put(hasty, bucket, "big", FileSource(descriptor, "big"), sizes=one_at_a_time)
    network.sent = 0
    put(store, bucket, "big", FileSource(descriptor, "big"), sizes=one_at_a_time)
    os.close(descriptor)
    assert store.read(bucket, "big") == path.read_bytes()
    assert network.sent < 6 * 64 * KIB


def test_a_lost_answer_to_the_completion(
    store: Store, network: Network, bucket: str, retries: list[Retry]
) -> None:
    """Asked again, the server says the same."""
    content = os.urandom(300 * KIB)
    network.lose = "POST", "/completion"
    put(store, bucket, "big", BytesSource(content), sizes=SMALL)
    assert store.read(bucket, "big") == content
    assert sum("/completion" in line for line in network.requests) == 2


def test_files_are_fetched_whole_or_not_at_all(
    store: Store, network: Network, bucket: str, tmp_path: Path
) -> None:
    """Small ones in one go, large ones in parts; over an existing file, through a link, and after cuts."""
    for size in (0, 10, 100 * KIB, 700 * KIB):
        content = os.urandom(size)
        put(store, bucket, "f", BytesSource(content), sizes=SMALL)
        target = tmp_path / "real"
        target.write_bytes(b"before")
        target.chmod(0o640)
        (tmp_path / "link").unlink(missing_ok=True)
        (tmp_path / "link").symlink_to("real")
        store.close()
        network.cuts += [60_000] * 3
        assert fetch(store, bucket, "f", str(tmp_path / "link"), sizes=SMALL) == size
        network.cuts.clear()
        assert target.read_bytes() == content and target.stat().st_mode & 0o777 == 0o640
    with pytest.raises(Refused):
        fetch(store, bucket, "none", str(tmp_path / "new"))
    with pytest.raises(IsADirectoryError):
        fetch(store, bucket, "f", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="no/such"):
        fetch(store, bucket, "f", str(tmp_path / "no" / "such"))
    with pytest.raises(OSError, match="No space left"):
        fetch(store, bucket, "f", "/dev/full")
    assert {path.name for path in tmp_path.iterdir()} == {"real", "link"}


def test_sources_are_put_together(store: Store, bucket: str, tmp_path: Path) -> None:
    """An object, bytes and a file as one object, in parts that know no borders."""
    first, last = os.urandom(150 * KIB), os.urandom(90 * KIB)
    store.write(bucket, "first", BytesBody(first))
    (tmp_path / "last").write_bytes(last)
    descriptor = os.open(tmp_path / "last", os.O_RDONLY)
    found = store.head(bucket, "first")
    sources = [ObjectSource(store, bucket, found), BytesSource(b"-"), FileSource(descriptor, "last")]
    put(store, bucket, "all", JoinedSource(sources), sizes=SMALL)
    os.close(descriptor)
    assert store.read(bucket, "all") == first + b"-" + last


def test_a_file_that_shrinks_is_no_network_fault(
    store: Store, bucket: str, tmp_path: Path, retries: list[Retry]
) -> None:
    """It is told at once, and its parts are dropped."""
    path = tmp_path / "f"
    for size in (50 * KIB, 500 * KIB):
        path.write_bytes(bytes(size))
        descriptor = os.open(path, os.O_RDONLY)
        source = FileSource(descriptor, str(path))
        os.truncate(path, 10)
        with pytest.raises(ObjectChanged, match="changed while"):
            put(store, bucket, "f", source, sizes=SMALL)
        os.close(descriptor)
    assert retries == [] and store.find(bucket, "f") is None


def test_a_connection_that_was_hung_up_on_is_no_try(
    store: Store, network: Network, bucket: str, retries: list[Retry]
) -> None:
    """Servers close what is idle."""
    for _ in range(3):
        assert bucket in store.buckets()
        network.drop()
        time.sleep(0.05)
    assert network.connections == 3 and retries == []


def test_connections_are_kept(store: Store, network: Network, bucket: str) -> None:
    """Also after refusals and after empty answers; one for each thread."""
    for number in range(5):
        store.write(bucket, f"k{number}", BytesBody(b""))
        store.find(bucket, "none")
        store.delete(bucket, f"k{number}")
    assert network.connections == 1
    for_each(range(40), lambda number: store.write(bucket, f"t{number}", BytesBody(b"x")), threads=4)
    assert network.connections <= 5 and len(list(store.entries(bucket))) == 40


def test_a_child_process_has_connections_of_its_own(store: Store, network: Network, bucket: str) -> None:
    """Data loaders fork."""
    store.write(bucket, "a", BytesBody(b"a" * 1000))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if all(store.read(bucket, "a") == b"a" * 1000 for _ in range(20)) else 2
        finally:
            os._exit(code)
    assert all(store.read(bucket, "a") == b"a" * 1000 for _ in range(20))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert network.connections == 2


def test_nobody_there() -> None:
    """What, and what to do."""
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(Unreachable, match=f"127.0.0.1:{port}: connection refused.*TRAINWRIGHT_ENDPOINT"):
            Store(_here(port), patience=ONCE).buckets()
    with pytest.raises(Unreachable, match="its name is not known"):
        nowhere = Access(Setting("http://nowhere.invalid"), Setting("p"), Setting("t"))
        Store(nowhere, patience=ONCE).buckets()


def test_a_silent_server() -> None:
    """Nobody waits for ever."""
    stop = threading.Event()

    def wait(head: bytes) -> bytes:
        stop.wait(10)
        return b""

    with canned(wait) as port, pytest.raises(Unreachable, match="no answer in time"):
        Store(_here(port), patience=ONCE).buckets()
    stop.set()


@pytest.mark.parametrize("body", [b"<html>", b"[]"])
def test_something_else_than_a_server_of_ours(body: bytes) -> None:
    """A web page with status 200."""
    with (
        canned(lambda head: answer("200 OK", body)) as port,
        pytest.raises(Refused, match="something else than JSON"),
    ):
        Store(_here(port), patience=ONCE).buckets()


def test_a_refusal_before_all_was_sent(bucket: str, access: Access) -> None:
    """Who may not write hears why, however much they have to say."""
    stranger = Access(access.endpoint, access.project_id, Setting("nobody"))
    with pytest.raises(Refused) as caught:
        Store(stranger, patience=ONCE).write(bucket, "x", BytesBody(bytes(30 << 20)))
    assert caught.value.status == 401


def test_a_token_with_a_line_break_is_refused_here() -> None:
    """It would be an error deep inside."""
    for token in ("a\nb", "tök\u20ac"):
        with pytest.raises(NotConfigured, match="characters"):
            Store(Access(Setting("http://h"), Setting("p"), Setting(token)))


@pytest.fixture
def certificate(tmp_path: Path) -> Iterator[ssl.SSLContext]:
    """Of this machine, signed by nobody."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    yield context


def test_certificates_are_checked(
    certificate: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One nobody vouches for is refused at once, unless that is asked for or the system trusts it."""
    buckets = answer("200 OK", json.dumps({"buckets": [{"name": "bkt"}]}).encode())

    def wrap(plain: socket) -> socket:
        return certificate.wrap_socket(plain, server_side=True)

    with canned(lambda head: buckets, wrap) as port:
        with pytest.raises(Unreachable, match="certificate is not trusted"):
            Store(_here(port, "https")).buckets()
        assert Store(_here(port, "https", verify=False)).buckets() == ["bkt"]
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert Store(_here(port, "https")).buckets() == ["bkt"]


def test_proxies_are_for_servers_elsewhere(
    monkeypatch: pytest.MonkeyPatch, access: Access, bucket: str
) -> None:
    """With the name and password that the address of the proxy holds; NO_PROXY is heeded."""
    heads: list[bytes] = []

    def say(head: bytes) -> bytes:
        heads.append(head)
        return answer("200 OK", b'{"buckets": []}')

    away = Access(Setting("http://gpu.invalid:8600"), Setting("p"), Setting("t"))
    with canned(say) as port:
        monkeypatch.setenv("http_proxy", f"http://me:p%40ss@127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "")
        assert Store(away, patience=ONCE).buckets() == []
        assert bucket in Store(access).buckets()
        assert len(heads) == 1
        assert heads[0].startswith(
            b"GET http://gpu.invalid:8600/v1/p/buckets HTTP/1.1\r\nHost: gpu.invalid:8600"
        )
        assert b"Proxy-Authorization: Basic bWU6cEBzcw==" in heads[0]
        monkeypatch.setenv("no_proxy", "gpu.invalid")
        with pytest.raises(Unreachable, match="name is not known"):
            Store(away, patience=ONCE).buckets()


def test_threads_stop_at_the_first_failure() -> None:
    """What was not begun is not; the failure is told."""
    done: list[int] = []

    def work(number: int) -> None:
        done.append(number)
        if number == 3:
            raise KeyError(number)

    with pytest.raises(KeyError):
        for_each(range(10_000), work, threads=4)
    assert len(done) < 10_000
    for_each([], work, threads=0)


def test_it_runs_where_threads_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end of the interpreter."""

    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", start)
    done: list[int] = []
    for_each(range(5), done.append, threads=8)
    assert done == [0, 1, 2, 3, 4]


def test_a_full_disk(access: Access, live: LiveServer, bucket: str, tmp_path: Path, bubblewrap: None) -> None:
    """The system's own error, and nothing half-done is left behind."""
    content = os.urandom(3 << 20)
    Store(access).write(bucket, "big", BytesBody(content))
    (tmp_path / "disk").mkdir()
    script = (
        "import os, sys\n"
        "from trainwright.portable.access import resolve\n"
        "from trainwright.portable.copying import Sizes, fetch\n"
        "from trainwright.portable.store import Store\n"
        "for sizes in (Sizes(), Sizes(large_from=1 << 20, part=1 << 20)):\n"
        "    try:\n"
        "        fetch(Store(resolve()), sys.argv[1], 'big', sys.argv[2] + '/big', sizes=sizes)\n"
        "    except OSError as exc:\n"
        "        print(exc.errno, os.listdir(sys.argv[2]))\n"
    )
    done = subprocess.run(
        ["bwrap", "--dev-bind", "/", "/", "--size", str(1 << 20), "--tmpfs", str(tmp_path / "disk"),
         sys.executable, "-c", script, bucket, str(tmp_path / "disk")],
        env={**os.environ, "TRAINWRIGHT_DATA_DIR": str(live.data_dir), "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == "28 []\n28 []\n", done.stderr
