"""The engines file: what ships, what an admin may write, and how mistakes are told."""

import sys
from pathlib import Path

import pytest

from trainwright.catalog.catalogue import Catalogue
from trainwright.catalog.engines import CatalogueError, load_engines
from trainwright.domain.errors import EngineNotFound, FlavorNotFound
from trainwright.domain.specs import Distribution
from trainwright.domain.texts import Language

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_what_ships() -> None:
    """Guards the engines that ship, and that no package index is named in them."""
    plain, learn, torch, board = load_engines()
    assert (plain.id, plain.requirements, plain.interpreter) == (f"python_{PYTHON}-local", (), "")
    assert learn.name == "scikit-learn" and "scikit-learn==1.9.1" in learn.requirements
    assert torch.name == "PyTorch" and "torch==2.13.0" in torch.requirements
    assert all("==" in requirement for engine in (learn, torch, board) for requirement in engine.requirements)
    assert not any(engine.pip_options for engine in (plain, learn, torch))
    ways = [engine.to_spec().distribution for engine in (plain, learn, torch)]
    assert ways == [Distribution.NONE, Distribution.NONE, Distribution.PYTORCH]


def test_each_engine_has_an_image_of_its_own(tmp_path: Path) -> None:
    """Guards the custom-image way to name an engine: found by its image, and no image means two engines."""
    engines = load_engines()
    catalogue = Catalogue(engines=engines, flavors=())
    assert all(catalogue.find_engine_of_image(engine.image) is engine for engine in engines if engine.image)
    assert catalogue.find_engine_of_image("") is None and catalogue.find_engine_of_image("other:1") is None
    file = tmp_path / "engines.yaml"
    entry = "{name: A, version: '1', image: 'x:1', id: %s}"
    file.write_text(f"engines: [{entry % 'a'}, {entry % 'b'}]", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"engines\[1\].image: x:1 is used twice"):
        load_engines(file)


def test_an_admins_file_replaces_what_ships(tmp_path: Path) -> None:
    """Guards the override, all its fields, and that a missing file means what ships."""
    file = tmp_path / "engines.yaml"
    assert load_engines(file) == load_engines()
    file.write_text(
        """
        engines:
          - id: mine-{python}
            name: Mine
            version: "2"
            interpreter: /opt/python/bin/python3
            requirements: ["a==1"]
            pip_options: [--no-deps]
            environment: {OMP_NUM_THREADS: "1"}
            distribution: mpi
        """,
        encoding="utf-8",
    )
    (mine,) = load_engines(file)
    spec = mine.to_spec()
    assert (spec.engine_id, spec.name, spec.version) == (f"mine-{PYTHON}", "Mine", "2")
    assert spec.distribution is Distribution.MPI
    assert (spec.interpreter, spec.requirements, spec.pip_options) == (
        "/opt/python/bin/python3",
        ("a==1",),
        ("--no-deps",),
    )
    assert spec.environment == {"OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("engines: [", ["engines.yaml", "YAML"]),
        ("[]", ["engines.yaml", "list named engines"]),
        ("engines: {}", ["list named engines"]),
        ("engines: [5]", ["engines[0]"]),
        ("engines: [{id: a, version: '1'}]", ["engines[0].name", "required"]),
        ("engines: [{id: a, name: A, version: 1.0}]", ["engines[0].version", "string"]),
        ("engines: [{id: a, name: A, version: '1', requirments: []}]", ["engines[0].requirments"]),
        ("engines: [{id: 'a b', name: A, version: '1'}]", ["engines[0].id"]),
        ("engines: [{id: a, name: A, version: '1', requirements: [1]}]", ["engines[0].requirements.0"]),
        (
            "engines: [{id: a, name: A, version: '1'}, {id: a, name: A, version: '2'}]",
            ["engines[1].id", "twice"],
        ),
    ],
)
def test_mistakes_name_file_entry_and_field(tmp_path: Path, text: str, words: list[str]) -> None:
    """Guards that an admin is told where to look."""
    file = tmp_path / "engines.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        load_engines(file)
    assert all(word in str(caught.value) for word in [str(file), *words])


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Guards against falling back to what ships when the admin's file is broken."""
    (tmp_path / "engines.yaml").mkdir()
    with pytest.raises(CatalogueError, match="cannot be read"):
        load_engines(tmp_path / "engines.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"engines: [\xff]")
    with pytest.raises(CatalogueError, match="cannot be read"):
        load_engines(tmp_path / "latin.yaml")


def test_what_is_not_there_lists_what_is() -> None:
    """Guards the remedy of 2780 and 2781."""
    catalogue = Catalogue(engines=load_engines(), flavors=())
    assert catalogue.get_engine_version("PyTorch", "2.13.0").name == "PyTorch"
    with pytest.raises(EngineNotFound) as by_id:
        catalogue.get_engine("none")
    assert "pytorch" in by_id.value.solution(Language.ZH)
    with pytest.raises(EngineNotFound) as by_name:
        catalogue.get_engine_version("PyTorch", "0")
    assert "PyTorch 2.13.0" in by_name.value.solution(Language.EN)
    with pytest.raises(FlavorNotFound):
        catalogue.get_flavor("none")


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("PyTorch", "PyTorch-1.0.0-python3.6"),
        ("PyTorch", "PyTorch-1.4.0-python3.6"),
        ("pytorch", "pytorch-1.3.0-PYTHON2.7"),
        ("", "PyTorch-1.0.0-python3.6"),
    ],
)
def test_old_versions_stand_for_what_is_installed(name: str, version: str) -> None:
    """Guards the engines that ModelArts scripts of years name, whatever case they are written in."""
    catalogue = Catalogue(engines=load_engines(), flavors=())
    assert catalogue.get_engine_version(name, version).name == "PyTorch"
    assert catalogue.get_engine(version).name == "PyTorch"
    with pytest.raises(EngineNotFound):
        catalogue.get_engine_version("TensorFlow", "TF-1.13.1-python3.6")


def test_an_exact_name_goes_before_a_pattern_and_no_name_stands_for_two(tmp_path: Path) -> None:
    """Guards that the order of the file does not decide between a name and a pattern, and that repeats are refused."""
    file = tmp_path / "engines.yaml"
    file.write_text(
        """
        engines:
          - {id: a, name: A, version: "1", aliases: ["Old-*"]}
          - {id: b, name: B, version: "1", aliases: [old-2]}
        """,
        encoding="utf-8",
    )
    catalogue = Catalogue(engines=load_engines(file), flavors=())
    assert [catalogue.get_engine(name).id for name in ("OLD-1", "OLD-2", "b")] == ["a", "b", "b"]
    for other, words in (("OLD-*", "is used twice"), ("A", "is used twice"), ("a/b", "letters")):
        text = file.read_text(encoding="utf-8").replace("old-2", f'"{other}"')
        (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(CatalogueError, match=r"engines\[1\].aliases.*" + words):
            load_engines(tmp_path / "bad.yaml")
