"""`modelarts.session.Session`: who asks, which server, which project; and the helpers for the object store."""

import os
import weakref
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from modelarts.arguments import as_text
from modelarts.authentication import AKSK, Authenticated, Endpoints, Given, authenticate, make_endpoints
from modelarts.exception import InvalidArgument, raising
from modelarts.obs import Obs
from trainwright.client import Client, Storage

LANGUAGE_VARIABLE = "TRAINWRIGHT_LANGUAGE"
_LANGUAGES = {"zh": "zh-cn", "en": "en-us"}


class Session:
    """A connection to one project of one server. What is not given is taken from where we are:

    * inside a job, from what the platform gave the job;
    * from `TRAINWRIGHT_ENDPOINT`, `TRAINWRIGHT_PROJECT` and `TRAINWRIGHT_TOKEN`;
    * from what `trainwright login` stored;
    * from the server on this machine.

    Ways to authenticate:

    * `Session()`: as above.
    * `Session(access_key, secret_key, project_id, region_name)`: every request is signed. `security_token` is taken
      for the sake of scripts that have one.
    * `Session(account=…, username=…, password=…, region_name=…)`: a log-in that is good for a day. The account is the
      project's name (the first one's is `default`); without `account` it is called like the user.
    * `Session(project_id=…, region_name=…)`: as `Session()`, for this project.

    Regions are names, nothing else: one server is one region.

    Attributes: `project_id`, `region_name`, `auth` (`aksk`, `password` or `token`), `obs` (see `modelarts.obs`),
    `client` (the typed client of `trainwright`, for what this SDK has no method for).

    Raises:
        InvalidArgument: half of a pair, or two ways at once.
        AuthenticationError: no credentials are known, or the server does not accept them.
        NotReachable: the server does not answer.
    """

    _endpoints = Endpoints()

    @raising
    def __init__(
        self,
        access_key: str | None = None,
        secret_key: str | None = None,
        project_id: str | None = None,
        region_name: str | None = None,
        *,
        username: str | None = None,
        password: str | None = None,
        account: str | None = None,
        security_token: str | None = None,
        language: str | None = None,
    ) -> None:
        """`language` (`en-us`, `zh-cn`) is that of the server's sentences; by default as TRAINWRIGHT_LANGUAGE says."""
        given = Given(
            access_key=access_key or "",
            secret_key=secret_key or "",
            security_token=security_token or "",
            project_id=project_id or "",
            region_name=region_name or "",
            account=account or "",
            username=username or "",
            password=password or "",
            language=_language(os.environ) if language is None else _known_language(language),
        )
        found = authenticate(given, Session._endpoints)
        self._connect(found, Session._endpoints.obs)

    def _connect(self, found: Authenticated, store: str = "") -> None:
        """Fill in the attributes. `store`: where objects are, if that is another server than all else."""
        self.access = found.access
        self.auth = found.auth
        self.project_id = found.access.project_id
        self.region_name = found.region_name
        self.client = Client(found.access)
        is_elsewhere = store not in ("", found.access.endpoint)
        keeper = Client(replace(found.access, endpoint=store)) if is_elsewhere else self.client
        self.storage = Storage(keeper)
        self.obs = Obs(self)
        # Scripts do not close sessions: connections end with the object.
        weakref.finalize(self, _close, self.client, keeper)

    @classmethod
    def set_endpoint(
        cls,
        iam_endpoint: str | None = None,
        obs_endpoint: str | None = None,
        modelarts_endpoint: str | None = None,
        region_name: str | None = None,
    ) -> None:
        """Say where the services answer, for all sessions made from now on. Host or URL; a host alone means http.

        Log-ins go to the first, objects to the second, all else to the third; for one that is missing another is
        taken. Without any, sessions find the server as if this had never been called.
        """
        Session._endpoints = make_endpoints(iam_endpoint, obs_endpoint, modelarts_endpoint, region_name)

    @property
    def is_signed(self) -> bool:
        """Whether every request is signed with a key pair."""
        return self.auth == AKSK

    @property
    def endpoint(self) -> str:
        """The server's address."""
        return self.access.endpoint

    def upload_data(self, bucket_path: str, path: str | Path) -> dict[str, Any]:
        """Copy the local file or folder `path` below `bucket_path`, such as `/bucket/dir/`; see `obs.upload_dir`."""
        return self.obs.upload_data(bucket_path, path)

    def download_data(self, bucket_path: str, path: str | Path) -> dict[str, Any]:
        """Copy the object `/bucket/key` or the folder `/bucket/dir/` to `path`; see `obs.download_dir`."""
        return self.obs.download_data(bucket_path, path)

    def __repr__(self) -> str:
        return (
            f"<Session of project {self.project_id} at {self.endpoint}, region {self.region_name}, "
            f"authenticated by {self.auth}>"
        )


def as_session(given: object) -> Session:
    """`given`, which scripts pass to class methods.

    Raises:
        InvalidArgument: it is no session.
    """
    if not isinstance(given, Session):
        raise InvalidArgument(f"modelarts_session must be a modelarts.session.Session, not {given!r}.")
    return given


def _close(*clients: Client) -> None:
    for client in clients:
        client.close()


def _language(env: Mapping[str, str]) -> str:
    return _LANGUAGES.get(env.get(LANGUAGE_VARIABLE, "")[:2].lower(), "en-us")


def _known_language(asked: str) -> str:
    """`zh-cn` or `en-us` for whatever begins like them.

    Raises:
        InvalidArgument: the server does not speak it.
    """
    known = _LANGUAGES.get(as_text("language", asked)[:2].lower())
    if known is None:
        raise InvalidArgument(f"language: {asked!r} is not known.", error_solution="Use en-us or zh-cn.")
    return known
