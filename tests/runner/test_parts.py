"""The runner's pure parts."""

import errno
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.runner.rig import folder, make_order, path_grant
from trainwright.backends.runner_archive import build
from trainwright.domain.reasons import Reason
from trainwright.domain.texts import EVENT_TEXTS
from trainwright.runner import jsontext
from trainwright.runner.accelerators import parse_ascend, parse_nvidia
from trainwright.runner.channel import backoff_s
from trainwright.runner.connection import Address, parse
from trainwright.runner.copying import DRAFT_PREFIX
from trainwright.runner.environment import Interpreter, inherited
from trainwright.runner.launching import job_argv
from trainwright.runner.layout import Layout, UnsafePath, check_absolute, check_relative
from trainwright.runner.ledger import EventSpool, State
from trainwright.runner.outcome import classify
from trainwright.runner.rundir import RunDir, read_json, write_json
from trainwright.runner.samples import SampleBuffer
from trainwright.runner.sandbox import Machine, argv
from trainwright.runner.segments import SEGMENT_BYTES, LogSpool, SegmentWriter
from trainwright.storage.listing import DRAFT_PREFIX as STORE_DRAFT_PREFIX
from trainwright.wire.runner import FinalResult, Registration, Report, TaskOrder

SANDBOX = """
bwrap --unshare-user --unshare-pid --unshare-ipc --unshare-uts --uid 1000 --gid 100 --hostname modelarts-job-x-worker-0
--die-with-parent --new-session --ro-bind /usr /usr --ro-bind /etc /.etc --tmpfs /etc --symlink /.etc/ssl /etc/ssl
--ro-bind R/mounts/hosts /etc/hosts --ro-bind R/mounts/passwd /etc/passwd --ro-bind R/mounts/group /etc/group
--ro-bind R/root/etc/volcano /etc/volcano --remount-ro /etc --symlink usr/bin /bin --symlink usr/lib /lib
--ro-bind /opt /opt --ro-bind /sys /sys --proc /proc --dev /dev --tmpfs /dev/shm --dev-bind /dev/nvidia0 /dev/nvidia0
--ro-bind /run/systemd/resolve /run/systemd/resolve
--bind R/root/tmp /tmp --ro-bind /opt/python /opt/python --ro-bind /engines/e1 /engines/e1
--bind R/root/home/ma-user /home/ma-user --bind R/root/cache /cache --ro-bind R/root/dataset /dataset
--bind R/root/home/other/code /home/other/code --chdir /home/ma-user --
"""


def test_sandbox_command_line() -> None:
    """The whole command line, for a machine with one GPU and a resolver outside /etc."""
    machine = Machine()
    machine.links = {"/bin": "usr/bin", "/lib": "usr/lib"}
    machine.folders = ["/opt", "/sys"]
    machine.devices = ["/dev/nvidia0"]
    machine.hidden_resolver = "/run/systemd/resolve"
    machine.settings = ["hosts", "passwd", "ssl", "volcano"]
    line = argv(
        machine,
        root="R/root",
        mounts="R/mounts",
        readable=["/opt/python", "/engines/e1"],
        folders=["/home/ma-user/modelarts", "/dataset/a", "/dataset", "/home/other/code", "/cache"],
        host="modelarts-job-x-worker-0",
        cwd="/home/ma-user",
        fixed=["/dataset"],
    )
    assert sorted(line) == sorted(SANDBOX.split())
    assert line[:5] == SANDBOX.split()[:5]
    assert line[-3:] == ["--chdir", "/home/ma-user", "--"]


@pytest.mark.parametrize("path", ["", "relative", "/a/../b", "/..", "/", "//", "/a\0b"])
def test_unsafe_absolute_paths(path: str) -> None:
    """What could lead out of the job's tree is refused."""
    with pytest.raises(UnsafePath):
        check_absolute(path)


