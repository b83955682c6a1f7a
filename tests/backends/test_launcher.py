"""Which launcher is in force, and what is said about it."""

import shutil
from pathlib import Path

import pytest

from trainwright.backends.local import launcher
from trainwright.backends.local.launcher import choose_launcher, try_command


def test_the_three_settings() -> None:
    """Guards auto, on and off, with a sandbox that works and one that does not."""
    assert choose_launcher("off", lambda argv: pytest.fail("tried")).launcher == "process"
    assert choose_launcher("auto", lambda argv: "").launcher == "sandbox"
    fallen_back = choose_launcher("auto", lambda argv: "bwrap: no permissions")
    assert (fallen_back.launcher, fallen_back.failure) == ("process", "")
    assert "no permissions" in fallen_back.note
    assert "no permissions" in choose_launcher("on", lambda argv: "bwrap: no permissions").failure
    assert choose_launcher("on", lambda argv: "").failure == ""


def test_what_goes_wrong_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the four ways a trial fails, and the hint at AppArmor."""
    monkeypatch.setattr(launcher, "PROBE_TIMEOUT_S", 0.2)
    monkeypatch.setattr(launcher, "APPARMOR_SWITCH", tmp_path / "switch")
    assert try_command(["true"]) == ""
    assert "not installed" in try_command(["no-such-program-anywhere"])
    assert "did not answer" in try_command(["sleep", "60"])
    assert "exit code 1" in try_command(["false"])
    (tmp_path / "switch").write_text("1\n")
    wrong = try_command(["sh", "-c", "echo setting up uid map: Permission denied >&2; exit 1"])
    assert wrong.startswith("sh: setting up uid map: Permission denied; AppArmor")


def test_bubblewrap_of_this_machine() -> None:
    """Guards that the real trial either works or says why."""
    wrong = try_command(launcher.BWRAP_TRIAL)
    assert wrong == "" or wrong.startswith("bwrap")
    assert wrong == "" or shutil.which("bwrap") is None or ":" in wrong
