"""What a caller may do: actions by name, and the roles that are built in. Pure.

Names follow ModelArts' IAM actions (`modelarts:trainJob:setHighPriority`) where one is known. A role is a set of
patterns; `*` stands for any text. An admin composes more roles of the same actions.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from types import MappingProxyType


class Action(StrEnum):
    """Everything that can be allowed or refused. Each operation of the API needs exactly one."""

    JOB_CREATE = "modelarts:trainJob:create"
    JOB_GET = "modelarts:trainJob:get"  # also its events, logs, metrics
    JOB_LIST = "modelarts:trainJob:list"
    JOB_UPDATE = "modelarts:trainJob:update"  # also its tags
    JOB_STOP = "modelarts:trainJob:stop"
    JOB_DELETE = "modelarts:trainJob:delete"
    JOB_EXEC = "modelarts:trainJob:exec"  # a shell, saving the image
    JOB_REPORT = "modelarts:trainJob:report"
    JOB_SET_HIGH_PRIORITY = "modelarts:trainJob:setHighPriority"  # priority 3
    QUOTA_GET = "modelarts:trainQuota:get"
    QUOTA_UPDATE = "modelarts:trainQuota:update"
    ENGINE_LIST = "modelarts:engine:list"
    FLAVOR_LIST = "modelarts:flavor:list"
    ALGORITHM_CREATE = "modelarts:algorithm:create"
    ALGORITHM_GET = "modelarts:algorithm:get"
    ALGORITHM_LIST = "modelarts:algorithm:list"
    ALGORITHM_UPDATE = "modelarts:algorithm:update"
    ALGORITHM_DELETE = "modelarts:algorithm:delete"
    GALLERY_LIST = "modelarts:gallery:list"
    GALLERY_PUBLISH = "modelarts:gallery:publish"  # also changing and withdrawing one's own
    GALLERY_SUBSCRIBE = "modelarts:gallery:subscribe"
    EXPERIMENT_CREATE = "modelarts:experiment:create"
    EXPERIMENT_GET = "modelarts:experiment:get"
    EXPERIMENT_LIST = "modelarts:experiment:list"
    EXPERIMENT_UPDATE = "modelarts:experiment:update"
    EXPERIMENT_DELETE = "modelarts:experiment:delete"
    WORKSPACE_CREATE = "modelarts:workspace:create"
    WORKSPACE_GET = "modelarts:workspace:get"
    WORKSPACE_LIST = "modelarts:workspace:list"
    WORKSPACE_UPDATE = "modelarts:workspace:update"  # also members and quotas
    WORKSPACE_DELETE = "modelarts:workspace:delete"
    WORKSPACE_SEE_ALL = "modelarts:workspace:seeAll"  # those of others, too
    AUTHORIZATION_CREATE = "modelarts:authorization:create"
    AUTHORIZATION_LIST = "modelarts:authorization:list"
    AUTHORIZATION_DELETE = "modelarts:authorization:delete"
    AUTH_MODE_GET = "modelarts:authMode:get"
    AUTH_MODE_UPDATE = "modelarts:authMode:update"
    POOL_CREATE = "modelarts:pool:create"
    POOL_GET = "modelarts:pool:get"  # also its nodes, workloads, statistics
    POOL_LIST = "modelarts:pool:list"
    POOL_UPDATE = "modelarts:pool:update"  # also its nodes
    POOL_DELETE = "modelarts:pool:delete"
    NODE_UPDATE = (
        "modelarts:node:update"  # a node of all projects, into use or out of it; the platform's admin only
    )
    DATASET_CREATE = "modelarts:dataset:create"  # also versions
    DATASET_GET = "modelarts:dataset:get"
    DATASET_LIST = "modelarts:dataset:list"
    DATASET_UPDATE = "modelarts:dataset:update"
    DATASET_DELETE = "modelarts:dataset:delete"
    MODEL_GET = "modelarts:model:get"  # also its versions and their files
    MODEL_LIST = "modelarts:model:list"
    MODEL_UPDATE = "modelarts:model:update"
    MODEL_DELETE = "modelarts:model:delete"  # also single versions
    BUCKET_CREATE = "obs:bucket:create"
    BUCKET_LIST = "obs:bucket:list"
    BUCKET_DELETE = "obs:bucket:delete"
    OBJECT_LIST = "obs:object:list"
    OBJECT_GET = "obs:object:get"
    OBJECT_PUT = "obs:object:put"
    OBJECT_DELETE = "obs:object:delete"
    CREDENTIAL_GET = "iam:credential:get"  # one's own tokens and access keys
    CREDENTIAL_UPDATE = "iam:credential:update"
    PROJECT_LIST = "iam:project:list"
    PROJECT_CREATE = "iam:project:create"  # of another tenant; the platform's admin only
    USER_CREATE = "iam:user:create"
    USER_GET = "iam:user:get"
    USER_UPDATE = "iam:user:update"  # also their password, roles, tokens and access keys
    USER_DELETE = "iam:user:delete"
    ROLE_GET = "iam:role:get"
    ROLE_UPDATE = "iam:role:update"
    AUDIT_READ = "iam:audit:read"  # who did what in the project, whatever workspace it was in


ADMINISTRATOR = "administrator"
DEVELOPER = "developer"
VIEWER = "viewer"
PLATFORM_ONLY = frozenset({Action.PROJECT_CREATE, Action.NODE_UPDATE})
"""What no role gives: it reaches beyond a project."""

BUILT_IN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        ADMINISTRATOR: ("*",),
        DEVELOPER: (
            Action.JOB_CREATE,
            Action.JOB_UPDATE,
            Action.JOB_STOP,
            Action.JOB_DELETE,
            Action.JOB_EXEC,
            Action.JOB_REPORT,
            "modelarts:algorithm:*",
            "modelarts:gallery:*",
            "modelarts:experiment:*",
            "modelarts:dataset:*",
            "modelarts:model:*",
            "modelarts:*:get",
            "modelarts:*:list",
            "obs:*",
            "iam:credential:*",
            "iam:*:list",
        ),
        VIEWER: (
            "modelarts:*:get",
            "modelarts:*:list",
            "obs:*:get",
            "obs:*:list",
            "iam:credential:*",
            "iam:*:list",
        ),
    }
)
"""What every project has: all of it; work without rule over others, priority 3 or pools; looking on."""


def allowed_by(patterns: Iterable[str]) -> frozenset[Action]:
    """The actions that `patterns` cover; never those of `PLATFORM_ONLY`. A pattern that covers none adds none."""
    wanted = tuple(patterns)
    covered = {action for action in Action if any(fnmatchcase(action, pattern) for pattern in wanted)}
    return frozenset(covered - PLATFORM_ONLY)