@pytest.mark.parametrize("path", ["", "/a", "../a", "a/../b", "a//b", ".", "a/.", "a\0b", "a/"])
def test_unsafe_relative_paths(path: str) -> None:
    """What could lead out of a folder is refused."""
    with pytest.raises(UnsafePath):
        check_relative(path)


def test_views() -> None:
    """The sandbox shows the contract's paths, the process launcher the real ones."""
    assert Layout("/run/root", "sandbox").view("/cache/") == "/cache"
    assert Layout("/run/root", "process").view("/cache") == "/run/root/cache"
    assert Layout("/run/root", "sandbox").real("/cache") == "/run/root/cache"


def test_environment_allowlist() -> None:
    """Search paths, languages, proxies and devices pass; nothing else."""
    given = {
        "PATH": "p",
        "LC_ALL": "C",
        "https_proxy": "x",
        "CUDA_VISIBLE_DEVICES": "0",
        "AWS_SECRET": "s",
        "HOME": "h",
    }
    assert set(inherited(given)) == {"PATH", "LC_ALL", "https_proxy", "CUDA_VISIBLE_DEVICES"}


def test_argv_keeps_texts_as_they_are() -> None:
    """Hyperparameters are not touched, channels follow."""
    order = make_order(
        shell="",
        boot_file="a/b.py",
        code=folder("", "/x/code", path_grant(Path("/s"))),
        arguments=["--a= b'\"$c"],
        outputs=[folder("out", "/o", path_grant(Path("/s")))],
    )
    line = job_argv(order, Layout("/r", "sandbox"), Interpreter("/py"))
    assert line == ["/py", "-u", "/x/code/a/b.py", "--a= b'\"$c", "--out=/o"]


RESULT: dict[str, Any] = {
    "exit_code": 0,
    "signal": None,
    "stopped": False,
    "cause": "",
    "killed_after_grace": False,
}
CLASSIFIED = [
    ({}, False, "completed", 0),
    ({"exit_code": 3}, False, "user_exit", 3),
    ({"exit_code": None, "signal": 11}, False, "user_signal", 139),
    ({"exit_code": 139}, True, "user_signal", 139),
    ({"exit_code": 139}, False, "user_exit", 139),
    ({"exit_code": None, "signal": 9, "cause": "memory"}, False, "out_of_memory", 137),
    ({"exit_code": 0, "cause": "memory"}, False, "completed", 0),
    ({"exit_code": None, "signal": 9, "cause": "disk"}, False, "disk_full", 137),
    ({"exit_code": 0, "stopped": True}, False, "stopped_by_user", 0),
    ({"exit_code": None, "signal": 9, "stopped": True}, False, "stopped_by_user", 137),
    ({"exit_code": 127, "exec_errno": errno.ENOENT}, False, "command_not_found", 127),
    ({"exit_code": 127, "exec_errno": errno.EACCES}, False, "command_not_found", 126),
    ({"exit_code": 127, "exec_errno": errno.ENOENT}, True, "runner_lost", 127),
]


@pytest.mark.parametrize(("changes", "sandboxed", "reason", "code"), CLASSIFIED)
def test_classification(changes: dict[str, Any], sandboxed: bool, reason: str, code: int) -> None:
    """Every way a shim can tell of an end."""
    final = classify({**RESULT, **changes}, sandboxed=sandboxed)
    assert (final["reason"], final["exit_code"]) == (reason, code)
    assert FinalResult.model_validate(final).reason is Reason(reason)


def test_lost_shim_is_the_platforms_fault() -> None:
    """No result at all."""
    assert classify(None, sandboxed=False)["reason"] == Reason.RUNNER_LOST


def test_samples_come_in_runs_without_gaps() -> None:
    """A gap begins a new run; what was sent is forgotten, what came since is kept."""
    buffer = SampleBuffer()
    for second in (10, 11, 11, 13):
        buffer.add(second, {"cpuUsage": float(second)})
    sent = buffer.batches()
    assert sent == [
        {"start_s": 10, "values": {"cpuUsage": [10.0, 11.0]}},
        {"start_s": 13, "values": {"cpuUsage": [13.0]}},
    ]
    buffer.add(14, {"cpuUsage": 14.0})
    buffer.forget(sent)
    assert buffer.batches() == [{"start_s": 14, "values": {"cpuUsage": [14.0]}}]


