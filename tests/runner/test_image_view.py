"""The command line that shows an image, and the drivers that are shown in it."""

from pathlib import Path

import pytest

from trainwright.runner import driver, image_view, sandbox
from trainwright.runner.environment import hyperparameters, in_image
from trainwright.runner.images import ImageRoot
from trainwright.runner.launching import old_paths
from trainwright.runner.layout import Layout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The root of a file system with links that would lead out."""
    root = tmp_path / "root"
    for folder in ("usr/bin", "usr/local/cuda", "etc", "home/ma-user", "home/other", "data/deep", "run/x"):
        (root / folder).mkdir(parents=True)
    (root / "etc/issue").write_text("x")
    (root / "etc/passwd").write_text("x")
    (root / "bin").symlink_to("usr/bin")
    (root / "host").symlink_to(tmp_path)
    (root / "data/up").symlink_to("../..")
    return root


def pairs(line: list[str], option: str) -> list[tuple[str, str]]:
    """What follows each `option`."""
    return [(line[n + 1], line[n + 2]) for n, word in enumerate(line) if word == option]


def test_links_are_made_again_and_only_the_images_own_is_bound(tree: Path, tmp_path: Path) -> None:
    """Guards the machine: bwrap follows links in what it binds, so no link of an image may be a source."""
    machine = sandbox.Machine()
    mounted = image_view.Mounted(["/data/deep/mine", "/code"], fixed=["/code"])
    line = image_view.argv(
        machine,
        ImageRoot(str(tree), {}, ""),
        mounted,
        root="/run/task/root",
        mounts="/run/task/mounts",
        archive="/r.pyz",
        host="h",
        cwd="/code",
    )
    bound = pairs(line, "--ro-bind")
    inside = [source for source, _ in bound if source.startswith(str(tmp_path))]
    assert all(not Path(source).is_symlink() and source.startswith(f"{tree}/") for source in inside)
    links = pairs(line, "--symlink")
    assert {("usr/bin", "/bin"), (str(tmp_path), "/host"), ("../..", "/data/up")} <= set(links)
    assert ("/.etc/issue", "/etc/issue") in links and ("/.etc/passwd", "/etc/passwd") not in links
    shown = [path for _, path in bound]
    assert "/usr" in shown and "/home/other" in shown and "/home/ma-user" not in shown
    assert "/data" not in shown and "/data/deep" not in shown and "/run" not in shown
    assert [word for n, word in enumerate(line) if line[n - 1] == "--dir"] == ["/data", "/home", "/data/deep"]
    writable = pairs(line, "--bind")
    assert ("/run/task/root/data/deep/mine", "/data/deep/mine") in writable
    assert ("/run/task/root/code", "/code") in bound
    assert line[-3:] == ["--chdir", "/code", "--"]


def test_drivers_are_shown_where_modelarts_has_them(tree: Path, tmp_path: Path) -> None:
    """Guards images, which bring no driver: libraries and programs of the machine, by every name they go by."""
    machine = tmp_path / "machine"
    libraries = machine / "usr/lib64"
    libraries.mkdir(parents=True)
    (libraries / "libcuda.so.550.1").write_text("")
    (libraries / "libcuda.so.1").symlink_to("libcuda.so.550.1")
    (libraries / "libc.so.6").write_text("")
    (machine / "usr/bin").mkdir()
    (machine / "usr/bin/nvidia-smi").write_text("")
    (machine / "usr/local/Ascend/driver").mkdir(parents=True)
    found = driver.shown(["/dev/nvidia0", "/dev/nvidiactl"], str(machine))
    real = str((libraries / "libcuda.so.550.1").resolve())
    assert found == [
        (real, "/usr/local/nvidia/lib64/libcuda.so.1"),
        (real, "/usr/local/nvidia/lib64/libcuda.so.550.1"),
        (str(machine / "usr/bin/nvidia-smi"), "/usr/local/nvidia/bin/nvidia-smi"),
    ]
    assert driver.shown([], str(machine)) == []
    (ascend,) = driver.shown(["/dev/davinci0"], str(machine))
    assert ascend[1] == "/usr/local/Ascend/driver"
    variables = driver.variables(found, {"PATH": "/bin", "LD_LIBRARY_PATH": "/opt/lib"})
    assert variables["LD_LIBRARY_PATH"] == "/usr/local/nvidia/lib64:/opt/lib"
    assert variables["PATH"] == "/bin:/usr/local/nvidia/bin"
    assert driver.variables([], {"PATH": "/bin"}) == {"PATH": "/bin"}
    line = image_view.argv(
        sandbox.Machine(),
        ImageRoot(str(tree), {}, ""),
        image_view.Mounted([], driver=found),
        root="/r",
        mounts="/m",
        archive="/a",
        host="h",
        cwd="/",
    )
    assert (real, "/usr/local/nvidia/lib64/libcuda.so.1") in pairs(line, "--ro-bind")
    assert (str(tree / "usr/local/cuda"), "/usr/local/cuda") in pairs(line, "--ro-bind")


def test_an_image_inherits_no_paths_of_the_machine() -> None:
    """Guards search paths and files that do not exist in the image; what the image sets goes before."""
    machine = {
        "PATH": "/host/bin",
        "LD_LIBRARY_PATH": "/host/lib",
        "SSL_CERT_FILE": "/host/ca",
        "LANG": "de_DE",
        "http_proxy": "http://p:1",
        "PIP_CERT": "/host/pip",
        "PIP_INDEX_URL": "http://i",
    }
    found = in_image(machine, {"LANG": "C.UTF-8", "A": "1"})
    assert found.pop("PATH").startswith("/usr/local/sbin:")
    assert found == {"LANG": "C.UTF-8", "A": "1", "http_proxy": "http://p:1", "PIP_INDEX_URL": "http://i"}


@pytest.mark.parametrize(
    ("arguments", "variables", "left"),
    [
        (["--lr=0.1", "--flag", "--text=a=b"], {"lr": "0.1", "flag": "", "text": "a=b"}, []),
        (["--batch-size=1", "--数=1", "--1a=1"], {}, ["batch-size", "数", "1a"]),
        (["--PATH=/evil", "--MA_HOME=/evil", "--TRAINWRIGHT_TOKEN_FILE=x"], {}, ["PATH", "MA_HOME"]),
    ],
)
def test_hyperparameters_as_variables(
    arguments: list[str], variables: dict[str, str], left: list[str]
) -> None:
    """Guards names that cannot be variables, and those of the platform, which no hyperparameter may replace."""
    found, others = hyperparameters({"arguments": arguments})
    assert found == variables and others[: len(left)] == left


@pytest.mark.parametrize(
    ("line", "there"),
    [
        ("bash /home/work/run_train.sh x", "bash /r/home/work/run_train.sh x"),
        ("A=/home/work;ls '/home/work/a'", "A=/r/home/work;ls '/r/home/work/a'"),
        ("ls /x/home/work /home/workers /home/work-2", "ls /x/home/work /home/workers /home/work-2"),
    ],
)
def test_old_paths_without_a_sandbox(line: str, there: str) -> None:
    """Guards that only the path itself is replaced, and nothing is where the path is right."""
    assert old_paths(line, Layout("/r", "process")) == there
    assert old_paths(line, Layout("/r", "sandbox")) == line
    assert old_paths("cd /home/work", Layout("/a b", "process")) == "cd '/a b/home/work'"
