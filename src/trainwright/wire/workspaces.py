"""Workspaces, their members and quotas (contract §2.8, §11.1). Times in ms."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from trainwright.wire.model import AnswerModel, RequestModel

NAME_LENGTH_MIN = 4
NAME_LENGTH_MAX = 64
GRANTS_MAX = 100
QUERIES_MAX = 100
QUOTA_MAX = 2**31 - 1

AuthType = Literal["PUBLIC", "PRIVATE", "INTERNAL"]
UserType = Literal["IAM", "FEDERATE", "AGENCY"]
ShortText = Annotated[str, Field(max_length=128)]
Description = Annotated[str, Field(max_length=256)]


def _checked_name(name: str) -> str:
    fits = all(character.isalnum() or character in "_-" for character in name)
    if not fits or not NAME_LENGTH_MIN <= len(name) <= NAME_LENGTH_MAX:
        raise PydanticCustomError("workspace_name", "4 to 64 letters, digits, _ or -")
    return name


WorkspaceName = Annotated[str, AfterValidator(_checked_name)]
"""4 to 64 letters (of any script), digits, `_` and `-`."""


class GrantRequest(RequestModel):
    """Who may enter an INTERNAL workspace: a user of the project, by id or else by name.

    `role` is ours: a built-in or composed role; the member may do there only what it allows, too.
    """

    user_id: ShortText | None = None
    user_name: ShortText | None = None
    user_type: UserType | None = None
    role: ShortText | None = None


class WorkspaceRequest(RequestModel):
    """Body of `POST /v1/{P}/workspaces`. `grants` need `auth_type` INTERNAL."""

    name: WorkspaceName
    description: Description | None = None
    auth_type: AuthType | None = None
    enterprise_project_id: ShortText | None = None
    grants: Annotated[list[GrantRequest], Field(max_length=GRANTS_MAX)] | None = None


class WorkspaceUpdate(RequestModel):
    """Body of `PUT /v1/{P}/workspaces/{workspace}`. Only what is given changes; `grants` replace those before.

    A workspace that stops being INTERNAL loses its grants.
    """

    name: WorkspaceName | None = None
    description: Description | None = None
    auth_type: AuthType | None = None
    grants: Annotated[list[GrantRequest], Field(max_length=GRANTS_MAX)] | None = None


class GrantItem(AnswerModel):
    """A member. `role` is ours; empty: none of their own."""

    user_id: str
    user_name: str
    user_type: str = "IAM"
    role: str = ""


class WorkspaceItem(AnswerModel):
    """A workspace in a list. `id` 0 is the default one."""

    id: str
    name: str
    description: str
    owner: str
    auth_type: str
    status: str = "NORMAL"
    status_info: str = ""
    enterprise_project_id: str
    enterprise_project_name: str
    create_time: int
    update_time: int


class WorkspaceResponse(WorkspaceItem):
    """One workspace with its members."""

    grants: list[GrantItem]


class WorkspacesResponse(AnswerModel):
    """One page. `total_count` says how many match, `count` how many are on the page."""

    total_count: int
    count: int
    workspaces: list[WorkspaceItem]


class WorkspaceChanged(AnswerModel):
    """Which workspace was changed or deleted."""

    workspace_id: str


class QuotaSetting(RequestModel):
    """One quota: -1 lifts it, 0 lets nothing run."""

    resource: ShortText
    quota: int = Field(ge=-1, le=QUOTA_MAX)


class QuotasUpdate(RequestModel):
    """Body of `PUT /v1/{P}/workspaces/{workspace}/quotas`. Quotas that are not named stay."""

    quotas: Annotated[list[QuotaSetting], Field(min_length=1, max_length=100)]


class QuotaItem(AnswerModel):
    """One quota of a workspace. `used_quota` counts begun units, also where nothing limits them."""

    resource: str
    quota: int
    min_quota: int = 0
    max_quota: int = QUOTA_MAX
    used_quota: int
    name_en: str
    name_cn: str
    unit_en: str
    unit_cn: str
    update_time: int


class QuotasResponse(AnswerModel):
    """All quotas of a workspace."""

    quotas: list[QuotaItem]


class ActionQuery(RequestModel):
    """May the caller do this?"""

    action: Annotated[str, Field(max_length=256)]
    action_id: ShortText | None = None
    resource: Annotated[str, Field(max_length=1024)] | None = None
    service_attributes: dict[str, str] | None = None


class ActionsQuery(RequestModel):
    """Body of `POST /v1/{P}/workspaces/{workspace}/auth`."""

    requests: Annotated[list[ActionQuery], Field(max_length=QUERIES_MAX)]


class Condition(AnswerModel):
    """A condition of a policy; ours have none."""

    key: str
    operator: str
    value: list[str]


class Cause(AnswerModel):
    """What does not allow it: `role` of the workspace, or `roles` of the user in the project."""

    policy_name: str
    condition: list[Condition] = Field(default_factory=list)


class Verdict(AnswerModel):
    """`allow` or `deny`, and why."""

    action: str
    action_id: str | None = None
    resource: str | None = None
    verdict: Literal["allow", "deny"]
    cause: list[Cause] = Field(default_factory=list)


class VerdictsResponse(AnswerModel):
    """One verdict for each request, in their order."""

    results: list[Verdict]


class UserName(AnswerModel):
    """A user who may be granted access. `userId` is ours."""

    userName: str  # the contract's spelling
    userId: str


class UsersResponse(AnswerModel):
    """The project's users by name, at most 1,000."""

    users: list[UserName]
