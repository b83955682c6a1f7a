"""Tokens and access keys (ours): of oneself, or with `?user_id=` of a user one may rule."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import JsonBody, answer_model, takes
from trainwright.server.dependencies import ServicesDep, needs, without_nul
from trainwright.server.routers.identity import Limit, Offset
from trainwright.services import credentials
from trainwright.wire.identity import (
    AccessKeyItem,
    AccessKeyList,
    CredentialChange,
    CredentialRequest,
    NewAccessKey,
    NewToken,
    Rotation,
    TokenItem,
    TokenList,
)

router = APIRouter(prefix="/v1/{project_id}", tags=["credentials"])

MayGet = Annotated[Principal, needs(Action.CREDENTIAL_GET)]
MayUpdate = Annotated[Principal, needs(Action.CREDENTIAL_UPDATE)]

OfUser = Annotated[
    str,
    Query(alias="user_id", max_length=128, description="Whose; the caller's own when left out."),
    AfterValidator(without_nul),
]
AccessKeyId = Annotated[
    str, Path(alias="access_key", max_length=128, description="An access key."), AfterValidator(without_nul)
]
TokenId = Annotated[
    str, Path(alias="token_id", max_length=128, description="Id of a token."), AfterValidator(without_nul)
]


@router.post(
    "/access-keys",
    operation_id="access_keys_issue",
    status_code=201,
    response_model=NewAccessKey,
    openapi_extra=takes(CredentialRequest),
)
async def issue_key(who: MayUpdate, ctx: ServicesDep, body: JsonBody, user_id: OfUser = "") -> Response:
    """Issue an access key. Its secret is in this answer and nowhere else."""
    return answer_model(await credentials.issue_key(ctx, who, user_id, body), 201)


@router.get("/access-keys", operation_id="access_keys_list", response_model=AccessKeyList)
async def list_keys(
    who: MayGet, ctx: ServicesDep, user_id: OfUser = "", offset: Offset = 0, limit: Limit = 100
) -> Response:
    """One page of the access keys, newest first."""
    return answer_model(await credentials.list_keys(ctx, who, user_id, offset=offset, limit=limit))


@router.put(
    "/access-keys/{access_key}",
    operation_id="access_keys_change",
    response_model=AccessKeyItem,
    openapi_extra=takes(CredentialChange),
)
async def change_key(key: AccessKeyId, who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Enable, disable or describe an access key. It counts at once."""
    return answer_model(await credentials.change_key(ctx, who, key, body))


@router.post(
    "/access-keys/{access_key}/rotation",
    operation_id="access_keys_rotate",
    status_code=201,
    response_model=NewAccessKey,
    openapi_extra=takes(Rotation),
)
async def rotate_key(key: AccessKeyId, who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Issue a new access key in place of this one, which works for the grace period yet."""
    return answer_model(await credentials.rotate_key(ctx, who, key, body), 201)


@router.delete("/access-keys/{access_key}", operation_id="access_keys_delete", status_code=204)
async def delete_key(key: AccessKeyId, who: MayUpdate, ctx: ServicesDep) -> Response:
    """Delete an access key."""
    await credentials.delete_key(ctx, who, key)
    return Response(status_code=204)


@router.post(
    "/tokens",
    operation_id="tokens_issue",
    status_code=201,
    response_model=NewToken,
    openapi_extra=takes(CredentialRequest),
)
async def issue_token(who: MayUpdate, ctx: ServicesDep, body: JsonBody, user_id: OfUser = "") -> Response:
    """Issue a token. It is in this answer and nowhere else."""
    return answer_model(await credentials.issue_token(ctx, who, user_id, body), 201)


@router.get("/tokens", operation_id="tokens_list", response_model=TokenList)
async def list_tokens(
    who: MayGet, ctx: ServicesDep, user_id: OfUser = "", offset: Offset = 0, limit: Limit = 100
) -> Response:
    """One page of the tokens, newest first; those with an id that begins with `login-` came of a password."""
    return answer_model(await credentials.list_tokens(ctx, who, user_id, offset=offset, limit=limit))


@router.put(
    "/tokens/{token_id}",
    operation_id="tokens_change",
    response_model=TokenItem,
    openapi_extra=takes(CredentialChange),
)
async def change_token(token_id: TokenId, who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Enable, disable or describe a token. It counts at once."""
    return answer_model(await credentials.change_token(ctx, who, token_id, body))


@router.post(
    "/tokens/{token_id}/rotation",
    operation_id="tokens_rotate",
    status_code=201,
    response_model=NewToken,
    openapi_extra=takes(Rotation),
)
async def rotate_token(token_id: TokenId, who: MayUpdate, ctx: ServicesDep, body: JsonBody) -> Response:
    """Issue a new token in place of this one, which works for the grace period yet."""
    return answer_model(await credentials.rotate_token(ctx, who, token_id, body), 201)


@router.delete("/tokens/{token_id}", operation_id="tokens_delete", status_code=204)
async def delete_token(token_id: TokenId, who: MayUpdate, ctx: ServicesDep) -> Response:
    """Delete a token."""
    await credentials.delete_token(ctx, who, token_id)
    return Response(status_code=204)
