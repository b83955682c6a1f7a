"""Flavors of an admin's file, and what becomes of scripts that take more than they were given."""

from collections.abc import Iterator

import pytest

from tests.e2e.live import LiveServer, processes_of, user_bytes

FLAVORS = """
flavors:
  - id: tiny
    resources: {cpus: 1, memory_mib: 200, disk_mib: 50}
  - id: huge
    resources: {cpus: 4096, memory_mib: 200}
"""
FILL_DISK = (
    "import pathlib, time\n"
    "print('filling', flush=True)\n"
    "with pathlib.Path('fill.bin').open('wb') as f:\n"
    "    for _ in range(200):\n"
    "        f.write(bytes(1 << 20))\n"
    "    f.flush()\n"
    "    time.sleep(120)\n"
)
FILL_MEMORY = (
    "import time\nprint('taking', flush=True)\nkept = bytearray(b'x') * (600 << 20)\ntime.sleep(120)\n"
)


@pytest.fixture(scope="module", params=["process", "sandbox"])
def small(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, bubblewrap: None
) -> Iterator[LiveServer]:
    """A server with tiny flavors."""
    data_dir = tmp_path_factory.mktemp("data")
    (data_dir / "flavors.yaml").write_text(FLAVORS)
    environment = {"TRAINWRIGHT_SANDBOX": "on" if request.param == "sandbox" else "off"}
    live = LiveServer(data_dir, environment).start()
    yield live
    live.stop()


@pytest.mark.parametrize(
    ("name", "script", "reason", "said"),
    [
        ("disk", FILL_DISK, "disk_full", b"filling\n"),
        ("memory", FILL_MEMORY, "out_of_memory", b"taking\n"),
    ],
)
def test_a_script_over_its_limit_is_ended_and_told_why(
    small: LiveServer, name: str, script: str, reason: str, said: bytes
) -> None:
    """Guards quota and memory limit: Failed, the reason, the log so far, an event in words, nothing left."""
    body = small.body(name, script)
    body["spec"]["resource"]["flavor_id"] = "tiny"
    job = small.create(body)
    ended = small.wait(job)
    assert (ended["status"]["phase"], ended["status"]["reason"]) == ("Failed", reason)
    assert said in user_bytes(small.log(job))
    assert any("memory ran out" in text or "disk quota" in text for text in small.events(job))
    assert processes_of(job) == []


def test_what_no_machine_can_run_fails_at_once_and_says_so(small: LiveServer) -> None:
    """Guards against a job that would wait for ever."""
    body = small.body("huge", "print('never')")
    body["spec"]["resource"]["flavor_id"] = "huge"
    ended = small.wait(small.create(body), timeout_s=20)
    assert (ended["status"]["phase"], ended["status"]["reason"]) == ("Failed", "launch_rejected")
