"""Users, the roles they have, and what proves who they are."""

from dataclasses import dataclass, field
from typing import Protocol

from trainwright.domain.access import Action


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: a user, the project they act in, what they may do, and what they are doing in this request."""

    user_id: str
    user_name: str
    project_id: str
    is_admin: bool  # of the whole server
    actions: frozenset[Action] = frozenset()
    action: Action | None = None  # what the operation under way needs; held against the role in a workspace

    def may(self, action: Action) -> bool:
        """Whether one of their roles allows `action`; an admin of the server may do everything."""
        return self.is_admin or action in self.actions


@dataclass(frozen=True, slots=True)
class User:
    """One user. `roles`: names of built-in or composed roles."""

    id: str
    name: str
    project_id: str
    is_admin: bool
    enabled: bool = True
    roles: tuple[str, ...] = ()
    password_hash: str = field(default="", repr=False)  # empty: no password log-in
    created_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Role:
    """A role that an admin composed: patterns of actions."""

    name: str
    description: str
    actions: tuple[str, ...]
    created_at_ms: int = 0
    updated_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Project:
    """A tenant. `name` is the account's name at the password log-in."""

    id: str
    name: str
    created_at_ms: int = 0


LOG_IN = "login-"
"""How the ids of tokens begin that came of a log-in: of a password, or of signing in to the console."""


def sessions_prefix(token_id: str) -> str:
    """How the ids of the sessions begin that were opened with this token: they end with it.

    One that was opened with a session's own token counts as opened with what that session was opened with.
    """
    return f"{LOG_IN}{token_id.removeprefix(LOG_IN).partition('-')[0]}-"


def is_session_of_token(token_id: str) -> bool:
    """Whether it is the id of a session that was opened with a token."""
    return token_id.startswith(LOG_IN) and "-" in token_id.removeprefix(LOG_IN)


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, without the token. `expires_at_ms` 0: never. Those of log-ins have an id with `LOG_IN`."""

    id: str
    user_id: str
    description: str = ""
    enabled: bool = True
    created_at_ms: int = 0
    expires_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An AK with its secret, sealed. `expires_at_ms` 0: never."""

    access_key: str
    user_id: str
    sealed_secret: str = field(repr=False)
    description: str = ""
    enabled: bool = True
    created_at_ms: int = 0
    expires_at_ms: int = 0


class PrincipalRepository(Protocol):
    """Users, projects, roles, tokens and access keys of the scope. Tokens are stored as SHA-256 only."""

    def find_by_token(self, token_hash: str, now_ms: int) -> Principal | None:
        """The owner of a token, when both are enabled and it has not expired. `action` is not set."""
        ...

    def find_token(self, token_hash: str, now_ms: int) -> tuple[Principal, Token] | None:
        """The same, and the token."""
        ...

    def find_owner(self, user_id: str) -> Principal | None:
        """That user with their actions, when they exist and are enabled. `action` is not set."""
        ...

    def find_by_access_key(self, access_key: str, now_ms: int) -> tuple[Principal, AccessKey] | None:
        """The owner of an access key, and the key, in the same sense."""
        ...

    def add_project(self, project: Project) -> None:
        """Insert it. Raises `DuplicateProjectName`."""
        ...

    def hold_project(self, project_id: str) -> Project:
        """The project, whose users and roles nobody else changes until this unit ends. Raises `ProjectNotFound`.

        Everything that changes users or roles after looking at them calls it first.
        """
        ...

    def add_user(self, user: User, now_ms: int, *, project_name: str = "") -> None:
        """Insert it, and its project when that is new. Raises `DuplicateUserName` within the project."""
        ...

    def has_users(self) -> bool:
        """False on the very first start."""
        ...

    def has_passwords(self) -> bool:
        """Whether any user of the scope can log in with a password."""
        ...

    def get_user(self, user_id: str) -> User:
        """Raises `UserNotFound`."""
        ...

    def find_user(self, project_name: str, user_name: str) -> User | None:
        """For the password log-in."""
        ...

    def list_users(self, *, offset: int = 0, limit: int = 100) -> tuple[int, tuple[User, ...]]:
        """How many there are, and one page by name."""
        ...

    def save_user(self, user: User) -> None:
        """Write name, enabled, roles and password. Raises `UserNotFound`, `DuplicateUserName`."""
        ...

    def delete_user(self, user_id: str) -> None:
        """With tokens, keys, memberships and quotas. Raises `UserNotFound`."""
        ...

    def other_administrators(self, user_id: str) -> bool:
        """Whether somebody else of that user's project is enabled and has the role `administrator`."""
        ...

    def get_project(self, project_id: str) -> Project:
        """Raises `ProjectNotFound`."""
        ...

    def first_project_id(self) -> str:
        """The oldest project: owner of buckets without one. Platform-wide whatever the scope."""
        ...

    def list_projects(self, *, offset: int = 0, limit: int = 100) -> tuple[int, tuple[Project, ...]]:
        """How many there are in the scope, and one page by name."""
        ...

    def list_roles(self) -> tuple[Role, ...]:
        """The composed ones of the project, by name; at most 100."""
        ...

    def save_role(self, role: Role, project_id: str) -> None:
        """Insert or replace it; an existing one keeps the time it was made."""
        ...

    def delete_role(self, name: str) -> None:
        """Raises `RoleNotFound`, `RoleInUse`."""
        ...

    def add_token(self, token: Token, token_hash: str) -> None:
        """Insert it. Raises `UserNotFound`."""
        ...

    def get_token(self, token_id: str) -> Token:
        """Raises `CredentialNotFound`."""
        ...

    def list_tokens(
        self, user_id: str, *, offset: int = 0, limit: int = 100
    ) -> tuple[int, tuple[Token, ...]]:
        """How many the user has, those of log-ins included, and one page, newest first."""
        ...

    def count_tokens(self, user_id: str) -> int:
        """How many were issued to the user, those of log-ins not counted."""
        ...

    def save_token(self, token: Token) -> None:
        """Write description, enabled, expiry. Raises `CredentialNotFound`."""
        ...

    def delete_token(self, token_id: str) -> None:
        """Raises `CredentialNotFound`."""
        ...

    def drop_sessions(self, token_id: str) -> None:
        """Delete the sessions that were opened with that token; none for a session's own."""
        ...

    def drop_log_ins(self, user_id: str, *, keep: int) -> None:
        """Delete the user's tokens of log-ins but the newest `keep`."""
        ...

    def add_access_key(self, key: AccessKey) -> None:
        """Insert it. Raises `UserNotFound`."""
        ...

    def get_access_key(self, access_key: str) -> AccessKey:
        """Raises `CredentialNotFound`."""
        ...

    def list_access_keys(
        self, user_id: str, *, offset: int = 0, limit: int = 100
    ) -> tuple[int, tuple[AccessKey, ...]]:
        """How many the user has, and one page, newest first."""
        ...

    def save_access_key(self, key: AccessKey) -> None:
        """Write description, enabled, expiry. Raises `CredentialNotFound`."""
        ...

    def delete_access_key(self, access_key: str) -> None:
        """Raises `CredentialNotFound`."""
        ...

    def drop_expired(self, user_id: str, now_ms: int) -> None:
        """Delete the user's tokens and access keys that have expired."""
        ...
