"""Ways in and out on a real cluster: a shell on a task's node, a folder instead of the network, `slurm check`."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.backends.slurm_rig import Lab, SlurmRig, end_lab, settings_of, start_lab
from tests.contract.backend import launch_of, until
from tests.e2e.live import LiveServer, wait_for
from tests.runner.rig import make_order, processes_of
from tests.runner.stub_server import StubServer
from trainwright.backends.slurm import SlurmPool
from trainwright.backends.slurm.check import check
from trainwright.domain.observation import RunState
from trainwright.domain.texts import Language
from trainwright.ports.backend import BackendError, Handle, Launch, Terminal

PORT = 27220


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    folder = Path(tempfile.mkdtemp(prefix="trainwright-ways-"))
    folder.chmod(0o755)
    lab = start_lab(folder / "cluster", port=PORT, nodes=2)
    yield lab
    end_lab(lab)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["off", "on"])
async def rig(
    request: pytest.FixtureRequest, lab: Lab, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[SlurmRig]:
    """A backend whose jobs have real runners."""
    rig = SlurmRig(lab, settings_of(tmp_path, mode="", sandbox=request.param))
    rig.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", lab.environment["SLURM_CONF"])
        yield rig
        await rig.cease()
        lab.clear()


async def said(terminal: Terminal, until_text: bytes = b"") -> bytes:
    """What it prints, up to the end or to this."""
    seen = b""
    async with asyncio.timeout(40):
        while piece := await terminal.read():
            seen += piece
            if until_text and until_text in seen:
                break
    return seen


async def begun(rig: SlurmRig, launch: Launch) -> Handle:
    """Its command runs."""
    handle = await rig.backend.submit(launch)
    folder = rig.settings.runs_dir / launch.key / "worker-0"

    async def is_up() -> bool:
        return (folder / "shim-command.json").exists()

    await until(is_up, "the command")
    return handle


async def test_a_shell_on_the_node(rig: SlurmRig) -> None:
    """Terminal, size, exit code; pipes; nothing left afterwards; the job goes on."""
    order = make_order(shell="echo up; sleep 600", environment={"MINE": "yes"})
    with StubServer(order) as server:
        launch = launch_of(1)
        launch = Launch(launch.key, 1, launch.spec, server.url, StubServer.TOKEN)
        handle = await begun(rig, launch)
        terminal = await rig.backend.open_shell(handle, "worker-0", rows=30, columns=90)
        await terminal.write(b"echo $SLURMD_NODENAME-$MINE; stty size; PS1='>>'' '\n")
        seen = await said(terminal, b">> ")
        assert b"-yes\r\n" in seen
        assert b"30 90\r\n" in seen
        await terminal.write(b"sleep 4242 &\n exit 6\n")
        await said(terminal)
        assert terminal.exit_code == 6
        await terminal.close()
        piped = await rig.backend.open_shell(
            handle, "worker-0", rows=0, columns=0, argv=["bash", "-c", "cat; exit 3"]
        )
        await piped.write(b"through")
        await piped.end_input()
        assert (await said(piped), piped.exit_code) == (b"through", 3)
        left = await rig.backend.open_shell(handle, "worker-0", rows=30, columns=90, argv=["sleep", "4243"])
        await asyncio.sleep(1)
        await left.close()
        with pytest.raises(BackendError):
            await rig.backend.open_shell(handle, "worker-9", rows=0, columns=0)
        await asyncio.sleep(1)
        lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes_of(launch.key)]
        assert not [line for line in lines if b"424" in line]
        assert [line for line in lines if b"600" in line]
        await rig.backend.stop(handle, grace_s=0)

        async def is_over() -> bool:
            return (await rig.backend.observe([handle]))[handle.key].state is RunState.EXITED

        await until(is_over, "the end")


def test_a_job_without_network_to_the_server(lab: Lab, tmp_path: Path) -> None:
    """Nodes talk through the folder: inputs, log, outputs, a stop; and a shell through the server's own API."""
    shared = tmp_path / "shared"
    server = LiveServer(
        tmp_path / "data",
        {
            "SLURM_CONF": lab.environment["SLURM_CONF"],
            "TRAINWRIGHT_BACKEND": "slurm",
            "TRAINWRIGHT_SANDBOX": "off",
            "TRAINWRIGHT_SLURM__PARTITION": "one",
            "TRAINWRIGHT_SLURM__SHARED_DIR": str(shared),
            "TRAINWRIGHT_SLURM__SERVER_URL": f"folder://{shared}/mailbox",
            "TRAINWRIGHT_SLURM__PYTHON": sys.executable,
            "TRAINWRIGHT_SLURM__POLL_S": "0.5",
        },
    ).start()
    try:
        server.put("obs://e2e/data/a.bin", b"data" * 1_000_000)
        body = server.body(
            "apart", command="echo up $(wc -c < $data/a.bin); cp $data/a.bin $result/; sleep 600"
        )
        body["algorithm"]["inputs"] = [{"name": "data", "remote": {"obs": {"obs_url": "obs://e2e/data/"}}}]
        body["algorithm"]["outputs"] = [
            {"name": "result", "remote": {"obs": {"obs_url": "obs://e2e/result/"}}}
        ]
        job = server.create(body)
        wait_for(lambda: b"up 4000000\n" in server.log(job), what=f"the log of {job}: {server.events(job)}")
        done = subprocess.run(
            [sys.executable, "-m", "trainwright.cli.main", "job", "shell", job, "--", "bash", "-c", "hostname; exit 4"],
            capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
            env=os.environ | {
                "TRAINWRIGHT_ENDPOINT": server.url, "TRAINWRIGHT_PROJECT": server.project_id,
                "TRAINWRIGHT_TOKEN": server.token,
            },
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (4, f"modelarts-job-{job}-worker-0\n".encode()), done.stderr
        server.call("POST", f"/v2/{{P}}/training-jobs/{job}/actions", json={"action_type": "terminate"})
        assert server.wait(job)["status"]["phase"] == "Terminated"
        assert server.get("obs://e2e/result/a.bin") == b"data" * 1_000_000
        wait_for(lambda: not list((shared / "mailbox/in").iterdir()), what="an empty folder")
    finally:
        server.stop()
        lab.clear()


async def test_the_check_over_a_real_cluster(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anyio_backend: str
) -> None:
    """Both nodes are looked at from inside; what is wrong is told."""
    monkeypatch.setenv("SLURM_CONF", lab.environment["SLURM_CONF"])
    settings = settings_of(tmp_path / "shared", partition="main")
    found = [f async for f in check(settings, f"folder://{tmp_path}/shared/mailbox")]
    told = [finding.render(Language.EN) for finding in found]
    assert not [line for line in told if line.startswith("FAIL")], told
    assert [line for line in told if "is fit" in line] == [
        f"ok    Node n{number} is fit (Python {'.'.join(map(str, sys.version_info[:3]))})."
        for number in (1, 2)
    ]
    assert not list((tmp_path / "shared").iterdir())
    wrong = replace(settings, python="/no/python", partition="main", pools={"p": SlurmPool("nowhere")})
    told = [finding.render(Language.ZH) async for finding in check(wrong, "http://127.0.0.1:1")]
    assert (
        next(line.partition("\n")[0] for line in told if line.startswith("FAIL"))
        == "FAIL  不存在分区 nowhere。"
    )
    assert sum("无法运行 /no/python" in line for line in told) == 2
