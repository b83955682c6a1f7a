"""Whether jobs on this machine get their own views of the file system, decided once by really trying."""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PROBE_TIMEOUT_S = 2.0
BWRAP_TRIAL = (
    *("bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent"),
    *("--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "true"),  # noqa: S108
)
APPARMOR_SWITCH = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")

Try = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class LauncherChoice:
    """The launcher in force and why. `failure` is set when the admin insists on a sandbox that does not work."""

    launcher: Literal["process", "sandbox"]
    note: str
    failure: str = ""


def choose_launcher(mode: Literal["auto", "on", "off"], attempt: Try | None = None) -> LauncherChoice:
    """Try bubblewrap (unless `mode` is `off`). Blocks up to `PROBE_TIMEOUT_S`.

    `attempt` runs the trial and returns what went wrong, empty for nothing.
    """
    if mode == "off":
        return LauncherChoice("process", "the sandbox is turned off in the settings")
    wrong = (attempt or try_command)(BWRAP_TRIAL)
    if not wrong:
        return LauncherChoice("sandbox", "bubblewrap works")
    if mode == "on":
        return LauncherChoice("sandbox", wrong, failure=f"settings demand the sandbox, but {wrong}")
    return LauncherChoice("process", f"no sandbox: {wrong}")


def try_command(argv: Sequence[str]) -> str:
    """Run `argv`; what went wrong in one line, with what is known about remedies. Empty: it worked."""
    if shutil.which(argv[0]) is None:
        return f"{argv[0]} is not installed (Debian and Ubuntu: apt install bubblewrap)"
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"{argv[0]} did not answer within {PROBE_TIMEOUT_S:g} s"
    except OSError as error:
        return f"{argv[0]} cannot be started: {error}"
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    if _apparmor_restricts():
        said += "; AppArmor restricts user namespaces here: install a profile for bwrap"
    return said if said.startswith(argv[0]) else f"{argv[0]}: {said}"


def _apparmor_restricts() -> bool:
    try:
        return APPARMOR_SWITCH.read_text().strip() == "1"
    except OSError:
        return False
