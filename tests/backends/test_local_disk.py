"""What the local backend keeps on disk: modes, damage, full disks, stubborn leftovers, devices, control groups."""

import asyncio
import errno
import json
import os
import socket
import sys
from pathlib import Path

import pytest

from tests.backends.conftest import MakeRig
from tests.backends.rig import LocalRig, settings_of
from tests.contract.backend import TOKEN, launch_of, reaches, seen, until
from tests.domain.builders import make_launch, make_role
from trainwright.backends.local import LocalBackend, cgroup
from trainwright.backends.local.disk import Disk
from trainwright.backends.local.processes import read_identity
from trainwright.backends.local.watching import Watcher
from trainwright.domain.demand import Demand
from trainwright.domain.observation import RunState
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import Resources
from trainwright.ports.backend import BackendError, Launch
from trainwright.ports.clock import SystemClock

pytestmark = pytest.mark.anyio


def launch_file(rig: LocalRig, key: str, task: str = "worker-0") -> dict[str, object]:
    """What a runner was given."""
    found = json.loads((rig.settings.runs_dir / key / task / "launch.json").read_text())
    assert isinstance(found, dict)
    return found


def shown_devices(rig: LocalRig, key: str) -> str:
    """The GPUs the supervisor of a task may show to its job."""
    identity = read_identity(rig.settings.runs_dir / key / "worker-0" / "supervisor.json")
    assert identity is not None
    environment = Path(f"/proc/{identity.pid}/environ").read_bytes().split(b"\0")
    (shown,) = [entry for entry in environment if entry.startswith(b"CUDA_VISIBLE_DEVICES=")]
    return shown.decode().partition("=")[2]


async def said(rig: LocalRig, *keys: str) -> None:
    """Wait until the supervisors have said who they are."""

    async def is_so() -> bool:
        folders = [rig.settings.runs_dir / key / "worker-0" for key in keys]
        return all(read_identity(folder / "supervisor.json") for folder in folders)

    await until(is_so, "supervisor.json")


async def test_the_runner_is_given_what_the_contract_says(make_rig: MakeRig) -> None:
    """Guards every field of launch.json, and that nobody else can read it."""
    rig = make_rig()
    handle = await rig.backend.submit(launch_of(1))
    await reaches(rig.backend, handle, RunState.RUNNING)
    assert launch_file(rig, handle.key) == {
        "server_url": "http://127.0.0.1:1",
        "attempt_key": handle.key,
        "task": "worker-0",
        "token": TOKEN,
        "launcher": "process",
        "engines_dir": str(rig.settings.data_dir / "engines"),
        "pip_cache_dir": str(rig.settings.data_dir / "pip-cache"),
        "memory_limit_mib": 64,
        "disk_limit_mib": 0,
        "cgroup": "",
        "node": socket.gethostname(),
        "py_spy": str(Path(sys.executable).with_name("py-spy")),
    }
    folder = rig.settings.runs_dir / handle.key
    for path in (rig.settings.runs_dir, folder, folder / "worker-0"):
        assert path.stat().st_mode & 0o777 == 0o700
    for path in (folder / "launch-set.json", folder / "admitted.json", folder / "worker-0" / "launch.json"):
        assert path.stat().st_mode & 0o777 == 0o600


async def test_accelerators_are_given_to_one_task_each(make_rig: MakeRig) -> None:
    """Guards that no device is given twice, also after a restart, and that it comes back with the task's end."""
    rig = make_rig(accelerators=4)
    resources = Resources(cpus=0.5, memory_mib=64, accelerators=2, accelerator_kind="gpu")

    def asking(number: int, replicas: int) -> Launch:
        spec = make_launch(make_role(replicas=replicas, resources=resources), job_id=f"g{number}")
        return Launch(f"g{number}-a1", 1, spec, "http://127.0.0.1:1", TOKEN)

    first = await rig.backend.submit(asking(1, 1))
    await reaches(rig.backend, first, RunState.RUNNING)
    await rig.restart()
    second, third = [await rig.backend.submit(asking(number, 1)) for number in (2, 3)]
    await reaches(rig.backend, second, RunState.RUNNING)
    await said(rig, first.key, second.key)
    assert [shown_devices(rig, handle.key) for handle in (first, second)] == ["0,1", "2,3"]
    wait = (await seen(rig.backend, third)).wait
    assert wait is not None
    assert (wait.code, wait.slots) == ("wait_accelerators", {"asked": 2, "free": 0, "position": 1})
    await rig.finish(first.key)
    await reaches(rig.backend, third, RunState.RUNNING)
    await said(rig, third.key)
    assert shown_devices(rig, third.key) == "0,1"
    await rig.finish(second.key)
    bystander = await rig.backend.submit(launch_of(4, cpus=0.5))
    await reaches(rig.backend, bystander, RunState.RUNNING)
    await said(rig, bystander.key)
    assert shown_devices(rig, bystander.key) == ""


