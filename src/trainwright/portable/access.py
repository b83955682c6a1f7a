"""Which server, which project, on whose behalf: from what the caller gives, the environment, the file that
`trainwright login` writes, and the server on this machine, in this order.

Each value carries its provenance. A project or token that was stored for one server is never sent to another: those of
a file count only for the endpoint of the same file, and those of the environment only for its own endpoint if it names
one. A secret key is never sent at all.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Mapping
from urllib.parse import urlsplit

from trainwright.portable import config_file

ENDPOINT_VARIABLE = "TRAINWRIGHT_ENDPOINT"
PROJECT_VARIABLE = "TRAINWRIGHT_PROJECT"
TOKEN_VARIABLE = "TRAINWRIGHT_TOKEN"
TOKEN_FILE_VARIABLE = "TRAINWRIGHT_TOKEN_FILE"
DATA_DIR_VARIABLE = "TRAINWRIGHT_DATA_DIR"
INSIDE_VARIABLE = "TRAINWRIGHT_INSIDE"
ACCESS_KEY_VARIABLE = "ACCESS_KEY_ID"
SECRET_KEY_VARIABLE = "SECRET_ACCESS_KEY"
S3_ENDPOINT_VARIABLE = "S3_ENDPOINT"
S3_HTTPS_VARIABLE = "S3_USE_HTTPS"
S3_VERIFY_VARIABLE = "S3_VERIFY_SSL"

ENVIRONMENT = "environment"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_OFF = frozenset({"0", "false", "no", "off"})

_LOGIN_REMEDY = "Run `trainwright login`, or start a server on this machine with `trainwright server`."


class NotConfigured(Exception):
    """A setting is missing or contradicts another. `remedy` says what to do.

    `text` and `slots` are the message before it is put together, for those who speak another language.
    """

    def __init__(self, text: str, /, *, remedy: str = "", **slots: object) -> None:
        super().__init__(" ".join((text.format(**slots) if slots else text, remedy)).strip())
        self.text = text
        self.remedy = remedy
        self.slots = slots


@dataclass(frozen=True)
class Setting:
    """A value and where it came from, in words. Both are empty for what is not known."""

    value: str = ""
    source: str = ""


@dataclass(frozen=True)
class Stored:
    """What one place knows; empty strings for what it does not."""

    source: str
    endpoint: str = ""
    project_id: str = ""
    token: str = field(default="", repr=False)
    access_key: str = ""
    secret_key: str = field(default="", repr=False)

    @property
    def has_keys(self) -> bool:
        """Whether requests can be signed with what it knows."""
        return bool(self.access_key and self.secret_key)


@dataclass(frozen=True)
class Access:
    """What is in force: a token, or else a pair of keys. With keys the project may be unknown (empty): they belong to
    one, which the server tells (`GET /v3/projects`).
    """

    endpoint: Setting
    project_id: Setting
    token: Setting = field(default=Setting(), repr=False)
    access_key: Setting = Setting()
    secret_key: Setting = field(default=Setting(), repr=False)
    verify_tls: bool = True

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine: no proxy can reach it."""
        return is_loopback(self.endpoint.value)


def resolve(
    *,
    env: Mapping[str, str] | None = None,
    endpoint: str = "",
    project_id: str = "",
    token: str = "",
    access_key: str = "",
    secret_key: str = "",
    source: str = "arguments",
) -> Access:
    """What is in force. Arguments go before everything else, empty ones count as not given; `source` is what their
    provenance is called. `env` is the process's environment by default.

    Raises:
        NotConfigured: no server, no project or no credentials are known, half a pair of keys was given, the address
            is none, or a file cannot be read.
    """
    env = os.environ if env is None else env
    given = Stored(source, endpoint, project_id, token, access_key, secret_key)
    _check_pair(given)
    variables = read_environment(env)
    files = [read_config_file(config_path(env)), read_local_server(default_data_dir(env))]
    chosen = _pick([given, variables, *files], "endpoint")
    if not chosen.value:
        raise _no_server(env)
    address = with_scheme(chosen.value)
    if not _is_address(address):
        raise NotConfigured(
            "{endpoint} ({source}) is not the address of a server.",
            remedy="Give one such as http://host:8600.",
            endpoint=chosen.value,
            source=chosen.source,
        )
    near = [given]
    near += [variables] if not variables.endpoint or same_endpoint(variables.endpoint, address) else []
    far = [stored for stored in files if same_endpoint(stored.endpoint, address)]
    trusts = chosen == Setting(variables.endpoint, ENVIRONMENT) and _trusts_any(env)
    return _credentials(Setting(address, chosen.source), near, far, verify_tls=not trusts)


