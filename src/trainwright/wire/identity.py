"""Users, roles, projects, tokens and access keys (ours), and the password log-in of the contract (§1.3)."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from trainwright.wire.model import AnswerModel, RequestModel, ResourceName

DISPLAY_NAME_MAX = 64
TIME_MS_MAX = 2**53
GRACE_HOURS_MAX = 24 * 365


def _checked_display_name(text: str) -> str:
    if not 1 <= len(text) <= DISPLAY_NAME_MAX or not text.isprintable() or text != text.strip():
        raise PydanticCustomError("display_name", "1 to 64 printable characters without blanks around them")
    return text


DisplayName = Annotated[str, AfterValidator(_checked_display_name)]
"""Names of users and projects: 1 to 64 printable characters, no blanks at the ends."""
Password = Annotated[str, Field(min_length=8, max_length=128, repr=False)]
OptionalPassword = Annotated[str | None, Field(min_length=8, max_length=128, repr=False)]
Shown = Annotated[str, Field(repr=False)]
Description = Annotated[str, Field(max_length=256)]
RoleNames = Annotated[list[ResourceName], Field(max_length=32)]
Expiry = Annotated[int, Field(ge=0, le=TIME_MS_MAX)]


class CredentialRequest(RequestModel):
    """A token or an access key to be issued. `expires_at_ms` 0: never."""

    description: Description = ""
    expires_at_ms: Expiry = 0


class CredentialChange(RequestModel):
    """What is to change of a token or an access key; what is left out stays."""

    description: Description | None = None
    enabled: bool | None = None


class Rotation(RequestModel):
    """For how many hours the old one still works beside the new one; 0: no longer."""

    grace_hours: Annotated[int, Field(ge=0, le=GRACE_HOURS_MAX)] = 24


class AccessKeyItem(AnswerModel):
    """An access key without its secret. `expires_at_ms` 0: never."""

    access_key: str
    user_id: str
    description: str
    enabled: bool
    created_at_ms: int
    expires_at_ms: int


class NewAccessKey(AccessKeyItem):
    """An access key that was just issued, with the only copy of its secret."""

    secret_key: Shown


class AccessKeyList(AnswerModel):
    """One page, newest first."""

    total: int
    access_keys: list[AccessKeyItem]


class TokenItem(AnswerModel):
    """A token, without the token. `expires_at_ms` 0: never."""

    id: str
    user_id: str
    description: str
    enabled: bool
    created_at_ms: int
    expires_at_ms: int


class NewToken(TokenItem):
    """A token that was just issued, with the only copy of it."""

    token: Shown


class TokenList(AnswerModel):
    """One page, newest first."""

    total: int
    tokens: list[TokenItem]


class UserRequest(RequestModel):
    """A user to be made. Without a password they cannot log in with one."""

    name: DisplayName
    roles: RoleNames = Field(default_factory=list)
    password: OptionalPassword = None


class UserChange(RequestModel):
    """What is to change of a user; what is left out stays. An empty password takes the log-in away."""

    name: DisplayName | None = None
    enabled: bool | None = None
    roles: RoleNames | None = None
    password: Annotated[str | None, Field(max_length=128, repr=False)] = None


class PasswordChange(RequestModel):
    """One's own new password."""

    old_password: Annotated[str, Field(max_length=128, repr=False)]
    new_password: Password


class UserItem(AnswerModel):
    """A user. `is_admin`: of the whole server."""

    id: str
    name: str
    project_id: str
    is_admin: bool
    enabled: bool
    roles: list[str]
    has_password: bool
    created_at_ms: int


class UserList(AnswerModel):
    """One page by name."""

    total: int
    users: list[UserItem]


class RoleRequest(RequestModel):
    """A role as it shall be: patterns of actions, in which `*` stands for any text."""

    description: Description = ""
    actions: Annotated[list[Annotated[str, Field(max_length=128)]], Field(min_length=1, max_length=128)]


