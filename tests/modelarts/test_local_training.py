"""Local training as scripts do it: each in a process of its own, over one private server that comes and goes."""

import io
import json
import os
import signal
import site
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelarts.local.places import Places, is_held
from tests.e2e.live import LiveServer, wait_for
from tests.e2e.torch_server import PYTHON

TRAIN = """
import argparse, os, socket, sys, time
parser = argparse.ArgumentParser()
for name in ("data_url", "train_url", "init_method", "rank", "world_size", "sleep", "code"):
    parser.add_argument("--" + name)
parser.add_argument("--amp", action="store_true")
given = parser.parse_args()
print("given", sorted((k, v) for k, v in vars(given).items() if v), flush=True)
if given.data_url:
    found = [os.path.join(folder, name) for folder, _, names in os.walk(given.data_url) for name in names]
    print("data", sorted(os.path.relpath(path, given.data_url) for path in found), flush=True)
if given.world_size:
    host, port = given.init_method[len("tcp://"):].rsplit(":", 1)
    if given.rank == "0":
        with socket.create_server(("", int(port))) as server:
            for _ in range(int(given.world_size) - 1):
                with server.accept()[0] as peer:
                    print("met", peer.recv(100).decode(), flush=True)
    else:
        for _ in range(200):
            try:
                with socket.create_connection((host, int(port)), timeout=5) as peer:
                    peer.sendall(("rank " + given.rank).encode())
                break
            except OSError:
                time.sleep(0.05)
        else:
            sys.exit("nobody answers")
if given.train_url:
    with open(os.path.join(given.train_url, "model-%s.txt" % (given.rank or 0)), "w") as out:
        out.write("trained")
print("sleeping", flush=True)
time.sleep(float(given.sleep or 0))
sys.exit(int(given.code or 0))
"""

HEAD = """
from modelarts.session import Session
from modelarts.estimatorV2 import Estimator
from modelarts.train_params import InputData, OutputData, TrainingFiles
from modelarts.local import local_session
from modelarts.environment import CondaDependencies, Environment

FILES = TrainingFiles(code_dir="code", boot_file="train.py")

def estimator(session=None, nodes=1, **more):
    return Estimator(session=session or Session(), training_files=FILES, framework_type="PyTorch",
                     framework_version="any", train_instance_type="local", train_instance_count=nodes, **more)
"""


@dataclass
class Notebook:
    """A folder with code and data, and the private server's folder of whoever works there."""

    folder: Path
    live: LiveServer

    @property
    def places(self) -> Places:
        return Places(self.folder / "local")

    def environment(self) -> dict[str, str]:
        here = {name: value for name, value in os.environ.items() if not name.startswith("TRAINWRIGHT_")}
        return {
            **here,
            "TRAINWRIGHT_LOCAL_DIR": str(self.places.root),
            "TRAINWRIGHT_ENDPOINT": self.live.url,
            "TRAINWRIGHT_PROJECT": self.live.project_id,
            "TRAINWRIGHT_TOKEN": self.live.token,
        }

    def start(self, script: str) -> subprocess.Popen[str]:
        """A process that runs `script` after `HEAD`."""
        return subprocess.Popen(
            [sys.executable, "-u", "-c", HEAD + textwrap.dedent(script)],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, script: str, code: int = 0) -> str:
        """The same, until it has ended with `code`; what it printed."""
        process = self.start(script)
        told, _ = process.communicate(timeout=120)
        assert process.returncode == code, told
        return told

    def is_quiet(self) -> bool:
        """Whether neither server nor keeper runs."""
        return not (is_held(self.places.server_lock) or is_held(self.places.keeper))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The platform, whose object store inputs come from and outputs go to."""
    server = LiveServer(tmp_path_factory.mktemp("platform")).start()
    server.put("obs://local-tests/data/a.txt", "a")
    server.put("obs://local-tests/data/sub/b.txt", "b")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("in/c.txt", "c")
    server.put("obs://local-tests/packed.zip", packed.getvalue())
    yield server
    server.stop()


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory, live: LiveServer) -> Iterator[Notebook]:
    """Where all tests work, one after the other."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "code").mkdir()
    (folder / "code" / "train.py").write_text(TRAIN)
    (folder / "mine").mkdir()
    (folder / "mine" / "own.txt").write_text("own")
    made = Notebook(folder, live)
    yield made
    wait_for(made.is_quiet, what="the end of the private server")