async def test_pools_never_share_a_device(make_rig: MakeRig) -> None:
    """Guards accelerators across pools, also when a share was taken from under a running job."""
    rig = make_rig(accelerators=4)
    resources = Resources(cpus=0.5, memory_mib=64, accelerators=2, accelerator_kind="gpu")

    def asking(number: int, pool: str) -> Launch:
        spec = make_launch(make_role(resources=resources), job_id=f"g{number}", pool_id=pool)
        return Launch(f"g{number}-a1", 1, spec, "http://127.0.0.1:1", TOKEN)

    first = await rig.backend.submit(asking(1, ""))
    await reaches(rig.backend, first, RunState.RUNNING)
    await rig.backend.set_shares({"pool-a": Demand(1000, 2048, 4)})
    mine, more = [await rig.backend.submit(asking(number, "pool-a")) for number in (2, 3)]
    await reaches(rig.backend, mine, RunState.RUNNING)
    await said(rig, first.key, mine.key)
    assert [shown_devices(rig, handle.key) for handle in (first, mine)] == ["0,1", "2,3"]
    assert (await seen(rig.backend, more)).state is RunState.QUEUED
    await rig.finish(first.key)
    await reaches(rig.backend, more, RunState.RUNNING)
    await said(rig, more.key)
    assert shown_devices(rig, more.key) == "0,1"


async def test_a_priority_that_the_disk_does_not_keep_is_not_changed(make_rig: MakeRig) -> None:
    """Guards the queue against an order that a restart would forget."""
    rig = make_rig()
    blocker = await rig.backend.submit(launch_of(1, cpus=2))
    await reaches(rig.backend, blocker, RunState.RUNNING)
    first, second = [await rig.backend.submit(launch_of(number, cpus=2)) for number in (2, 3)]
    (rig.settings.runs_dir / second.key / ".priority.json.new").mkdir()
    with pytest.raises(BackendError):
        await rig.backend.set_priority(second.key, 3)
    await rig.finish(blocker.key)
    await reaches(rig.backend, first, RunState.RUNNING)
    assert (await seen(rig.backend, second)).state is RunState.QUEUED


async def test_a_control_group_is_made_and_removed(make_rig: MakeRig) -> None:
    """Guards limits by the kernel where it lets us (nothing to guard elsewhere: the field is empty then)."""
    rig = make_rig(cgroups=True)
    handle = await rig.backend.submit(launch_of(1, memory_mib=96))
    await reaches(rig.backend, handle, RunState.RUNNING)
    reference = str(launch_file(rig, handle.key)["cgroup"])
    group = cgroup.group_folder(reference)
    if reference.startswith(cgroup.V1_PREFIX):
        assert (group / "memory.limit_in_bytes").read_text() == f"{96 << 20}\n"
    await rig.restart()
    await rig.finish(handle.key)
    await reaches(rig.backend, handle, RunState.EXITED)
    await rig.backend.reap(handle)
    assert not reference or not group.exists()


async def test_a_damaged_launch_ends_with_a_reason(make_rig: MakeRig) -> None:
    """Guards a file the disk lost: the job is told, nothing else suffers, it can be reaped."""
    rig = make_rig()
    handle = await rig.backend.submit(launch_of(1))
    await reaches(rig.backend, handle, RunState.RUNNING)
    await rig.cease()
    (rig.settings.runs_dir / handle.key / "launch-set.json").write_bytes(b"\0" * 100)
    await rig.restart()
    other = await rig.backend.submit(launch_of(2))
    answer = await seen(rig.backend, handle)
    assert (answer.state, answer.reason) == (RunState.EXITED, Reason.RUNNER_LOST)
    assert await rig.backend.submit(launch_of(1)) == handle
    await rig.backend.reap(handle)
    assert (await seen(rig.backend, handle)).state is RunState.GONE
    assert {path.parent.name for path in rig.settings.runs_dir.glob("*/worker-0")} <= {other.key}


class FullDisk(Disk):
    """No space left, from `is_full` on."""

    is_full = True

    def write(self, path: Path, data: bytes, *, sync: bool) -> None:
        """As a full disk does."""
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        super().write(path, data, sync=sync)