def read_environment(env: Mapping[str, str]) -> Stored:
    """What the variables say. `S3_ENDPOINT` counts beside both keys only, for other programs use it, too.

    Raises:
        NotConfigured: the token file that is named cannot be read.
    """
    endpoint = env.get(ENDPOINT_VARIABLE, "")
    keys = (env.get(ACCESS_KEY_VARIABLE, ""), env.get(SECRET_KEY_VARIABLE, ""))
    if not all(keys):
        keys = ("", "")
    if not endpoint and all(keys):
        endpoint = s3_endpoint(env)
    token = env.get(TOKEN_VARIABLE, "") or _read_token(env.get(TOKEN_FILE_VARIABLE, ""))
    return Stored(ENVIRONMENT, endpoint, env.get(PROJECT_VARIABLE, ""), token, *keys)


def s3_endpoint(env: Mapping[str, str]) -> str:
    """`S3_ENDPOINT` with its scheme: https unless `S3_USE_HTTPS` is off or, where that is not set, it is this machine;
    empty when it is not set.
    """
    endpoint = env.get(S3_ENDPOINT_VARIABLE, "")
    if not endpoint or "://" in endpoint:
        return endpoint
    https = env.get(S3_HTTPS_VARIABLE, "")
    plain = https.lower() in _OFF if https else is_loopback(f"http://{endpoint}")
    return f"{'http' if plain else 'https'}://{endpoint}"


def config_path(env: Mapping[str, str]) -> Path:
    """The file `trainwright login` writes: `$XDG_CONFIG_HOME/trainwright/config.yaml`."""
    base = env.get("XDG_CONFIG_HOME") or str(_home(env) / ".config")
    return Path(base) / "trainwright" / "config.yaml"


def default_data_dir(env: Mapping[str, str]) -> Path:
    """The data folder of a server started on this machine without `--data-dir`."""
    chosen = env.get(DATA_DIR_VARIABLE)
    if chosen:
        return Path(chosen)
    base = env.get("XDG_DATA_HOME") or str(_home(env) / ".local" / "share")
    return Path(base) / "trainwright"


def read_config_file(path: Path) -> Stored:
    """What `trainwright login` stored; nothing when the file is missing.

    Raises:
        NotConfigured: it cannot be read or holds something else.
    """
    try:
        content = config_file.parse(path.read_text("utf-8"))
    except FileNotFoundError:
        return Stored(str(path))
    except (OSError, UnicodeDecodeError, config_file.BadConfigFile) as exc:
        raise NotConfigured(
            "Cannot read {path}: {detail}", remedy="Repair or remove the file.", path=path, detail=exc
        ) from exc
    return _stored(str(path), content)


def read_local_server(data_dir: Path) -> Stored:
    """What the server with this data folder left for the local CLI; nothing where there is none.

    `server.json` names the address of the running (or last) server, `admin.json` its first account.

    Raises:
        NotConfigured: one of them cannot be read.
    """
    server = _read_json(data_dir / "server.json")
    admin = _read_json(data_dir / "admin.json")
    if not server or not admin:
        return Stored(f"local server in {data_dir}")
    return _stored(f"local server in {data_dir}", {**admin, **server})


def same_endpoint(one: str, other: str) -> bool:
    """Whether both name the same server; `localhost` is 127.0.0.1 and default ports are filled in."""
    return bool(one) and bool(other) and _origin(one) == _origin(other)