class RoleItem(AnswerModel):
    """A role, and every action its patterns cover."""

    name: str
    description: str
    built_in: bool
    patterns: list[str]
    actions: list[str]
    created_at_ms: int = 0
    updated_at_ms: int = 0


class RoleList(AnswerModel):
    """The built-in roles, then those of the project by name."""

    total: int
    roles: list[RoleItem]


class ProjectRequest(RequestModel):
    """A project to be made, and its first administrator."""

    name: DisplayName
    administrator: DisplayName = "admin"
    password: OptionalPassword = None


class ProjectItem(AnswerModel):
    """A project. Its name is the account's name at the password log-in."""

    id: str
    name: str
    created_at_ms: int


class ProjectList(AnswerModel):
    """One page by name."""

    total: int
    projects: list[ProjectItem]


class NewProject(AnswerModel):
    """A project that was just made, with the only copy of its administrator's first token."""

    project: ProjectItem
    user: UserItem
    token: Shown


class LogInDomain(RequestModel):
    """The account, by name or id. `default` is the first one's name."""

    name: Annotated[str, Field(max_length=128)] = ""
    id: Annotated[str, Field(max_length=128)] = ""


class LogInUser(RequestModel):
    """Who logs in."""

    name: Annotated[str, Field(max_length=128)]
    password: Annotated[str, Field(max_length=128, repr=False)]
    domain: LogInDomain


class LogInPassword(RequestModel):
    """The log-in with a password."""

    user: LogInUser


class LogInIdentity(RequestModel):
    """How to log in: `password` is what we know."""

    methods: Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=8)]
    password: LogInPassword | None = None


class LogInProject(RequestModel):
    """The project the token shall be for: the caller's own. A name may be any, as regions are names, too."""

    id: Annotated[str, Field(max_length=128)] = ""
    name: Annotated[str, Field(max_length=128)] = ""


class LogInScope(RequestModel):
    """What the token shall be for. Either way it is the caller's one project."""

    project: LogInProject | None = None
    domain: LogInDomain | None = None


class LogInAuth(RequestModel):
    """Who, and for what."""

    identity: LogInIdentity
    scope: LogInScope | None = None


class LogIn(RequestModel):
    """Body of `POST /v3/auth/tokens`."""

    auth: LogInAuth


class Named(AnswerModel):
    """An id and a name."""

    id: str
    name: str


class TokenUser(Named):
    """The user a token is of."""

    domain: Named


class TokenProject(Named):
    """The project a token is for."""

    domain: Named


class IssuedToken(AnswerModel):
    """What a token says. The token itself is in the header `X-Subject-Token`. Times: ISO 8601 with microseconds."""

    methods: list[str]
    issued_at: str
    expires_at: str
    user: TokenUser
    project: TokenProject
    roles: list[Named]
    catalog: list[dict[str, Any]]


class LogInAnswer(AnswerModel):
    """Answer of `POST /v3/auth/tokens`."""

    token: IssuedToken


class IamProject(AnswerModel):
    """A project as IAM names its fields."""

    id: str
    name: str
    domain_id: str
    parent_id: str
    description: str = ""
    enabled: bool = True
    is_domain: bool = False
    links: dict[str, str] = Field(default_factory=dict)


class IamProjectList(AnswerModel):
    """Answer of `GET /v3/projects`: exactly the caller's own."""

    links: dict[str, str] = Field(default_factory=dict)
    projects: list[IamProject]


class IamDomain(AnswerModel):
    """An account as IAM names its fields."""

    id: str
    name: str
    description: str = ""
    enabled: bool = True
    links: dict[str, str] = Field(default_factory=dict)


class IamDomainList(AnswerModel):
    """Answer of `GET /v3/auth/domains`: exactly the caller's own."""

    links: dict[str, str] = Field(default_factory=dict)
    domains: list[IamDomain]