def test_samples_are_bounded() -> None:
    """A server that is away for a day does not fill the memory."""
    buffer = SampleBuffer()
    for second in range(0, 20_000):
        buffer.add(second, {"cpuUsage": 1.0})
    assert sum(len(batch["values"]["cpuUsage"]) for batch in buffer.batches()) <= 3660


def test_log_spool_reads_over_segments(tmp_path: Path) -> None:
    """Any range, over any number of segments; what is stored elsewhere can go."""
    spool = LogSpool(str(tmp_path))
    writer = SegmentWriter(str(tmp_path), 0)
    piece = bytes(range(256)) * 4096
    for _ in range(6):
        writer.write(piece)
    writer.close()
    assert spool.end() == 6 * len(piece)
    assert spool.read(SEGMENT_BYTES - 10, 20) == (piece * 6)[SEGMENT_BYTES - 10 : SEGMENT_BYTES + 10]
    spool.append(b"line\n")
    assert spool.tail(6) == b"\nline\n", "a platform line begins a line of its own"
    spool.remove_below(SEGMENT_BYTES)
    assert spool.starts()[0] == SEGMENT_BYTES
    assert spool.end() == 6 * len(piece) + 6


def test_events_survive_a_torn_line(tmp_path: Path) -> None:
    """A power cut in the middle of an event loses that event only, and its number is given again."""
    rundir = RunDir(str(tmp_path))
    spool = EventSpool(rundir, 0)
    spool.emit("training_started")
    with (tmp_path / "events.jsonl").open("a") as file:
        file.write('{"seq": 2, "co')
    again = EventSpool(rundir, 0)
    again.emit("training_started")
    again.emit("training_ended", {"exit_code": 0})
    assert [(event["seq"], event["code"]) for event in again.unacked] == [
        (1, "training_started"),
        (2, "training_ended"),
    ]


def test_state_is_kept(tmp_path: Path) -> None:
    """What is saved is what the next life reads."""
    rundir = RunDir(str(tmp_path))
    state = State(rundir)
    state.acked_seq, state.facts["python"] = 7, "/py"
    state.finish("code")
    again = State(rundir)
    assert (again.done, again.acked_seq, again.facts) == (["code"], 7, {"python": "/py"})


