"""The wheel's build hook: builds the web console and packs it. `TRAINWRIGHT_BUILD_CONSOLE=0` leaves it out.

See scripts/console and docs/adr/0035-console-toolchain.md.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# A build backend runs with its own packages on the path, not with the tree that it builds.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from scripts.console.node import NODE_PACKAGE, find_npm
from scripts.console.npm import NpmFailed
from scripts.console.site import SITE, SWITCH, ensure_built, is_current, is_wanted, site_files

EDITABLE = "editable"


class ConsoleHook(BuildHookInterface[Any]):
    """Leaves the built console in the tree, and for a wheel that is not editable puts it in there, too."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node from PyPI, when a build is due and the machine has none."""
        return [NODE_PACKAGE] if self._is_due() and find_npm() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build when that is due, then name the files to be packed."""
        root = Path(self.root)
        if not is_wanted():
            return
        if self._is_due():
            npm = find_npm()
            if npm is None:
                sys.exit(
                    f"No Node that can build the console: install Node 20.19 or later, or {NODE_PACKAGE}; "
                    f"or set {SWITCH}=0 to leave the console out."
                )
            try:
                ensure_built(root, npm, self.app.display_info)
            except NpmFailed as failure:
                sys.exit(
                    f"{failure.tail}\nThe console could not be built: {failure}. To leave it out, set {SWITCH}=0."
                )
        if version != EDITABLE:
            into = SITE.removeprefix("src/")
            build_data["force_include"] |= {
                str(root / SITE / path): f"{into}/{path.as_posix()}" for path in site_files(root)
            }

    def _is_due(self) -> bool:
        return is_wanted() and not is_current(Path(self.root))