@pytest.fixture(scope="module")
def kept(notebook: Notebook) -> Iterator[Notebook]:
    """The same, with somebody who uses the private server all the time, so that it need not start for every test."""
    keeper = notebook.start("local_session(); print('up', flush=True); import time; time.sleep(600)")
    assert keeper.stdout is not None
    assert keeper.stdout.readline() == "up\n"
    yield notebook
    keeper.kill()
    keeper.communicate(timeout=30)


def test_one_worker_with_data_of_the_platform(notebook: Notebook, live: LiveServer) -> None:
    """Guards: an OBS folder comes here, paths and flags are handed over, outputs go to OBS, the log is streamed, and
    the record is there for the next process, although the private server was stopped in between.
    """
    told = notebook.run("""
        job = estimator(
            outputs=[OutputData(obs_path="obs://local-tests/out/one/", local_path="trained", name="train_url")],
            parameters=[{"name": "amp"}],
        ).fit(inputs=[InputData(obs_path="obs://local-tests/data/", local_path="data", name="data_url")],
              wait=True, job_name="one")
        print("job", job.job_id, job.get_job_info()["status"]["phase"])
    """)
    assert "data ['a.txt', 'sub/b.txt']" in told and "('amp', True)" in told and "* Completed" in told
    assert str(notebook.folder / "data") in told
    assert live.get("obs://local-tests/out/one/model-0.txt") == b"trained"
    assert (notebook.folder / "trained" / "model-0.txt").read_text() == "trained"
    assert not list(notebook.places.copies.iterdir())
    job_id = told.rsplit("job ", 1)[1].split()[0]
    wait_for(notebook.is_quiet, what="the end of the private server")
    told = notebook.run(f"""
        job = Estimator(Session(), train_instance_type="local", job_id="{job_id}")
        print(job.get_job_info()["metadata"]["name"], "sleeping" in job.get_job_log()["content"])
        print([item["metadata"]["name"] for item in Estimator.get_job_list(local_session())["items"]])
        print(job.delete_job(), "error_msg" in job.get_job_info())
    """)
    assert told.splitlines() == ["one True", "['one']", "{} True"]


def test_a_job_outlives_its_script_and_is_copied_all_the_same(notebook: Notebook, live: LiveServer) -> None:
    """Guards against outputs that are lost with the notebook, even one that is killed; and against a server that stays
    when nobody is left.
    """
    process = notebook.start("""
        out = OutputData(obs_path="obs://local-tests/out/left/", name="train_url")
        job = estimator(outputs=[out], parameters=[{"name": "sleep", "value": 2}]).fit()
        print("job", job.job_id, flush=True)
        import time; time.sleep(600)
    """)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("job ")
    process.kill()
    process.communicate(timeout=30)
    wait_for(lambda: "out/left/model-0.txt" in live.keys("obs://local-tests/out/left/"), what="the copy")
    wait_for(notebook.is_quiet, what="the end of the private server")


def test_archives_and_own_folders(kept: Notebook) -> None:
    """Guards the two other forms of inputs, the default places, and user parameters that win over the input's name."""
    told = kept.run("""
        estimator(parameters=[{"name": "data_url", "value": "mine"}]).fit(
            inputs=[InputData(name="data_url", local_path="mine", is_local_source=True)], wait=True)
        estimator().fit(inputs=[InputData(name="data_url", obs_path="obs://local-tests/packed.zip")], wait=True)
        estimator().fit(inputs=[InputData(name="data_url", local_path="mine", is_local_source=True)], wait=True)
    """)
    assert "[('data_url', 'mine')]" in told
    assert "'in/c.txt'" in told
    assert f"('data_url', '{kept.folder / 'mine'}')" in told and "data ['own.txt']" in told