def test_backoff() -> None:
    """0.1 s doubling to 1 s, give or take a fifth."""
    assert [round(backoff_s(n, 0.5), 2) for n in (1, 2, 3, 4, 5, 500)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert [round(backoff_s(7, jitter), 2) for jitter in (0.0, 1.0)] == [0.8, 1.2]


def test_answers_in_pieces() -> None:
    """An answer is complete when it is, however it comes; chunks too."""
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-A: b\r\n\r\nabc"
    for cut in range(len(whole)):
        assert parse(bytearray(whole[:cut]), ended=False) is None
    answer = parse(bytearray(whole), ended=False)
    assert answer is not None
    assert (answer.status, answer.body, answer.headers["x-a"]) == (200, b"abc", "b")
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    answer = parse(bytearray(chunked), ended=False)
    assert answer is not None
    assert answer.body == b"abcde"
    with pytest.raises(ValueError, match="not HTTP"):
        parse(bytearray(b"SSH-2.0\r\n\r\n"), ended=False)


def test_addresses() -> None:
    """Base URLs with ports, prefixes, IPv6."""
    address = Address("https://[::1]:8443/base/")
    assert (address.tls, address.host, address.port, address.prefix) == (True, "::1", 8443, "/base")
    assert Address("http://example").port == 80
    with pytest.raises(ValueError, match="not an http"):
        Address("ftp://x")


@pytest.mark.parametrize(
    "value", [{"a": [1, 2.5, None, True, 'é\n"\\']}, [], {}, "x", 1 << 70, {"b": {"c": []}}]
)
def test_json(value: object) -> None:
    """What is written can be read."""
    assert jsontext.loads(f" {jsontext.dumps(value)}\n") == value


@pytest.mark.parametrize("text", ["", "{", "[1,]", "{} x", "nope", b"\xff"])
def test_bad_json(text: str | bytes) -> None:
    """Bad JSON is a `ValueError`, as everywhere."""
    with pytest.raises(ValueError):
        jsontext.loads(text)


def test_json_files_are_private(tmp_path: Path) -> None:
    """They hold tokens and the user's variables."""
    write_json(str(tmp_path / "x"), {"a": 1})
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600
    assert read_json(str(tmp_path / "x")) == {"a": 1}
    assert read_json(str(tmp_path / "missing")) is None


def test_vendor_tools() -> None:
    """Means over the cards; what cannot be read is no sample."""
    assert parse_nvidia("50, 1000, 4000\n100, 3000, 4000\n[N/A], 1, 2\n") == {
        "gpuUtil": 75.0,
        "gpuMemUsage": 50.0,
    }
    assert parse_nvidia("") == {"gpuUtil": -1.0, "gpuMemUsage": -1.0}
    text = "  Aicore Usage Rate(%)   : 40\n  HBM Usage Rate(%)      : 10\n  Aicore Usage Rate(%)   : 60\n"
    assert parse_ascend(text) == {"npuUtil": 50.0, "npuMemUsage": 10.0}


def test_drafts_are_named_as_the_store_expects() -> None:
    """The store passes over unfinished files by this name; the runner cannot import it."""
    assert DRAFT_PREFIX == STORE_DRAFT_PREFIX


def test_messages_fit_the_wire() -> None:
    """What the runner reads and writes is what `wire.runner` says."""
    order = make_order(
        code=folder("", "/x", path_grant(Path("/s"))), inputs=[folder("a", "/a", path_grant(Path("/s")))]
    )
    assert TaskOrder.model_validate(order).model_dump(mode="json") == order
    report = {"step": "code", "started_at_ms": 0, "events": [], "samples": [], "final": None}
    assert set(Report.model_fields) == {*report, "ready", "activity", "failed", "points"}
    assert set(Registration.model_fields) == {"ip", "host", "node", "launcher", "facts"}


def test_event_codes_exist() -> None:
    """Every event the runner emits has its sentence, with these slots."""
    sources = [path.read_text() for path in Path(jsontext.__file__).parent.glob("*.py")]
    emitted = {
        line.split('emit("')[1].split('"')[0]
        for text in sources
        for line in text.splitlines()
        if 'emit("' in line
    }
    assert len(emitted) > 20
    assert emitted <= set(EVENT_TEXTS)


def test_archive_is_reproducible(tmp_path: Path) -> None:
    """The same sources give the same bytes, also in another process; an unchanged file is not touched."""
    first = build(tmp_path / "a.pyz")
    program = (
        "import pathlib, sys, trainwright.backends.runner_archive as a; a.build(pathlib.Path(sys.argv[1]))"
    )
    line = [sys.executable, "-c", program, str(tmp_path / "b.pyz")]
    subprocess.run(line, check=True, timeout=60, env={"PYTHONHASHSEED": "7"})
    assert first.read_bytes() == (tmp_path / "b.pyz").read_bytes()
    before = first.stat().st_mtime_ns
    build(first)
    assert first.stat().st_mtime_ns == before


def test_archive_says_how_it_is_used(tmp_path: Path) -> None:
    """Wrong arguments: exit 2 and one line."""
    archive = build(tmp_path / "runner.pyz")
    done = subprocess.run(
        [sys.executable, "-I", "-S", archive, "x"], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"usage: runner.pyz supervise RUNDIR")