async def test_a_full_disk_refuses_launches_and_still_stops_jobs(tmp_path: Path) -> None:
    """Guards that nothing half-accepted stays, and that stopping needs no disk."""
    disk = FullDisk()
    backend = LocalBackend(
        settings_of(tmp_path), clock=SystemClock(), on_change=lambda job_id: None, disk=disk
    )
    with pytest.raises(BackendError) as refused:
        await backend.submit(launch_of(1))
    assert refused.value.retryable
    assert list(await backend.owned()) == []
    disk.is_full = False
    handle = await backend.submit(launch_of(1))
    disk.is_full = True
    await backend.stop(handle, grace_s=1)
    assert (await seen(backend, handle)).state is RunState.EXITED


async def test_names_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    """Guards against keys and roles that are paths."""
    backend = LocalBackend(settings_of(tmp_path), clock=SystemClock(), on_change=lambda job_id: None)
    good = launch_of(1)
    bad_role = make_launch(make_role("../../x"))
    for launch in (Launch("../x", 1, good.spec, "", ""), Launch("x", 1, bad_role, "", "")):
        with pytest.raises(BackendError) as refused:
            await backend.submit(launch)
        assert not refused.value.retryable


async def test_a_submit_nobody_waits_for_any_more_is_accepted_all_the_same(tmp_path: Path) -> None:
    """Guards cancellation in the middle: disk and memory agree."""
    backend = LocalBackend(settings_of(tmp_path), clock=SystemClock(), on_change=lambda job_id: None)
    await backend.owned()
    submitting = asyncio.create_task(backend.submit(launch_of(1)))
    await asyncio.sleep(0)
    submitting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await submitting
    handle = await backend.submit(launch_of(1))
    assert list(await backend.owned()) == [handle]


async def test_a_demanded_sandbox_that_does_not_work_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards `sandbox = on`: nothing is run without it, and the cause is said."""
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = settings_of(tmp_path, sandbox="on")
    backend = LocalBackend(settings, clock=SystemClock(), on_change=lambda job_id: None)
    for call in (backend.probe(), backend.submit(launch_of(1))):
        with pytest.raises(BackendError, match="not installed"):
            await call


def test_what_users_leave_behind_can_be_removed(tmp_path: Path) -> None:
    """Guards folders without permissions and folders nested deeper than any path may be long."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "closed").mkdir()
    (folder / "closed" / "file").touch()
    (folder / "closed").chmod(0)
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("deeper", dir_fd=here)
        below = os.open("deeper", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    (folder / "outside").symlink_to(tmp_path)
    Disk().remove_tree(folder)
    assert list(tmp_path.iterdir()) == []
    Disk().remove_tree(folder)


async def test_without_pidfd_ends_are_seen_by_polling() -> None:
    """Guards old kernels and containers that forbid it."""
    watcher = Watcher("boot", use_pidfd=False)
    ended = asyncio.Event()
    child = await asyncio.create_subprocess_exec("sleep", "60")
    assert watcher.watch(child.pid, lambda: None) is not None
    assert watcher.watch(child.pid, ended.set) is not None
    child.kill()
    await asyncio.wait_for(ended.wait(), timeout=20)
    await child.wait()
    assert watcher.watch(2**22 + 1, ended.set) is None
    watcher.close()


def test_rendering(tmp_path: Path) -> None:
    """Guards the text an admin is shown, to the letter."""
    backend = LocalBackend(
        settings_of(Path("/data"), runner_argv=("python", "runner.pyz", "supervise")),
        clock=SystemClock(),
        on_change=lambda job_id: None,
    )
    spec = make_launch(make_role(), job_id="j", environment={"API_KEY": "hidden"})
    text = backend.render(Launch("j-a1", 1, spec, "http://h:1", TOKEN))
    assert text == (
        "# attempt j-a1, priority 1: starts when 1 CPUs, 512 MiB of memory, 0 accelerators are free together\n"
        "# environment (values not shown): API_KEY\n"
        "\n"
        "# task worker-0: 1 CPUs, 512 MiB of memory, 0 accelerators\n"
        '# /data/runs/j-a1/worker-0/launch.json: {"server_url": "http://h:1", "attempt_key": "j-a1", '
        '"task": "worker-0", "token": "***", "memory_limit_mib": 512, "disk_limit_mib": 0}\n'
        "python runner.pyz supervise /data/runs/j-a1/worker-0\n"
    )
