"""Parts of local training that need no server: environments, sizes, archives, copies, locks."""

import os
import sys
import zipfile
from pathlib import Path

import pytest

from modelarts.environment import CondaDependencies, Environment
from modelarts.exception import InvalidArgument, TransferFailed
from modelarts.local import copies, offers, server
from modelarts.local.copies import Copy, draft_order, place_order, read_orders, wait_for_copies
from modelarts.local.inputs import unpack
from modelarts.local.offers import Packages, add_engines, flavor_for, packages_of, write_flavors
from modelarts.local.places import LocalModeFailed, Places, find_places, is_held, locked, open_lock, try_lock
from modelarts.local.server import clean_environment, ensure_server
from trainwright.catalog.engines import load_engines
from trainwright.catalog.flavors import load_flavors
from trainwright.client import Access
from trainwright.domain.specs import Resources
from trainwright.ports.backend import Capacity

ACCESS = Access("http://127.0.0.1:9", "p", "t")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path / "local")
    made.make()
    return made


def test_the_folder_is_the_users(tmp_path: Path) -> None:
    """Guards the three ways to say where, and that nobody else can look into it."""
    assert find_places({"TRAINWRIGHT_LOCAL_DIR": "/x/y"}).root == Path("/x/y")
    assert find_places({"XDG_DATA_HOME": "/d", "HOME": "/h"}).root == Path("/d/trainwright-local")
    assert find_places({"HOME": "/h"}).root == Path("/h/.local/share/trainwright-local")
    made = Places(tmp_path / "a" / "b")
    made.make()
    assert made.root.stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(LocalModeFailed, match="TRAINWRIGHT_LOCAL_DIR"):
        Places(tmp_path / "file" / "x").make()


def test_jobs_of_one_name_do_not_share_their_outputs(places: Places) -> None:
    """Guards that what a deleted job wrote does not come to lie among another's results."""
    first = places.outputs_of("try")
    first.mkdir(parents=True)
    assert first != places.outputs_of("try") != places.outputs_of("try")


def test_the_catalogue_is_one_the_server_reads(places: Places) -> None:
    """Guards names and fields of what is written; adding twice changes nothing, other packages add to it."""
    plain = packages_of(None)
    assert plain == Packages(sys.executable)
    assert add_engines(places, plain) and not add_engines(places, plain)
    extra = packages_of(Environment("e", CondaDependencies.create(pip_packages=["six==1.17.0"])))
    assert add_engines(places, extra)
    engines = {engine.id: engine for engine in load_engines(places.engines)}
    assert len(engines) == 2 * len(offers.NAMES)
    torch = engines[plain.engine_id("PyTorch")]
    assert (torch.name, torch.interpreter, torch.distribution) == ("PyTorch", sys.executable, "pytorch")
    own = engines[extra.engine_id("")]
    assert (own.requirements, own.version, own.distribution) == (("six==1.17.0",), "local-e", "")
    assert engines[plain.engine_id("Ascend-Powered-Engine")].distribution == "ascend"
    write_flavors(places)
    one = Resources(cpus=1, memory_mib=1)
    total = Capacity(total=one, free=one, launcher="process", launcher_note="", queued=0, running=0)
    flavors = {flavor.id: flavor for flavor in load_flavors(places.flavors, total)}
    whole, half = flavors[flavor_for(1)], flavors[flavor_for(2)]
    assert (whole.max_nodes, half.max_nodes) == (1, 2)
    assert whole.resources.memory_mib >= 2 * half.resources.memory_mib > 0


def test_a_damaged_catalogue_is_written_anew(places: Places) -> None:
    """Guards against a file that was cut short: the server would never start again."""
    places.engines.write_text("engines: [")
    assert add_engines(places, packages_of(None))
    assert load_engines(places.engines)


def test_environments_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards another Python, conda's own packages, wrong forms, a Python without interpreter."""
    for fine in ("python", f"python={PYTHON}", f"python=={PYTHON}.2", f"Python = {PYTHON}.*"):
        assert packages_of(Environment("e", CondaDependencies(conda_packages=[fine]))).requirements == ()
    for wrong in ("python=3.6.2", "python=4", "cudatoolkit=10", "python3"):
        with pytest.raises(InvalidArgument, match="pip_packages"):
            packages_of(Environment("e", CondaDependencies(conda_packages=[wrong])))
    made = CondaDependencies()
    made.add_pip_package("a")
    made.add_conda_package("python")
    made.add_channel("c")
    assert (made.pip_packages, made.conda_packages, made.channels) == (["a"], ["python"], ["c"])
    with pytest.raises(InvalidArgument):
        CondaDependencies(pip_packages="numpy")
    with pytest.raises(InvalidArgument):
        Environment("")
    with pytest.raises(InvalidArgument):
        flavor_for(0)
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(LocalModeFailed):
        packages_of(None)


