"""Write the pages, or with `--check` compare them with what is there."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from scripts.reference.api import api_page, openapi_json
from scripts.reference.commands import cli_page
from scripts.reference.compatibility import compatibility_page
from scripts.reference.errors import errors_page
from scripts.reference.events import events_page
from scripts.reference.permissions import permissions_page
from scripts.reference.phases import phases_page
from scripts.reference.sdk import modelarts_page, moxing_page, sdk_page
from scripts.reference.settings import settings_page

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
PAGES: Mapping[str, Callable[[], str]] = {
    "api.md": api_page,
    "cli.md": cli_page,
    "errors.md": errors_page,
    "events.md": events_page,
    "modelarts-compatibility.md": compatibility_page,
    "moxing.md": moxing_page,
    "openapi.json": openapi_json,
    "permissions.md": permissions_page,
    "phases.md": phases_page,
    "sdk.md": sdk_page,
    "sdk-modelarts.md": modelarts_page,
    "settings.md": settings_page,
}


def main() -> int:
    """Exit code: 1 when `--check` found a page out of date."""
    parser = argparse.ArgumentParser(prog="scripts/generate-reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, name the pages out of date")
    check = parser.parse_args().check
    stale = [
        name for name, write in PAGES.items() if not _bring_up_to_date(FOLDER / name, write(), check=check)
    ]
    for name in stale:
        print(
            f"docs/reference/{name} {'is out of date: run scripts/generate-reference' if check else 'written'}"
        )
    return 1 if check and stale else 0


def _bring_up_to_date(path: Path, text: str, *, check: bool) -> bool:
    """True when the file held this text already."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return True
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return False


if __name__ == "__main__":
    sys.exit(main())
