"""Workspaces, their members and quotas; what users may use; whom the platform acts for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from trainwright.client.requests import Request, make_request, model_parser, parse_nothing
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import authorizations, workspaces
    from trainwright.wire import quotas as wire_quotas
else:
    authorizations = deferred("trainwright.wire.authorizations")
    wire_quotas = deferred("trainwright.wire.quotas")
    workspaces = deferred("trainwright.wire.workspaces")

Body = Mapping[str, object]
WORKSPACES = "/v1/{project_id}/workspaces"
WORKSPACE = WORKSPACES + "/{workspace_id}"
QUOTAS = "/v2/{project_id}/training-quotas"
AUTHORIZATIONS = "/v2/{project_id}/authorizations"
AUTH_MODE = "/v1/auth-mode"


def build_list_workspaces(
    project_id: str,
    *,
    name: str = "",
    sort_by: str | None = None,
    order: str | None = None,
    offset: int = 0,
    limit: int = 100,
) -> Request[workspaces.WorkspacesResponse]:
    """One page of the workspaces the caller sees, the default one among them; `name`: part of the name."""
    return make_request(
        "GET",
        WORKSPACES,
        model_parser(workspaces.WorkspacesResponse),
        path={"project_id": project_id},
        query={"name": name or None, "sort_by": sort_by, "order": order, "offset": offset, "limit": limit},
    )


def build_create_workspace(project_id: str, body: Body) -> Request[workspaces.WorkspaceResponse]:
    """Create a workspace of the caller's; fields as in `WorkspaceRequest`."""
    return make_request(
        "POST",
        WORKSPACES,
        model_parser(workspaces.WorkspaceResponse),
        path={"project_id": project_id},
        body=body,
    )


def build_show_workspace(project_id: str, workspace_id: str) -> Request[workspaces.WorkspaceResponse]:
    """One workspace with its members; `0` is the default one."""
    return make_request(
        "GET", WORKSPACE, model_parser(workspaces.WorkspaceResponse), path=_path(project_id, workspace_id)
    )


def build_change_workspace(
    project_id: str, workspace_id: str, body: Body
) -> Request[workspaces.WorkspaceChanged]:
    """Change name, description, kind and members, each when given; fields as in `WorkspaceUpdate`."""
    return make_request(
        "PUT",
        WORKSPACE,
        model_parser(workspaces.WorkspaceChanged),
        path=_path(project_id, workspace_id),
        body=body,
    )


def build_delete_workspace(project_id: str, workspace_id: str) -> Request[workspaces.WorkspaceChanged]:
    """Delete an empty workspace."""
    return make_request(
        "DELETE", WORKSPACE, model_parser(workspaces.WorkspaceChanged), path=_path(project_id, workspace_id)
    )


def build_list_workspace_candidates(project_id: str) -> Request[workspaces.UsersResponse]:
    """The project's users, whom grants can name."""
    return make_request(
        "GET",
        WORKSPACES + "/users/list",
        model_parser(workspaces.UsersResponse),
        path={"project_id": project_id},
    )


def build_show_workspace_quotas(project_id: str, workspace_id: str) -> Request[workspaces.QuotasResponse]:
    """What the workspace's unfinished jobs may have together, and what they have."""
    return make_request(
        "GET",
        WORKSPACE + "/quotas",
        model_parser(workspaces.QuotasResponse),
        path=_path(project_id, workspace_id),
    )


def build_change_workspace_quotas(
    project_id: str, workspace_id: str, quotas: Mapping[str, int]
) -> Request[workspaces.QuotasResponse]:
    """Set quotas by the name of the resource: -1 lifts one, 0 lets nothing run; those not named stay."""
    return make_request(
        "PUT",
        WORKSPACE + "/quotas",
        model_parser(workspaces.QuotasResponse),
        path=_path(project_id, workspace_id),
        body={"quotas": [{"resource": name, "quota": quota} for name, quota in quotas.items()]},
    )


def build_check_workspace_actions(
    project_id: str, workspace_id: str, actions: Sequence[str]
) -> Request[workspaces.VerdictsResponse]:
    """Which of these actions the caller may do in the workspace."""
    return make_request(
        "POST",
        WORKSPACE + "/auth",
        model_parser(workspaces.VerdictsResponse),
        path=_path(project_id, workspace_id),
        body={"requests": [{"action": action} for action in actions]},
        repeatable=True,
    )


def build_show_training_quotas(project_id: str, *, user_id: str = "") -> Request[wire_quotas.QuotasResponse]:
    """The limits of a user, the caller's by default, and what they use."""
    return make_request(
        "GET",
        QUOTAS,
        model_parser(wire_quotas.QuotasResponse),
        path={"project_id": project_id},
        query={"user_id": user_id or None},
    )


def build_change_training_quotas(
    project_id: str, quotas: Mapping[str, int], *, user_id: str = "all-users"
) -> Request[wire_quotas.QuotasResponse]:
    """Set limits by the name of the resource; -1: none. Of a user, or of all without their own (`all-users`)."""
    return make_request(
        "PUT",
        QUOTAS,
        model_parser(wire_quotas.QuotasResponse),
        path={"project_id": project_id},
        body={
            "user_id": user_id,
            "quotas": [{"resource": name, "quota": quota} for name, quota in quotas.items()],
        },
    )


def build_list_authorizations(
    project_id: str, *, offset: int = 0, limit: int = 100
) -> Request[authorizations.AuthorizationsResponse]:
    """One page of what the project's users let the platform act with. Secrets are masked."""
    return make_request(
        "GET",
        AUTHORIZATIONS,
        model_parser(authorizations.AuthorizationsResponse),
        path={"project_id": project_id},
        query={"offset": offset, "limit": limit},
    )


def build_create_authorization(project_id: str, body: Body) -> Request[None]:
    """Store an authorisation in place of the user's former one; fields as in `AuthorizationRequest`."""
    return make_request("POST", AUTHORIZATIONS, parse_nothing, path={"project_id": project_id}, body=body)


def build_delete_authorizations(project_id: str, user_id: str) -> Request[None]:
    """Remove one user's authorisation, or all (`all`). One that is not there is no error."""
    return make_request(
        "DELETE", AUTHORIZATIONS, parse_nothing, path={"project_id": project_id}, query={"user_id": user_id}
    )


def build_create_agency(project_id: str, *, suffix: str = "") -> Request[authorizations.AgencyResponse]:
    """Note an agency named `ma_agency_<suffix>`. There is nothing to delegate to here."""
    return make_request(
        "POST",
        "/v2/{project_id}/agency",
        model_parser(authorizations.AgencyResponse),
        path={"project_id": project_id},
        body={"agency_name_suffix": suffix} if suffix else {},
    )


def build_show_auth_mode(_project_id: str) -> Request[authorizations.AuthModeResponse]:
    """The authorisation mode of the caller's account, whatever the project."""
    return make_request("GET", AUTH_MODE, model_parser(authorizations.AuthModeResponse), path={})


def build_change_auth_mode(_project_id: str, mode: str) -> Request[authorizations.AuthModeResponse]:
    """Set the authorisation mode of the caller's account: strict or loose."""
    return make_request(
        "PUT", AUTH_MODE, model_parser(authorizations.AuthModeResponse), path={}, body={"mode": mode}
    )


def _path(project_id: str, workspace_id: str) -> dict[str, str]:
    return {"project_id": project_id, "workspace_id": workspace_id}
