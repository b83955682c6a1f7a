"""The client all functions share: made on first use from the environment, or from what `set_auth` was given."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from moxing.framework.file.notes import say_warning
from trainwright.portable import access
from trainwright.portable.calls import ANSWER_S, TRIES, WAIT_S, Patience, Retry
from trainwright.portable.store import PAGE, Store

_VARIABLES = (
    access.ENDPOINT_VARIABLE,
    access.PROJECT_VARIABLE,
    access.TOKEN_VARIABLE,
    access.TOKEN_FILE_VARIABLE,
    access.DATA_DIR_VARIABLE,
    access.ACCESS_KEY_VARIABLE,
    access.SECRET_KEY_VARIABLE,
    access.S3_ENDPOINT_VARIABLE,
    access.S3_HTTPS_VARIABLE,
    access.S3_VERIFY_VARIABLE,
    "HOME",
    "XDG_CONFIG_HOME",
)


class _Shared:
    """The one store, and what it was made of."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given: dict[str, Any] = {}
        self._store: Store | None = None
        self._made_of: object = None

    def set(self, given: dict[str, Any]) -> None:
        """From now on `given` goes before everything else."""
        with self._lock:
            self._given = given
            self._forget()

    def store(self) -> Store:
        """The store. Made anew when a variable has changed, for scripts set them after the import."""
        variables = tuple(os.environ.get(name) for name in _VARIABLES)
        with self._lock:
            if self._store is None or variables != self._made_of:
                self._forget()
                self._store = _make(self._given)
                self._made_of = variables
            return self._store

    def _forget(self) -> None:
        if self._store is not None:
            self._store.close()  # who is using it opens connections of their own
        self._store = None

    def forked(self) -> None:
        """In a child process: a thread that it does not have may hold the lock."""
        self._lock = threading.Lock()


_SHARED = _Shared()
os.register_at_fork(after_in_child=_SHARED.forked)


def store() -> Store:
    """The store that all functions use.

    Raises:
        NotConfigured: no server, project or credentials are known.
    """
    return _SHARED.store()


def set_auth(
    ak: str | None = None,
    sk: str | None = None,
    server: str | None = None,
    port: int | None = None,
    is_secure: bool | None = None,
    ssl_verify: bool | None = None,
    long_conn_mode: bool | None = None,
    path_style: bool | None = None,
    retry: int | None = None,
    retry_wait: float | None = None,
    client_timeout: float | None = None,
    list_max_keys: int | None = None,
) -> None:
    """Use these from now on, in the whole process; what is left out comes from the environment. Without arguments all
    does again.

    `server` is an address with or without scheme and port. `retry` is how often a call is tried in all, `retry_wait`
    the first pause between (seconds, doubling); `client_timeout` is how long an answer may take, in seconds.
    `path_style` changes nothing: there is one style.
    """
    _SHARED.set(
        {
            "ak": ak,
            "sk": sk,
            "server": _address(server, port, is_secure) if server else "",
            "verify": ssl_verify,
            "keep_alive": long_conn_mode,
            "retry": retry,
            "retry_wait": retry_wait,
            "timeout": client_timeout,
            "page": list_max_keys,
        }
    )


def _address(server: str, port: int | None, is_secure: bool | None) -> str:
    address = server.rstrip("/")
    if "://" not in address:
        secure = not access.is_loopback(f"http://{address}") if is_secure is None else is_secure
        address = f"{'https' if secure else 'http'}://{address}"
    return address if port is None else f"{address}:{port}"


def _make(given: dict[str, Any]) -> Store:
    found = access.resolve(
        endpoint=given.get("server") or "",
        access_key=given.get("ak") or "",
        secret_key=given.get("sk") or "",
        source="set_auth",
    )
    if given.get("verify") is not None:
        found = access.Access(
            found.endpoint,
            found.project_id,
            found.token,
            found.access_key,
            found.secret_key,
            verify_tls=bool(given["verify"]),
        )
    patience = Patience(
        tries=max(1, given.get("retry") or TRIES),
        wait_s=WAIT_S if given.get("retry_wait") is None else given["retry_wait"],
        answer_s=given.get("timeout") or ANSWER_S,
        keep_alive=given.get("keep_alive") is not False,
    )
    page = min(PAGE, max(1, given.get("page") or PAGE))
    return Store(found, patience=patience, on_retry=_say_retry, page=page)


def _say_retry(retry: Retry) -> None:
    say_warning(f"Retry={retry.left}, Wait={retry.wait_s:g}, Timestamp={time.time()}, {retry.cause}")
