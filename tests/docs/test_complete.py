"""Guards that every setting, error code, event, reason, command and endpoint is documented."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.reference.commands import all_commands
from scripts.reference.settings import setting_fields
from trainwright.domain.errors import TrainwrightError
from trainwright.domain.reasons import Reason
from trainwright.domain.texts import EVENT_TEXTS
from trainwright.server.app import bare_app
from trainwright.server.openapi import describe
from trainwright.server.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])


def _page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def _codes(page: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", page))


def _kinds(family: type[TrainwrightError] = TrainwrightError) -> Iterator[type[TrainwrightError]]:
    for kind in family.__subclasses__():
        yield kind
        yield from _kinds(kind)


def test_every_setting_is_documented() -> None:
    """Guards settings.md."""
    assert {name for name, _ in setting_fields(Settings)} <= _codes(_page("settings.md"))


def test_every_error_is_documented() -> None:
    """Guards errors.md: each class that has a code of its own, by name and code."""
    documented = _codes(_page("errors.md"))
    errors = [kind for kind in _kinds() if "code" in vars(kind)]
    assert errors
    assert {kind.__name__ for kind in errors} <= documented
    assert {kind.code for kind in errors} <= documented


def test_every_event_and_reason_is_documented() -> None:
    """Guards events.md and phases.md."""
    assert set(EVENT_TEXTS) <= _codes(_page("events.md"))
    assert {reason.value for reason in Reason} <= _codes(_page("phases.md"))


def test_every_command_is_documented() -> None:
    """Guards cli.md: each command with all its options."""
    page = _page("cli.md")
    commands = list(all_commands())
    assert len(commands) > 10
    for command in commands:
        assert f"## `{command.path}`" in page
        for option in command.options:
            assert option in page, f"{option} of {command.path}"


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_commands_in_the_text_exist(page: Path) -> None:
    """Guards against commands that were renamed: `trainwright GROUP COMMAND` wherever a page says it."""
    known = {command.path for command in all_commands()}
    named = re.findall(r"\btrainwright ([a-z]+)(?: ([a-z][a-z-]*))?", page.read_text(encoding="utf-8"))
    for group, command in named:
        if f"trainwright {group}" in known:
            has_commands = any(path.startswith(f"trainwright {group} ") for path in known)
            assert not (has_commands and command) or f"trainwright {group} {command}" in known, (
                group,
                command,
            )


def test_every_endpoint_is_documented() -> None:
    """Guards api.md and that the committed description is the server's own."""
    described: dict[str, Any] = describe(bare_app())
    assert json.loads(_page("openapi.json")) == json.loads(json.dumps(described))
    documented = _codes(_page("api.md"))
    for path, operations in described["paths"].items():
        for method in operations:
            assert f"{method.upper()} {path}" in documented
