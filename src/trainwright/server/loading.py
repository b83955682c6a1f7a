"""Reads the settings from their three sources, remembers where each value came from, and says what is wrong."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource
from pydantic_settings.exceptions import SettingsError as EnvironmentUnreadable

from trainwright.server.settings import ENV_CONFIG, ENV_NESTED, ENV_PREFIX, Settings

DEFAULT = "default"
MASK = "********"


class BadSettings(Exception):
    """The settings cannot be used. `problems` has one line for each field: where it stands and what is wrong."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Loaded:
    """The settings with the source of each value, by dotted name; names left out have their default."""

    settings: Settings
    sources: Mapping[str, str]

    def rows(self) -> tuple[tuple[str, Any, str], ...]:
        """(dotted name, value, source) of every setting, secrets masked, in the order of the model."""
        values = _flat(_masked(self.settings.model_dump(mode="python")))
        return tuple((name, value, self.sources.get(name, DEFAULT)) for name, value in values.items())


def default_data_dir() -> Path:
    """`$XDG_DATA_HOME/trainwright`, else `~/.local/share/trainwright`."""
    named = os.environ.get("XDG_DATA_HOME", "")
    return (Path(named) if named.startswith("/") else Path.home() / ".local" / "share") / "trainwright"


def load(flags: Mapping[str, Any], config: Path | None = None) -> Loaded:
    """The settings in force.

    `flags` are values by field name, None where the flag was not given; `config` is `--config`.

    Raises:
        BadSettings: the file is missing or no TOML, or a value does not fit.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    from_env = _read_environment()
    path, must_exist = _config_path(given, from_env, config)
    from_file = _read_file(path, must_exist=must_exist)
    layers = ((str(path), from_file), ("environment", from_env), ("flag", given))
    merged: dict[str, Any] = {"data_dir": default_data_dir()}
    sources: dict[str, str] = {}
    for source, layer in layers:
        merged = _merge(merged, layer)
        sources |= {name: _spelt(source, name, path) for name in _flat(layer)}
    try:
        settings = Settings(**merged)
    except ValidationError as exc:
        raise BadSettings(tuple(_problem(error, sources) for error in exc.errors())) from None
    return Loaded(settings, sources)


def _read_environment() -> dict[str, Any]:
    try:
        return EnvSettingsSource(Settings)()
    except EnvironmentUnreadable as exc:
        raise BadSettings((f"environment {ENV_PREFIX}*: {exc}",)) from exc


def _config_path(
    given: Mapping[str, Any], from_env: Mapping[str, Any], config: Path | None
) -> tuple[Path, bool]:
    named = config or os.environ.get(ENV_CONFIG)
    if named:
        return Path(named).expanduser().absolute(), True
    data_dir = given.get("data_dir") or from_env.get("data_dir") or default_data_dir()
    return Path(data_dir).expanduser().absolute() / "server.toml", False


def _read_file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if must_exist:
            raise BadSettings((f"{path}: there is no such file",)) from None
        return {}
    except (OSError, UnicodeDecodeError) as exc:
        raise BadSettings((f"{path}: cannot be read: {exc}",)) from exc
    except tomllib.TOMLDecodeError as exc:
        raise BadSettings((f"{path}: not TOML: {exc}",)) from exc


def _merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for name, value in over.items():
        below = merged.get(name)
        merged[name] = _merge(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return merged


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def _masked(values: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            shown[name] = _masked(value)
        elif isinstance(value, SecretStr):
            shown[name] = MASK if value.get_secret_value() else ""
        else:
            shown[name] = str(value) if isinstance(value, Path) else value
    return shown


def _spelt(source: str, name: str, path: Path) -> str:
    if source == "environment":
        return ENV_PREFIX + name.upper().replace(".", ENV_NESTED)
    if source == "flag":
        return "--" + name.replace("_", "-")
    return f"{path}"


def _problem(error: Any, sources: Mapping[str, str]) -> str:
    name = ".".join(str(part) for part in error["loc"])
    below = sorted({source for field, source in sources.items() if field.startswith(f"{name}.")})
    source = sources.get(name) or ", ".join(below)
    text = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        text = "there is no such setting"
    elif "input" in error and isinstance(error["input"], str | int | float | bool) and not _is_secret(name):
        text = f"{text} (given: {error['input']!r})"
    return f"{name}: {text} [{source}]" if source else f"{name}: {text}"


def _is_secret(name: str) -> bool:
    return name in ("storage.secret_key", "database_url")
