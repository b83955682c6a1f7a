"""Guards the size and shape gate: every rule catches its planted breach."""

from pathlib import Path

import pytest

from scripts.gates.finding import Finding
from scripts.gates.shape import check_shape

DOC = '"""Doc."""\n'


def _fatal(root: Path) -> list[Finding]:
    return [finding for finding in check_shape(root) if finding.fatal]


def test_empty_tree_is_in_shape(skeleton: Path) -> None:
    """Guards that the rules do not cry wolf."""
    assert _fatal(skeleton) == []


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("domain/breach.py", DOC + "X = 1\n" * 600, "601 lines"),
        ("control/breach.py", "def f() -> None:\n" + "    x = 1\n" * 60, "has 61 lines"),
        ("control/breach.py", "def f():\n    pass\n", "no return annotation"),
        ("control/breach.py", "def f(a, b, c, d, e, g) -> None:\n    pass\n", "6 positional"),
        ("control/breach.py", "def f() -> None:\n    import os\n", "import inside f"),
        ("control/breach.py", "X = 1\ndef f() -> None:\n    global X\n", "global in f"),
        ("control/breach.py", "try:\n    pass\nexcept Exception:\n    pass\n", "except Exception"),
        ("control/breach.py", "try:\n    pass\nexcept (OSError, BaseException):\n    pass\n", "except"),
        ("control/breach.py", "try:\n    pass\nexcept Exception as e:\n    print(e)\n", "except Exception"),
        ("control/breach.py", "try:\n    pass\nexcept:\n    pass\n", "bare except"),
        ("control/utils.py", "X = 1\n", "name says nothing"),
        ("ports/breach.py", "X = 1\n", "module has no docstring"),
        ("wire/breach.py", DOC + "class A:\n    pass\n", "A has no docstring"),
        (
            "client/breach.py",
            DOC + f"class A:\n    {DOC}\n    def b(self) -> None: ...\n",
            "A.b has no docstring",
        ),
    ],
)
def test_breach_is_caught(skeleton: Path, path: str, text: str, said: str) -> None:
    """Guards that the rule names the planted file."""
    (skeleton / "src" / "trainwright" / path).write_text(text, encoding="utf-8")
    findings = _fatal(skeleton)
    assert [finding.path for finding in findings] == [f"src/trainwright/{path}"]
    assert said in findings[0].message


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "control/fine.py",
            "def f(\n" + "    *,\n" + "".join(f"    a{n}: int,\n" for n in range(60)) + ") -> None: ...\n",
        ),
        ("cli/fine.py", "def f(a: int, b: int, c: int, d: int, e: int, g: int) -> None: ...\n"),
        ("control/fine.py", "try:\n    pass\nexcept BaseException:\n    print()\n    raise\n"),
        ("control/fine.py", "try:\n    pass\nexcept BaseException as error:\n    kept = error\n"),
        ("control/fine.py", "try:\n    pass\nexcept BaseException as error:\n    kept.append(error)\n"),
    ],
)
def test_what_only_looks_like_a_breach_passes(skeleton: Path, path: str, text: str) -> None:
    """Guards that long signatures, framework signatures and handlers that hand on are not taken for breaches."""
    (skeleton / "src" / "trainwright" / path).write_text(text, encoding="utf-8")
    assert _fatal(skeleton) == []


def test_long_module_is_only_noted(skeleton: Path) -> None:
    """Guards that 401 lines are a warning, not a failure."""
    (skeleton / "src" / "trainwright" / "control" / "long.py").write_text("X = 1\n" * 401, encoding="utf-8")
    noted = [finding for finding in check_shape(skeleton) if finding.path.endswith("control/long.py")]
    assert [finding.fatal for finding in noted] == [False]


def test_list_of_broad_excepts_is_short_and_true(skeleton: Path) -> None:
    """Guards that the list of allowed places can neither grow nor go stale."""
    listing = skeleton / "scripts" / "gates" / "broad_excepts.txt"
    listing.write_text("".join(f"src/{name}.py::f\n" for name in "abcd"), encoding="utf-8")
    said = [finding.message for finding in _fatal(skeleton)]
    assert any("at most 3" in message for message in said)
    assert any("src/a.py::f" in message for message in said)