def test_two_workers_meet(kept: Notebook) -> None:
    """Guards the distributed debug run: both get PyTorch's arguments, and reach each other at what they say."""
    told = kept.run("""
        job = estimator(nodes=2).fit(wait=True)
        print("tasks", job.get_job_info()["status"]["tasks"], "rank" in job.get_job_log("worker-1")["content"])
    """)
    assert "[worker-0] met rank 1" in told
    assert "('world_size', '2')" in told
    assert "tasks ['worker-0', 'worker-1'] True" in told


@pytest.mark.slow
def test_two_processes_share_a_server_and_its_death_is_noticed(kept: Notebook) -> None:
    """Guards: started at the same moment they find the same server; a killed one is started again for the next fit."""
    script = """
        import json, os, signal, sys, time
        from pathlib import Path
        session = local_session()
        told = json.loads((session.places.root / "server.json").read_text())
        print(told["pid"], flush=True)
        if len(sys.argv) > 1:
            os.kill(told["pid"], signal.SIGKILL)
        estimator(session).fit(wait=True)
    """
    first, second = kept.start(script), kept.start(script)
    told = [process.communicate(timeout=120)[0] for process in (first, second)]
    assert all("* Completed" in each for each in told), told
    assert told[0].split()[0] == told[1].split()[0]
    told_after = kept.run(script.replace("len(sys.argv) > 1", "True"))
    assert "* Completed" in told_after


def test_a_failure_while_waiting(kept: Notebook) -> None:
    """Guards: an exception with the last lines, and no frames of ours."""
    told = kept.run(
        """
        estimator(parameters=[{"name": "code", "value": 7}]).fit(wait=True)
        """,
        code=1,
    )
    assert "modelarts.exception.JobFailed" in told and "exit code 7" in told
    assert "src/trainwright" not in told.rsplit("Traceback", 1)[1]


def test_ctrl_c_lets_go(kept: Notebook) -> None:
    """Guards: the job goes on, and the way back that is told works."""
    process = kept.start("""
        estimator(parameters=[{"name": "sleep", "value": 600}]).fit(wait=True)
    """)
    assert process.stdout is not None
    for line in process.stdout:
        if "sleeping" in line:
            break
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=30)
    assert "the job goes on" in told and "src/trainwright" not in told
    way_back = next(line.strip() for line in told.splitlines() if "job_id=" in line).split(".wait()")[0]
    told = kept.run(f"""
        session = Session()
        job = {way_back}
        print(job.get_job_info()["status"]["phase"], job.stop()["status"]["phase"])
    """)
    assert told.split() == ["Running", "Terminating"]


@pytest.mark.slow
def test_an_environment_of_ones_own(kept: Notebook) -> None:
    """Guards pip packages: a virtual environment of the caller's Python, made once; the server learns of it."""
    wheel = kept.folder / "tiny_thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_thing.py", "WORD = 'tiny'\n")
        archive.writestr(
            "tiny_thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-thing\nVersion: 1.0\n"
        )
        archive.writestr(
            "tiny_thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny_thing-1.0.dist-info/RECORD", "")
    (kept.folder / "code" / "uses.py").write_text(
        "import sys, tiny_thing; print('word', tiny_thing.WORD, sys.prefix)\n"
    )
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    told = kept.run(f"""
        env = Environment("tiny")
        env.conda = CondaDependencies.create(pip_packages=[{str(wheel)!r}], conda_packages=["python={version}.1"])
        for _ in range(2):
            Estimator(Session(), TrainingFiles("code", "uses.py"), train_instance_type="local",
                      train_instance_count=1, environment=env).fit(wait=True)
    """)
    assert told.count("word tiny") == 2 and str(kept.places.root / "engines") in told
    assert told.count("Collecting") <= 1


def test_v1_arguments(kept: Notebook, live: LiveServer) -> None:
    """Guards what the first generation hands over: `--data_url`, `--train_url`, hyperparameters."""
    told = kept.run("""
        from modelarts.local.from_v1 import start_v1
        from modelarts.estimatorV2 import TrainingJob
        common = dict(code_dir="code", boot_file="train.py", train_instance_count=1)
        TrainingJob(*start_v1(Session(), inputs="/local-tests/data/", output_path="/local-tests/out/v1/",
                              hyperparameters=[{"label": "sleep", "value": "0"}], **common)).wait()
        TrainingJob(*start_v1(Session(), inputs="mine", output_path="here/out", **common)).wait()
        TrainingJob(*start_v1(Session(), **common)).wait()
    """)
    assert "data ['a.txt', 'sub/b.txt']" in told and "('sleep', '0')" in told
    assert live.get("obs://local-tests/out/v1/model-0.txt") == b"trained"
    assert "data ['own.txt']" in told and (kept.folder / "here/out/model-0.txt").exists()
    assert "given []" in told