def archive(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as content:
        for name in names:
            content.writestr(name, name)
    return path


def test_archives_are_unpacked_inside_their_folder(tmp_path: Path) -> None:
    """Guards names that leave the folder, links, special files, and what is no archive; nothing is half done."""
    target = tmp_path / "out"
    unpack(archive(tmp_path / "a.zip", "a/b.txt", "c.txt", "d/"), target)
    assert (target / "a/b.txt").read_text() == "a/b.txt" and (target / "d").is_dir()
    for name in ("../x", "/x", "a/../../x", "a\\b"):
        with pytest.raises(TransferFailed, match="no place in the folder"):
            unpack(archive(tmp_path / "bad.zip", "first.txt", name), tmp_path / "bad")
        assert not list((tmp_path / "bad").iterdir())
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as content:
        content.writestr(link, "/etc")
        content.writestr("link/passwd", "x")
    unpack(tmp_path / "link.zip", tmp_path / "linked")
    assert not (tmp_path / "linked" / "link").is_symlink()
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a").symlink_to(tmp_path)
    with pytest.raises(TransferFailed, match="no place"):
        unpack(archive(tmp_path / "through.zip", "a/evil.txt"), tmp_path / "there")
    (tmp_path / "no.zip").write_text("no archive")
    with pytest.raises(TransferFailed, match="cannot be unpacked"):
        unpack(tmp_path / "no.zip", target)


def test_orders_of_copies(places: Places) -> None:
    """Guards that credentials are the owner's only, that a draft counts only once its job is made, that a damaged
    order is told, and that waiting ends when nobody is there to copy.
    """
    draft = draft_order(places, ACCESS, [Copy("/from", "obs://b/to/")])
    assert draft.stat().st_mode & 0o777 == 0o600 and read_orders(places) == []
    place_order(places, draft, "job-1")
    (order,) = read_orders(places)
    assert (order.job_id, order.access, order.copies) == ("job-1", ACCESS, (Copy("/from", "obs://b/to/"),))
    with pytest.raises(TransferFailed, match="has gone"):
        wait_for_copies(places, "job-1")
    (places.copies / "job-2.json").write_text("{")
    assert len(read_orders(places)) == 1
    with pytest.raises(TransferFailed, match="could not be read"):
        wait_for_copies(places, "job-2")
    stale = draft_order(places, ACCESS, [])
    os.utime(stale, (1, 1))
    read_orders(places)
    assert not stale.exists()
    copies.drop(places, "job-1")
    wait_for_copies(places, "job-1")


def test_locks_fall_with_who_holds_them(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards shared and own locks, and a sentence instead of waiting for ever."""
    first, second, own = (open_lock(places.users) for _ in range(3))
    try:
        assert try_lock(first, shared=True) and try_lock(second, shared=True)
        assert not try_lock(own) and is_held(places.users)
        os.close(first)
        first = -1
        assert not try_lock(own)
        os.close(second)
        second = -1
        assert try_lock(own)
        monkeypatch.setattr("modelarts.local.places._LOCK_PATIENCE_S", 0.0)
        with pytest.raises(LocalModeFailed, match="does not let go"), locked(places.users):
            pass
    finally:
        for descriptor in (first, second, own):
            if descriptor >= 0:
                os.close(descriptor)
    assert not is_held(places.sdk / "never")


def test_the_server_gets_no_settings_of_another() -> None:
    """Guards the caller's TRAINWRIGHT_… variables: they belong to another server, or to the job we are in."""
    given = {"TRAINWRIGHT_DATABASE_URL": "x", "TRAINWRIGHT_TOKEN": "t", "PATH": "/bin"}
    assert clean_environment(given) == {"PATH": "/bin"}


def test_a_server_that_cannot_start_says_why(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the server's own words: here its configuration file is damaged."""
    (places.root / "server.toml").write_text("nonsense = 1\n")
    monkeypatch.setattr(server, "_users", {})
    with pytest.raises(LocalModeFailed, match="does not start: error: "):
        ensure_server(places)
    for descriptor in server._users.values():
        os.close(descriptor)
