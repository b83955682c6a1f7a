"""Tokens and access keys, one's own or those of a user one may rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trainwright.client.requests import Request, make_request, model_parser, parse_nothing
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import identity
else:
    identity = deferred("trainwright.wire.identity")

Body = Mapping[str, object]


def build_list_access_keys(
    project_id: str, *, user_id: str = "", offset: int = 0, limit: int = 100
) -> Request[identity.AccessKeyList]:
    """One page of the access keys, newest first: one's own, or those of `user_id`."""
    return make_request(
        "GET",
        "/v1/{project_id}/access-keys",
        model_parser(identity.AccessKeyList),
        path={"project_id": project_id},
        query={"user_id": user_id or None, "offset": offset, "limit": limit},
    )


def build_issue_access_key(
    project_id: str, body: Body, *, user_id: str = ""
) -> Request[identity.NewAccessKey]:
    """Issue an access key for oneself or for `user_id`; fields as in `CredentialRequest`."""
    return make_request(
        "POST",
        "/v1/{project_id}/access-keys",
        model_parser(identity.NewAccessKey),
        path={"project_id": project_id},
        query={"user_id": user_id or None},
        body=body,
    )


def build_change_access_key(project_id: str, access_key: str, body: Body) -> Request[identity.AccessKeyItem]:
    """Enable, disable or describe an access key; fields as in `CredentialChange`."""
    return make_request(
        "PUT",
        "/v1/{project_id}/access-keys/{access_key}",
        model_parser(identity.AccessKeyItem),
        path={"project_id": project_id, "access_key": access_key},
        body=body,
    )


def build_rotate_access_key(project_id: str, access_key: str, body: Body) -> Request[identity.NewAccessKey]:
    """A new access key in place of this one; fields as in `Rotation`."""
    return make_request(
        "POST",
        "/v1/{project_id}/access-keys/{access_key}/rotation",
        model_parser(identity.NewAccessKey),
        path={"project_id": project_id, "access_key": access_key},
        body=body,
    )


def build_delete_access_key(project_id: str, access_key: str) -> Request[None]:
    """Delete an access key."""
    return make_request(
        "DELETE",
        "/v1/{project_id}/access-keys/{access_key}",
        parse_nothing,
        path={"project_id": project_id, "access_key": access_key},
    )


def build_list_tokens(
    project_id: str, *, user_id: str = "", offset: int = 0, limit: int = 100
) -> Request[identity.TokenList]:
    """One page of the tokens, newest first: one's own, or those of `user_id`."""
    return make_request(
        "GET",
        "/v1/{project_id}/tokens",
        model_parser(identity.TokenList),
        path={"project_id": project_id},
        query={"user_id": user_id or None, "offset": offset, "limit": limit},
    )


def build_issue_token(project_id: str, body: Body, *, user_id: str = "") -> Request[identity.NewToken]:
    """Issue a token for oneself or for `user_id`; fields as in `CredentialRequest`."""
    return make_request(
        "POST",
        "/v1/{project_id}/tokens",
        model_parser(identity.NewToken),
        path={"project_id": project_id},
        query={"user_id": user_id or None},
        body=body,
    )


def build_change_token(project_id: str, token_id: str, body: Body) -> Request[identity.TokenItem]:
    """Enable, disable or describe a token; fields as in `CredentialChange`."""
    return make_request(
        "PUT",
        "/v1/{project_id}/tokens/{token_id}",
        model_parser(identity.TokenItem),
        path={"project_id": project_id, "token_id": token_id},
        body=body,
    )


def build_rotate_token(project_id: str, token_id: str, body: Body) -> Request[identity.NewToken]:
    """A new token in place of this one; fields as in `Rotation`."""
    return make_request(
        "POST",
        "/v1/{project_id}/tokens/{token_id}/rotation",
        model_parser(identity.NewToken),
        path={"project_id": project_id, "token_id": token_id},
        body=body,
    )


def build_delete_token(project_id: str, token_id: str) -> Request[None]:
    """Delete a token."""
    return make_request(
        "DELETE",
        "/v1/{project_id}/tokens/{token_id}",
        parse_nothing,
        path={"project_id": project_id, "token_id": token_id},
    )