def test_outputs_that_cannot_be_copied(kept: Notebook) -> None:
    """Guards: said with the reason while waiting; the job is complete, and its files lie where it wrote them."""
    told = kept.run(
        """
        out = OutputData(obs_path="obs://no-such-bucket/out/", local_path="kept", name="train_url")
        estimator(outputs=[out]).fit(wait=True)
        """,
        code=1,
    )
    assert "were not copied" in told and "no-such-bucket" in told
    assert (kept.folder / "kept" / "model-0.txt").exists()


def test_bad_arguments_are_told_before_anything_is_started(notebook: Notebook) -> None:
    """Guards a sentence for each, and never a stack of ours."""
    told = notebook.run("""
        def tell(**more):
            try:
                Estimator(Session(), train_instance_type="local", **more).fit()
            except Exception as exc:
                print(type(exc).__name__, exc)
        tell()
        tell(training_files=TrainingFiles("no-such", "a.py"))
        tell(training_files=TrainingFiles("code", "no.py"))
        tell(training_files=FILES, train_instance_count=99)
        tell(training_files=FILES, user_command="echo")
        tell(training_files=FILES, outputs=[OutputData(obs_path="obs://b/no-slash", name="o")])
        tell(training_files=FILES, environment=Environment("e", CondaDependencies(conda_packages=["python=2.7"])))
        tell(training_files=FILES, environment=Environment("e", CondaDependencies(conda_packages=["gcc"])))
    """)
    lines = told.splitlines()
    assert [line.split()[0] for line in lines] == ["InvalidArgument"] * 8, told
    assert "no folder no-such" in lines[1] and "no no.py" in lines[2] and "ModelArts.2791" in lines[5]
    assert "python=2.7" in lines[6] and "pip_packages" in lines[7]


def test_without_the_servers_packages(notebook: Notebook) -> None:
    """Guards the sentence that says what to install, and that nothing is left behind."""
    told = notebook.run(
        """
        from modelarts.local import server
        server.NEEDED = ("json", "no_such_module")
        estimator().fit()
        """,
        code=1,
    )
    assert "pip install trainwright[server]" in told and "no_such_module" in told
    assert json.loads(notebook.places.address.read_text())["url"]


DDP = """
import argparse
import torch
import torch.distributed as dist
parser = argparse.ArgumentParser()
for name in ("init_method", "rank", "world_size"):
    parser.add_argument("--" + name)
given = parser.parse_args()
dist.init_process_group("gloo", given.init_method, rank=int(given.rank), world_size=int(given.world_size))
total = torch.ones(3) * (dist.get_rank() + 1)
dist.all_reduce(total)
print("sum", total.tolist(), flush=True)
dist.destroy_process_group()
"""


@pytest.mark.slow
def test_pytorch_on_two_workers(kept: Notebook) -> None:
    """Guards the distributed debug run with the real thing, from a Python that has PyTorch."""
    if not PYTHON.exists():
        pytest.fail("no .cache/torch: run scripts/test-setup")
    (kept.folder / "code" / "ddp.py").write_text(DDP)
    script = """
        Estimator(Session(), TrainingFiles("code", "ddp.py"), framework_type="PyTorch", framework_version="any",
                  train_instance_type="local", train_instance_count=2).fit(wait=True)
    """
    # Its Python has neither the SDK nor the server: it finds those of the Python that runs the tests.
    found = os.pathsep.join([str(Path("src").absolute()), *site.getsitepackages()])
    done = subprocess.run(
        [str(PYTHON), "-c", HEAD + textwrap.dedent(script)],
        cwd=kept.folder,
        env={**kept.environment(), "PYTHONPATH": found},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("sum [3.0, 3.0, 3.0]") == 2
