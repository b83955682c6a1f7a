"""Guards that every import contract bites: each planted breach is caught, an empty tree is clean."""

import re
from pathlib import Path

import pytest

from scripts.gates.externals import check_externals
from scripts.gates.steps import import_contracts

BREACHES = [
    ("domain", "import trainwright.services", "Server side"),
    ("services", "import trainwright.db", "Server side"),
    ("control", "import trainwright.db", "Server side"),
    ("backends", "import trainwright.control", "Server side"),
    ("storage", "import trainwright.db", "Server side"),
    ("db", "import trainwright.server", "Server side"),
    ("catalog", "import trainwright.services", "Server side"),
    ("wire", "import trainwright.ports", "Server side"),
    ("ports", "import trainwright.wire", "Server side"),
    ("client", "import trainwright.cli", "Client side"),
    ("wire", "import trainwright.client", "Client side"),
    ("client", "import trainwright.services", "client and cli never"),
    ("cli", "import trainwright.server", "client and cli never"),
    ("runner", "import trainwright.domain", "runner imports nothing"),
    ("domain", "import asyncio", "no I/O library"),
    ("domain", "import subprocess", "no I/O library"),
    ("ports", "import httpx", "no I/O library"),
    ("services", "import sqlalchemy", "only in db"),
    ("server", "import sqlalchemy", "only in db"),
    ("control", "import sqlite3", "only in db"),
]


def _plant(root: Path, package: str, line: str) -> None:
    (root / "src" / "trainwright" / package / "planted_breach.py").write_text(line + "\n", encoding="utf-8")


def test_empty_tree_keeps_every_contract(skeleton: Path) -> None:
    """Guards that the checks do not cry wolf."""
    outcome = import_contracts(skeleton, False)
    assert outcome.ok, outcome.report
    assert "0 broken" in outcome.report
    assert check_externals(skeleton) == []


@pytest.mark.parametrize(("package", "line", "contract"), BREACHES)
def test_breach_is_caught(skeleton: Path, package: str, line: str, contract: str) -> None:
    """Guards that the contract of that name is the one that breaks."""
    _plant(skeleton, package, line)
    outcome = import_contracts(skeleton, False)
    assert not outcome.ok
    flat = " ".join(outcome.report.split())
    verdict = re.search(re.escape(contract) + r".*?(KEPT|BROKEN)", flat)
    assert verdict is not None
    assert verdict[1] == "BROKEN"
    assert "planted_breach" in outcome.report


def test_unplaced_package_is_caught(skeleton: Path) -> None:
    """Guards that a new package must be given its layer."""
    (skeleton / "src" / "trainwright" / "newcomer").mkdir()
    (skeleton / "src" / "trainwright" / "newcomer" / "__init__.py").touch()
    assert not import_contracts(skeleton, False).ok


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("runner", "import yaml"),
        ("runner", "from trainwright.domain.reasons import Reason"),
        ("runner", "from trainwright import wire"),
        ("domain", "import yaml"),
        ("ports", "import pydantic"),
        ("client", "import typer"),
        ("server", "from trainwright.db import unit_of_work"),
        ("server", "from trainwright import storage"),
    ],
)
def test_foreign_library_is_caught(skeleton: Path, package: str, line: str) -> None:
    """Guards the allow-lists: the runner ships alone, the core stays pure, adapters are known to bootstrap only."""
    _plant(skeleton, package, line)
    findings = check_externals(skeleton)
    assert [finding.path for finding in findings] == [f"src/trainwright/{package}/planted_breach.py"]
