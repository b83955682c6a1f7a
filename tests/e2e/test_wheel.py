"""What `pip install` of the sources brings, on a machine without Node: the server with its console; as
`trainwright[client]` the SDKs and the command line whole, and nothing of the server's.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.live import LiveServer

ROOT = Path(__file__).resolve().parents[2]
CLIENT_SIDE = (
    "trainwright.client",
    "trainwright.cli",
    "trainwright.inside",
    "trainwright.portable",
    "trainwright.wire",
    "trainwright.domain",
    "modelarts",
    "moxing",
)
IMPORT_ALL = f"""
import importlib, pkgutil, trainwright
for name in {CLIENT_SIDE!r}:
    package = importlib.import_module(name)
    for each in pkgutil.walk_packages(package.__path__, name + "."):
        if not each.name.endswith("__main__"):
            importlib.import_module(each.name)
for name in trainwright.__all__:
    getattr(trainwright, name)
"""
CONSUMER = """
import asyncio

from trainwright import Job, JobFailed, connect, connect_async, inside


def train(flavor: str) -> Job:
    with connect() as platform:
        job = platform.jobs.create(name="typed", command="echo 1", flavor=flavor, metrics={"loss": "loss=(.*)"})
        try:
            job.wait(timeout=60, raise_on_failure=True, progress=lambda update: None)
        except JobFailed as failure:
            print(failure.exit_code, failure.log_tail)
        for line in job.log_lines(follow=True):
            print(line.upper())
        for step, value in job.metrics("loss")["loss"]:
            print(step + 1, value / 2)
        print(job.outputs.download("results").files, [item.task for item in job.tasks()])
        print([dataset.dataset_id for dataset in platform.datasets.list(name="a")])
        return job


async def names() -> list[str]:
    async with connect_async() as platform:
        return [job.name async for job in platform.jobs.list(phases=["Running"])]


inside.report(step=1, loss=0.5)
print(train("small").phase, asyncio.run(names()))
"""


PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
SITE = "trainwright/server/site/"
# What a build needs of a machine beside Python; Node is not among it.
TOOLS = ("bash", "env", "sh")
ASSET = re.compile(r'(?:src|href)="/console/(assets/[^"]+)"')


def run(
    *command: str | Path, fails: bool = False, env: Mapping[str, str] | None = None, cwd: Path = Path("/")
) -> str:
    """What a command prints; it has to succeed unless it is to fail."""
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=cwd,
        env=os.environ | (env or {}),
        check=False,
    )
    assert bool(done.returncode) is fails, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution."""
    folder = tmp_path_factory.mktemp("sources")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=ROOT)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder)  # ours; Debian 12's Python 3.11.2 has no `filter` yet
    (tree,) = (path for path in folder.iterdir() if path.is_dir())
    return tree


@pytest.fixture(scope="module")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the source distribution, built where no Node is on PATH."""
    folder = tmp_path_factory.mktemp("wheel")
    tools = folder / "bin"
    tools.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None, tool
        (tools / tool).symlink_to(found)
    built = folder / "built"
    run(*PIP, "wheel", "--no-deps", "--wheel-dir", built, sources, env={"PATH": str(tools)})
    (wheel,) = built.glob("*.whl")
    return wheel


def environment(folder: Path, wheel: Path, extra: str) -> Path:
    """The `bin` of an environment of its own with the wheel in it, as a user makes it."""
    venv.create(folder / "env", with_pip=False, symlinks=True)
    python = folder / "env" / "bin" / "python"
    run(*PIP, "--python", python, "install", f"{wheel}[{extra}]")
    return python.parent


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment with the clients."""
    return environment(tmp_path_factory.mktemp("clients"), wheel, "client")


