"""Where the client's settings come from: flags, environment, config file, the server on this machine — in this order.

Endpoint, project and token are resolved one by one, each with its provenance. A project or token that was stored for
one server is never sent to another: those of a file count only for the endpoint of the same file.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from trainwright.client.errors import NotConfigured

ENDPOINT_VARIABLE = "TRAINWRIGHT_ENDPOINT"
PROJECT_VARIABLE = "TRAINWRIGHT_PROJECT"
TOKEN_VARIABLE = "TRAINWRIGHT_TOKEN"
DATA_DIR_VARIABLE = "TRAINWRIGHT_DATA_DIR"

_LOGIN_REMEDY = "Run `trainwright login`, or start a server on this machine with `trainwright server`."


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it came from, in words."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Which server, which project, which token."""

    endpoint: Setting
    project_id: Setting
    token: Setting


@dataclass(frozen=True, slots=True)
class Stored:
    """What one place knows; empty strings for what it does not."""

    source: str
    endpoint: str = ""
    project_id: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """What `trainwright login` stores; empty strings for what is not known."""

    endpoint: str
    project_id: str
    token: str


def config_path(env: Mapping[str, str]) -> Path:
    """The file `trainwright login` writes: `$XDG_CONFIG_HOME/trainwright/config.yaml`."""
    base = env.get("XDG_CONFIG_HOME") or str(_home(env) / ".config")
    return Path(base) / "trainwright" / "config.yaml"


def default_data_dir(env: Mapping[str, str]) -> Path:
    """The data folder of a server started on this machine without `--data-dir`."""
    if chosen := env.get(DATA_DIR_VARIABLE):
        return Path(chosen)
    base = env.get("XDG_DATA_HOME") or str(_home(env) / ".local" / "share")
    return Path(base) / "trainwright"


def resolve_settings(
    *, env: Mapping[str, str] | None = None, endpoint: str = "", project_id: str = "", token: str = ""
) -> ClientSettings:
    """The settings in force. Arguments are the flags; empty ones count as not given.

    Raises:
        NotConfigured: one of the three is known nowhere, or a config file cannot be read.
    """
    env = os.environ if env is None else env
    given = Stored("command line", endpoint=endpoint, project_id=project_id, token=token)
    variables = Stored(
        "environment",
        endpoint=env.get(ENDPOINT_VARIABLE, ""),
        project_id=env.get(PROJECT_VARIABLE, ""),
        token=env.get(TOKEN_VARIABLE, ""),
    )
    files = [read_config_file(config_path(env)), read_local_server(default_data_dir(env))]
    chosen = _pick([given, variables, *files], "endpoint")
    if chosen is None:
        raise NotConfigured("No Trainwright server is known.", remedy=_LOGIN_REMEDY)
    same_server = [stored for stored in files if same_endpoint(stored.endpoint, chosen.value)]
    project = _pick([given, variables, *same_server], "project_id")
    secret = _pick([given, variables, *same_server], "token")
    if project is None:
        raise NotConfigured(
            "No project is known for {endpoint}.", remedy=_LOGIN_REMEDY, endpoint=chosen.value
        )
    if secret is None:
        raise NotConfigured("No token is known for {endpoint}.", remedy=_LOGIN_REMEDY, endpoint=chosen.value)
    return ClientSettings(Setting(_with_scheme(chosen.value), chosen.source), project, secret)


def find_login(env: Mapping[str, str], *, endpoint: str = "", project_id: str = "", token: str = "") -> Login:
    """What is given, completed from the environment and from the server on this machine, as far as they know.

    An earlier login is not asked: it is what is being replaced.
    """
    local = read_local_server(default_data_dir(env))
    chosen = endpoint or env.get(ENDPOINT_VARIABLE, "") or local.endpoint
    if not same_endpoint(local.endpoint, chosen):
        local = Stored(local.source)
    return Login(
        _with_scheme(chosen) if chosen else "",
        project_id or env.get(PROJECT_VARIABLE, "") or local.project_id,
        token or env.get(TOKEN_VARIABLE, "") or local.token,
    )


def save_login(env: Mapping[str, str], login: Login) -> Path:
    """Write `login` to the config file and return where that is.

    Raises:
        NotConfigured: it cannot be written.
    """
    path = config_path(env)
    try:
        write_config_file(
            path, endpoint=_with_scheme(login.endpoint), project_id=login.project_id, token=login.token
        )
    except OSError as exc:
        raise NotConfigured(
            "Cannot write {path}: {detail}",
            remedy="Make its folder writable.",
            path=path,
            detail=exc.strerror,
        ) from exc
    return path


def same_endpoint(one: str, other: str) -> bool:
    """Whether both name the same server; `localhost` is 127.0.0.1 and default ports are filled in."""
    return bool(one) and bool(other) and _origin(one) == _origin(other)


def read_config_file(path: Path) -> Stored:
    """What `trainwright login` stored; nothing when the file is missing.

    Raises:
        NotConfigured: it cannot be read or is not a YAML mapping.
    """
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        return Stored(str(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise NotConfigured(
            "Cannot read {path}: {detail}", remedy="Repair or remove the file.", path=path, detail=exc
        ) from exc
    if not isinstance(content, dict):
        raise NotConfigured("{path} is not a YAML mapping.", remedy="Repair or remove the file.", path=path)
    return _stored(str(path), content)


def write_config_file(path: Path, *, endpoint: str, project_id: str, token: str) -> None:
    """Store a login, readable by its owner only; replaces what was there in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump({"endpoint": endpoint, "project": project_id, "token": token}, sort_keys=False)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
    draft.replace(path)


def read_local_server(data_dir: Path) -> Stored:
    """What the server with this data folder left for the local CLI; nothing where there is none.

    `server.json` names the address of the running (or last) server, `admin.json` its first account.
    """
    server = _read_json(data_dir / "server.json")
    admin = _read_json(data_dir / "admin.json")
    if not server or not admin:
        return Stored(f"local server in {data_dir}")
    return _stored(f"local server in {data_dir}", {**admin, **server})


def _stored(source: str, content: Mapping[str, object]) -> Stored:
    def text(*names: str) -> str:
        for name in names:
            if isinstance(content.get(name), str):
                return str(content[name])
        return ""

    return Stored(source, text("endpoint", "url"), text("project_id", "project"), text("token"))


def _read_json(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return {}  # no server here, or another user's
    except (OSError, ValueError) as exc:
        raise NotConfigured(
            "Cannot read {path}: {detail}",
            remedy="Start the server again; it rewrites it.",
            path=path,
            detail=exc,
        ) from exc
    return content if isinstance(content, dict) else {}


def _pick(places: list[Stored], name: str) -> Setting | None:
    return next(_values(places, name), None)


def _values(places: list[Stored], name: str) -> Iterator[Setting]:
    for place in places:
        value: str = getattr(place, name)
        if value:
            yield Setting(value, place.source)


def _with_scheme(endpoint: str) -> str:
    return (endpoint if "://" in endpoint else f"http://{endpoint}").rstrip("/")


def _origin(endpoint: str) -> tuple[str, str, int]:
    parts = urlsplit(_with_scheme(endpoint))
    host = (parts.hostname or "").lower()
    if host in ("localhost", "::1"):
        host = "127.0.0.1"
    return parts.scheme, host, parts.port or (443 if parts.scheme == "https" else 80)


def _home(env: Mapping[str, str]) -> Path:
    return Path(env["HOME"]) if env.get("HOME") else Path.home()