def with_scheme(endpoint: str) -> str:
    """`endpoint` as an address: http where it names no scheme, without a slash at its end."""
    return (endpoint if "://" in endpoint else f"http://{endpoint}").rstrip("/")


def is_loopback(endpoint: str) -> bool:
    """Whether the address is of this machine."""
    return _hostname(endpoint) in _LOOPBACK


def _check_pair(given: Stored) -> None:
    if bool(given.access_key) != bool(given.secret_key):
        raise NotConfigured(
            "An access key needs its secret key, and the other way round.",
            remedy="Give both, as `trainwright key create` shows them.",
        )


def _check_sendable(place: Stored) -> None:
    """They travel in headers: a line break or a character that was pasted along would end in the HTTP library."""
    if not all(text.isascii() and text.isprintable() for text in (place.token, place.access_key)):
        raise NotConfigured(
            "The token or access key of {source} holds characters that none has.",
            remedy="Copy it again, without line breaks.",
            source=place.source,
        )


def _credentials(server: Setting, near: list[Stored], files: list[Stored], *, verify_tls: bool) -> Access:
    project = _pick([*near, *files], "project_id")
    for place in [*near, *files]:
        _check_sendable(place)
        if place.token:
            if not project.value:
                raise NotConfigured(
                    "No project is known for {endpoint}.", remedy=_LOGIN_REMEDY, endpoint=server.value
                )
            return Access(server, project, Setting(place.token, place.source), verify_tls=verify_tls)
        if place.has_keys:
            return Access(
                server,
                _pick(near, "project_id"),  # that of a file is the one of the token beside it
                access_key=Setting(place.access_key, place.source),
                secret_key=Setting(place.secret_key, place.source),
                verify_tls=verify_tls,
            )
    if project.value:
        raise NotConfigured("No token is known for {endpoint}.", remedy=_LOGIN_REMEDY, endpoint=server.value)
    raise NotConfigured("No project is known for {endpoint}.", remedy=_LOGIN_REMEDY, endpoint=server.value)


def _no_server(env: Mapping[str, str]) -> NotConfigured:
    if env.get(INSIDE_VARIABLE):
        return NotConfigured(
            "The node of this job does not reach the server: objects cannot be read or written from here.",
            remedy="Declare inputs and outputs of the job: the platform copies them to and from local folders.",
        )
    return NotConfigured("No Trainwright server is known.", remedy=_LOGIN_REMEDY)


def _pick(places: Iterable[Stored], name: str) -> Setting:
    for place in places:
        value: str = getattr(place, name)
        if value:
            return Setting(value, place.source)
    return Setting()


def _read_token(path: str) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise NotConfigured(
            "Cannot read {path}: {detail}",
            remedy="Make the file readable, or unset TRAINWRIGHT_TOKEN_FILE.",
            path=path,
            detail=exc,
        ) from exc


def _trusts_any(env: Mapping[str, str]) -> bool:
    return not env.get(ENDPOINT_VARIABLE) and env.get(S3_VERIFY_VARIABLE, "").lower() in _OFF


def _stored(source: str, content: Mapping[str, object]) -> Stored:
    def text(*names: str) -> str:
        for name in names:
            value = content.get(name)
            if isinstance(value, str):
                return value
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


def _origin(endpoint: str) -> tuple[str, str, int]:
    """Port -1, which no server has, where the address is not one."""
    try:
        parts = urlsplit(with_scheme(endpoint))
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "", endpoint, -1
    return (
        parts.scheme,
        "127.0.0.1" if host in _LOOPBACK else host,
        port or (443 if parts.scheme == "https" else 80),
    )


def _is_address(endpoint: str) -> bool:
    scheme, host, port = _origin(endpoint)
    return scheme in ("http", "https") and bool(host) and port > 0


def _hostname(endpoint: str) -> str:
    try:
        return (urlsplit(endpoint).hostname or "").lower()
    except ValueError:
        return ""


def _home(env: Mapping[str, str]) -> Path:
    return Path(env["HOME"]) if env.get("HOME") else Path.home()