@pytest.mark.slow
def test_the_source_distribution_can_be_built_from(sources: Path) -> None:
    """It has all that the build reads, and nothing that was built or installed."""
    for name in ("hatch_build.py", "scripts/console/site.py", "docs/reference/openapi.json"):
        assert (sources / name).is_file(), name
    for name in (
        "package.json",
        "package-lock.json",
        ".npmrc",
        "index.html",
        "vite.config.ts",
        "src/main.tsx",
    ):
        assert (sources / "console" / name).is_file(), name
    assert not (sources / "console" / "node_modules").exists()
    assert not (sources / "src" / SITE).exists()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_wheel_has_the_console(wheel: Path) -> None:
    """Its first page, and what that names, the larger also compressed; not the mark of what it was built from."""
    with zipfile.ZipFile(wheel) as packed:
        sizes = {
            each.filename.removeprefix(SITE): each.file_size
            for each in packed.infolist()
            if SITE in each.filename
        }
        page = packed.read(SITE + "index.html").decode()
    assets = set(ASSET.findall(page))
    assert assets
    assert {"index.html"} | assets <= sizes.keys()
    larger = {name for name in assets if sizes[name] > 1024}
    assert larger
    assert {f"{name}{form}" for name in larger for form in (".br", ".gz")} <= sizes.keys()
    assert ".stamp" not in sizes


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_console_can_be_left_out(wheel: Path, sources: Path, tmp_path: Path) -> None:
    """For those who want the clients only, although the tree has it built by now."""
    assert (sources / "src" / SITE / "index.html").is_file()
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path)
    run(*build, cwd=sources, env={"TRAINWRIGHT_BUILD_CONSOLE": "0"})
    (bare,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(bare) as packed:
        assert not any(name.startswith(SITE) for name in packed.namelist())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_was_installed_serves_the_console(wheel: Path, tmp_path: Path) -> None:
    """A server in an empty environment answers `/` with the way there, and there are the page and its program."""
    python = environment(tmp_path, wheel, "server") / "python"
    live = LiveServer(tmp_path / "data", python=python).start()
    try:
        assert live.http.get("/").headers["location"] == "/console/"
        page = live.http.get("/console/")
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        (program, *_) = (name for name in ASSET.findall(page.text) if name.endswith(".js"))
        asset = live.http.get(f"/console/{program}", headers={"Accept-Encoding": "br"})
        assert (asset.status_code, asset.headers["content-encoding"]) == (200, "br")
        assert live.http.get("/console/jobs").status_code == 200
    finally:
        live.stop()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_only_the_client_is_installed(installed: Path) -> None:
    """No package of the server's extra came with it; everything of the client side can be imported all the same."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    servers = {re.split(r"[\[<>=~ ]", each)[0].lower().replace("_", "-") for each in extras["server"]}
    servers -= {"anyio"}  # httpx has it, too
    listed = run(
        installed / "python",
        "-c",
        "import importlib.metadata as m; print(*{d.name.lower().replace('_', '-') for d in m.distributions()})",
    ).split()
    assert "trainwright" in listed
    assert servers & set(listed) == set()
    run(installed / "python", "-c", IMPORT_ALL)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_command_line_works_and_says_what_is_missing(installed: Path) -> None:
    """`trainwright server` cannot work here: it says what to install."""
    assert "Train models on your own machines" in run(installed / "trainwright", "--help")
    run(installed / "trainwright", "job", "create", "--help")
    assert "pip install 'trainwright[server]'" in run(installed / "trainwright", "server", fails=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_program_that_uses_it_is_checked(installed: Path, tmp_path: Path) -> None:
    """The types are in the wheel (PEP 561) and say enough for a strict check."""
    script = tmp_path / "consumer.py"
    script.write_text(CONSUMER)
    (packages,) = installed.parent.glob("lib/python3*/site-packages")
    assert all((packages / name / "py.typed").is_file() for name in ("trainwright", "modelarts", "moxing"))
    checker = (sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", "--config-file=")
    told = run(*checker, "--python-executable", installed / "python", script)
    assert "Success" in told
    script.write_text(CONSUMER.replace("timeout=60", "timeout='60'"))
    assert "arg-type" in run(*checker, "--python-executable", installed / "python", script, fails=True)
