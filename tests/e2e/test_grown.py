"""The same server by configuration only on PostgreSQL and an S3-compatible store: both real."""

import random
from collections.abc import Iterator

import pytest

from tests.contract.db_fixtures import Postgres, postgres
from tests.e2e.live import LiveServer, user_bytes
from tests.storage.seaweed import seaweed

__all__ = ["postgres"]

COPY = (
    "import os, pathlib, sys\n"
    "args = dict(a[2:].split('=', 1) for a in sys.argv[1:])\n"
    "for source in sorted(pathlib.Path(args['data_url']).rglob('*')):\n"
    "    if source.is_file():\n"
    "        target = pathlib.Path(args['train_url'], source.relative_to(args['data_url']))\n"
    "        target.parent.mkdir(parents=True, exist_ok=True)\n"
    "        target.write_bytes(source.read_bytes()[::-1])\n"
    "        print(target.name, flush=True)\n"
)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[LiveServer]:
    """A server that keeps nothing of its users' in its data directory but logs."""
    with seaweed(tmp_path_factory.mktemp("seaweed")) as store:
        environment = {
            "TRAINWRIGHT_DATABASE_URL": postgres.create(),
            "TRAINWRIGHT_STORAGE__KIND": "s3",
            "TRAINWRIGHT_STORAGE__ENDPOINT": store.endpoint,
            "TRAINWRIGHT_STORAGE__REGION": store.region,
            "TRAINWRIGHT_STORAGE__ACCESS_KEY": store.access_key,
            "TRAINWRIGHT_STORAGE__SECRET_KEY": store.secret_key,
            "TRAINWRIGHT_STORAGE__PATH_STYLE": "true",
            "TRAINWRIGHT_STORAGE__ALLOW_HTTP": "true",
        }
        live = LiveServer(tmp_path_factory.mktemp("data"), environment).start()
        yield live
        live.stop()


def test_a_job_reads_and_writes_the_s3_store(grown: LiveServer) -> None:
    """Guards grants by presigned URL: code, inputs, outputs, log export, all through the store."""
    chance = random.Random(3)
    files = {f"part/{n:02}.bin": chance.randbytes(chance.randrange(200_000)) for n in range(20)} | {
        "empty": b""
    }
    for name, data in files.items():
        grown.put(f"obs://e2e/grown/data/{name}", data)
    body = grown.body("grown", COPY)
    body["algorithm"] |= {
        "inputs": [{"name": "data_url", "remote": {"obs": {"obs_url": "obs://e2e/grown/data/"}}}],
        "outputs": [{"name": "train_url", "remote": {"obs": {"obs_url": "obs://e2e/grown/out/"}}}],
    }
    body["spec"]["log_export_path"] = {"obs_url": "obs://e2e/grown/logs/"}
    job = grown.create(body)
    ended = grown.wait(job)
    assert ended["status"]["phase"] == "Completed", grown.log(job)
    for name, data in files.items():
        assert grown.get(f"obs://e2e/grown/out/{name}") == data[::-1]
    assert len(user_bytes(grown.log(job)).splitlines()) == len(files)
    assert grown.keys("obs://e2e/grown/logs/")


def test_a_killed_server_takes_its_jobs_up_again_from_postgresql(grown: LiveServer) -> None:
    """Guards leases and re-attaching on the other database."""
    script = "import time\nfor i in range(40):\n    print('line', i, flush=True)\n    time.sleep(0.05)\n"
    jobs = [grown.create(grown.body(f"kill-{n}", script)) for n in range(2)]
    for _ in range(3):
        grown.kill()
        grown.start()
    for job in jobs:
        ended = grown.wait(job)
        assert ended["status"]["phase"] == "Completed"
        assert len(ended["status"]["running_records"]) == 1
        assert user_bytes(grown.log(job)) == b"".join(b"line %d\n" % i for i in range(40))
