"""Where the client's settings come from: `portable.access` says; and where `trainwright login` puts them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trainwright.client.errors import NotConfigured
from trainwright.portable import access, config_file
from trainwright.portable.access import (
    DATA_DIR_VARIABLE,
    ENDPOINT_VARIABLE,
    PROJECT_VARIABLE,
    TOKEN_VARIABLE,
    Access,
    Setting,
    Stored,
    config_path,
    default_data_dir,
    same_endpoint,
    with_scheme,
)

__all__ = [
    "DATA_DIR_VARIABLE",
    "ENDPOINT_VARIABLE",
    "PROJECT_VARIABLE",
    "TOKEN_VARIABLE",
    "Login",
    "Setting",
    "Stored",
    "config_path",
    "default_data_dir",
    "find_login",
    "read_config_file",
    "read_local_server",
    "resolve_access",
    "same_endpoint",
    "save_login",
    "write_config_file",
]


@dataclass(frozen=True, slots=True)
class Login:
    """What `trainwright login` stores; empty strings for what is not known."""

    endpoint: str
    project_id: str
    token: str


def resolve_access(
    *,
    env: Mapping[str, str] | None = None,
    endpoint: str = "",
    project_id: str = "",
    token: str = "",
    access_key: str = "",
    secret_key: str = "",
) -> Access:
    """As `portable.access.resolve`: a token, or else a pair of keys, whose project may still have to be asked for.

    Raises:
        NotConfigured: something is missing, contradicts itself or cannot be read.
    """
    with _worded():
        return access.resolve(
            env=env,
            endpoint=endpoint,
            project_id=project_id,
            token=token,
            access_key=access_key,
            secret_key=secret_key,
            source="command line",
        )


def find_login(env: Mapping[str, str], *, endpoint: str = "", project_id: str = "", token: str = "") -> Login:
    """What is given, completed from the environment and from the server on this machine, as far as they know.

    An earlier login is not asked: it is what is being replaced.
    """
    local = read_local_server(default_data_dir(env))
    chosen = endpoint or env.get(ENDPOINT_VARIABLE, "") or local.endpoint
    if not same_endpoint(local.endpoint, chosen):
        local = Stored(local.source)
    return Login(
        with_scheme(chosen) if chosen else "",
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
            path, endpoint=with_scheme(login.endpoint), project_id=login.project_id, token=login.token
        )
    except OSError as exc:
        raise NotConfigured(
            "Cannot write {path}: {detail}",
            remedy="Make its folder writable.",
            path=path,
            detail=exc.strerror,
        ) from exc
    return path


def read_config_file(path: Path) -> Stored:
    """What `trainwright login` stored; nothing when the file is missing.

    Raises:
        NotConfigured: it cannot be read or holds something else.
    """
    with _worded():
        return access.read_config_file(path)


def write_config_file(path: Path, *, endpoint: str, project_id: str, token: str) -> None:
    """Store a login, readable by its owner only; replaces what was there in one step."""
    config_file.write(path, {"endpoint": endpoint, "project": project_id, "token": token})


def read_local_server(data_dir: Path) -> Stored:
    """What the server with this data folder left for the local CLI; nothing where there is none.

    Raises:
        NotConfigured: it cannot be read.
    """
    with _worded():
        return access.read_local_server(data_dir)


@contextmanager
def _worded() -> Iterator[None]:
    try:
        yield
    except access.NotConfigured as exc:
        raise NotConfigured(exc.text, remedy=exc.remedy, **exc.slots) from exc
