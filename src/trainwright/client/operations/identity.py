"""Users, roles, projects, and the log-in with a password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trainwright.client.requests import Request, make_request, model_parser, parse_nothing
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import httpx

    from trainwright.wire import identity, sessions
else:
    identity = deferred("trainwright.wire.identity")
    sessions = deferred("trainwright.wire.sessions")

Body = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A new token and what it says."""

    token: str = field(repr=False)
    answer: identity.LogInAnswer


def _logged_in(response: httpx.Response) -> LoggedIn:
    answer = identity.LogInAnswer.model_validate_json(response.content)
    return LoggedIn(response.headers["X-Subject-Token"], answer)


def build_show_session() -> Request[sessions.SessionItem]:
    """Who calls: user, project, and every action they may do."""
    return make_request("GET", "/v1/session", model_parser(sessions.SessionItem), path={})


def build_list_users(project_id: str, *, offset: int = 0, limit: int = 100) -> Request[identity.UserList]:
    """One page of the users, by name."""
    return make_request(
        "GET",
        "/v1/{project_id}/users",
        model_parser(identity.UserList),
        path={"project_id": project_id},
        query={"offset": offset, "limit": limit},
    )


def build_create_user(project_id: str, body: Body) -> Request[identity.UserItem]:
    """Make a user; fields as in `UserRequest`."""
    return make_request(
        "POST",
        "/v1/{project_id}/users",
        model_parser(identity.UserItem),
        path={"project_id": project_id},
        body=body,
    )


def build_show_user(project_id: str, user_id: str) -> Request[identity.UserItem]:
    """One user."""
    return make_request(
        "GET",
        "/v1/{project_id}/users/{user_id}",
        model_parser(identity.UserItem),
        path={"project_id": project_id, "user_id": user_id},
    )


def build_change_user(project_id: str, user_id: str, body: Body) -> Request[identity.UserItem]:
    """Change a user; fields as in `UserChange`."""
    return make_request(
        "PUT",
        "/v1/{project_id}/users/{user_id}",
        model_parser(identity.UserItem),
        path={"project_id": project_id, "user_id": user_id},
        body=body,
    )


def build_delete_user(project_id: str, user_id: str) -> Request[None]:
    """Delete a user with their tokens and access keys."""
    return make_request(
        "DELETE",
        "/v1/{project_id}/users/{user_id}",
        parse_nothing,
        path={"project_id": project_id, "user_id": user_id},
    )


def build_change_password(project_id: str, body: Body) -> Request[None]:
    """Change one's own password; fields as in `PasswordChange`."""
    return make_request(
        "PUT",
        "/v1/{project_id}/password",
        parse_nothing,
        path={"project_id": project_id},
        body=body,
    )


def build_list_roles(project_id: str) -> Request[identity.RoleList]:
    """The built-in roles, then those of the project."""
    return make_request(
        "GET",
        "/v1/{project_id}/roles",
        model_parser(identity.RoleList),
        path={"project_id": project_id},
    )


def build_save_role(project_id: str, role: str, body: Body) -> Request[identity.RoleItem]:
    """Make or replace a role; fields as in `RoleRequest`."""
    return make_request(
        "PUT",
        "/v1/{project_id}/roles/{role}",
        model_parser(identity.RoleItem),
        path={"project_id": project_id, "role": role},
        body=body,
    )


def build_delete_role(project_id: str, role: str) -> Request[None]:
    """Delete a role that nobody has."""
    return make_request(
        "DELETE",
        "/v1/{project_id}/roles/{role}",
        parse_nothing,
        path={"project_id": project_id, "role": role},
    )


def build_list_projects(*, offset: int = 0, limit: int = 100) -> Request[identity.ProjectList]:
    """One page of the projects, by name: all for the server's admin, else one's own."""
    return make_request(
        "GET",
        "/v1/projects",
        model_parser(identity.ProjectList),
        path={},
        query={"offset": offset, "limit": limit},
    )


def build_create_project(body: Body) -> Request[identity.NewProject]:
    """Make a project and its first administrator; fields as in `ProjectRequest`."""
    return make_request(
        "POST",
        "/v1/projects",
        model_parser(identity.NewProject),
        path={},
        body=body,
    )


def build_log_in(body: Body) -> Request[LoggedIn]:
    """A token for account, user and password; fields as in `LogIn`. Needs no token."""
    return make_request(
        "POST",
        "/v3/auth/tokens",
        _logged_in,
        path={},
        body=body,
    )


def build_list_iam_projects(*, name: str = "") -> Request[identity.IamProjectList]:
    """One's own project, under the asked name if any, as IAM shows it."""
    return make_request(
        "GET",
        "/v3/projects",
        model_parser(identity.IamProjectList),
        path={},
        query={"name": name or None},
    )


def build_list_iam_domains() -> Request[identity.IamDomainList]:
    """One's own account, as IAM shows it."""
    return make_request(
        "GET",
        "/v3/auth/domains",
        model_parser(identity.IamDomainList),
        path={},
    )
