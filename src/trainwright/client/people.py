"""The blocking client's half for people and what they prove who they are with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trainwright.client.connection import SyncConnection
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.client.operations import credentials, identity
    from trainwright.wire.identity import (
        AccessKeyItem,
        AccessKeyList,
        IamDomainList,
        IamProjectList,
        NewAccessKey,
        NewProject,
        NewToken,
        ProjectList,
        RoleItem,
        RoleList,
        TokenItem,
        TokenList,
        UserItem,
        UserList,
    )
    from trainwright.wire.sessions import SessionItem
else:
    credentials = deferred("trainwright.client.operations.credentials")
    identity = deferred("trainwright.client.operations.identity")

Body = Mapping[str, object]


class PeopleClient(SyncConnection):
    """Users, roles, projects, tokens and access keys."""

    @property
    def _project(self) -> str:
        return self.access.project_id

    def show_session(self) -> SessionItem:
        """Who calls: user, project, and every action they may do."""
        return self.send(identity.build_show_session())

    def list_users(self, *, offset: int = 0, limit: int = 100) -> UserList:
        """One page of the users, by name."""
        return self.send(identity.build_list_users(self._project, offset=offset, limit=limit))

    def create_user(self, body: Body) -> UserItem:
        """Make a user; fields as in `UserRequest`."""
        return self.send(identity.build_create_user(self._project, body))

    def show_user(self, user_id: str) -> UserItem:
        """One user."""
        return self.send(identity.build_show_user(self._project, user_id))

    def change_user(self, user_id: str, body: Body) -> UserItem:
        """Change a user; fields as in `UserChange`."""
        return self.send(identity.build_change_user(self._project, user_id, body))

    def delete_user(self, user_id: str) -> None:
        """Delete a user with their tokens and access keys."""
        self.send(identity.build_delete_user(self._project, user_id))

    def change_password(self, body: Body) -> None:
        """Change one's own password; fields as in `PasswordChange`."""
        self.send(identity.build_change_password(self._project, body))

    def list_roles(self) -> RoleList:
        """The built-in roles, then those of the project."""
        return self.send(identity.build_list_roles(self._project))

    def save_role(self, role: str, body: Body) -> RoleItem:
        """Make or replace a role; fields as in `RoleRequest`."""
        return self.send(identity.build_save_role(self._project, role, body))

    def delete_role(self, role: str) -> None:
        """Delete a role that nobody has."""
        self.send(identity.build_delete_role(self._project, role))

    def list_projects(self, *, offset: int = 0, limit: int = 100) -> ProjectList:
        """One page of the projects, by name: all for the server's admin, else one's own."""
        return self.send(identity.build_list_projects(offset=offset, limit=limit))

    def create_project(self, body: Body) -> NewProject:
        """Make a project and its first administrator; fields as in `ProjectRequest`."""
        return self.send(identity.build_create_project(body))

    def log_in(self, body: Body) -> identity.LoggedIn:
        """A token for account, user and password; fields as in `LogIn`. Needs no token."""
        return self.send(identity.build_log_in(body))

    def list_iam_projects(self, *, name: str = "") -> IamProjectList:
        """One's own project, under the asked name if any, as IAM shows it."""
        return self.send(identity.build_list_iam_projects(name=name))

    def list_iam_domains(self) -> IamDomainList:
        """One's own account, as IAM shows it."""
        return self.send(identity.build_list_iam_domains())

    def list_access_keys(self, *, user_id: str = "", offset: int = 0, limit: int = 100) -> AccessKeyList:
        """One page of the access keys, newest first: one's own, or those of `user_id`."""
        return self.send(
            credentials.build_list_access_keys(self._project, user_id=user_id, offset=offset, limit=limit)
        )

    def issue_access_key(self, body: Body, *, user_id: str = "") -> NewAccessKey:
        """Issue an access key for oneself or for `user_id`; fields as in `CredentialRequest`."""
        return self.send(credentials.build_issue_access_key(self._project, body, user_id=user_id))

    def change_access_key(self, access_key: str, body: Body) -> AccessKeyItem:
        """Enable, disable or describe an access key; fields as in `CredentialChange`."""
        return self.send(credentials.build_change_access_key(self._project, access_key, body))

    def rotate_access_key(self, access_key: str, body: Body) -> NewAccessKey:
        """A new access key in place of this one; fields as in `Rotation`."""
        return self.send(credentials.build_rotate_access_key(self._project, access_key, body))

    def delete_access_key(self, access_key: str) -> None:
        """Delete an access key."""
        self.send(credentials.build_delete_access_key(self._project, access_key))

    def list_tokens(self, *, user_id: str = "", offset: int = 0, limit: int = 100) -> TokenList:
        """One page of the tokens, newest first: one's own, or those of `user_id`."""
        return self.send(
            credentials.build_list_tokens(self._project, user_id=user_id, offset=offset, limit=limit)
        )

    def issue_token(self, body: Body, *, user_id: str = "") -> NewToken:
        """Issue a token for oneself or for `user_id`; fields as in `CredentialRequest`."""
        return self.send(credentials.build_issue_token(self._project, body, user_id=user_id))

    def change_token(self, token_id: str, body: Body) -> TokenItem:
        """Enable, disable or describe a token; fields as in `CredentialChange`."""
        return self.send(credentials.build_change_token(self._project, token_id, body))

    def rotate_token(self, token_id: str, body: Body) -> NewToken:
        """A new token in place of this one; fields as in `Rotation`."""
        return self.send(credentials.build_rotate_token(self._project, token_id, body))

    def delete_token(self, token_id: str) -> None:
        """Delete a token."""
        self.send(credentials.build_delete_token(self._project, token_id))
