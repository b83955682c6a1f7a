"""Tokens and access keys: issue, list, change, rotate, delete; of oneself, or of a user whom one may rule."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from trainwright.domain.access import Action
from trainwright.domain.errors import ActionDenied, CredentialNotFound, InvalidParam, TooManyCredentials
from trainwright.domain.texts import Text
from trainwright.ports.identity import AccessKey, Principal, Token
from trainwright.ports.uow import PLATFORM, UnitOfWork
from trainwright.services.context import Services
from trainwright.services.key_pairs import KeyPair, new_key_pair, seal_secret, unseal_secret
from trainwright.services.principals import hash_token, new_token
from trainwright.services.reading import scope_of
from trainwright.services.rights import check_may_rule
from trainwright.services.sealing import Unsealable
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
from trainwright.wire.parsing import parse

KEYS_MAX = 10
TOKENS_MAX = 50
_HOUR_MS = 3_600_000
_PAST = Text("it lies in the past", "该时间已过")

CredentialT = TypeVar("CredentialT", Token, AccessKey)


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """Whose an access key is, and the secret that its signatures are checked with."""

    principal: Principal
    secret: str = field(repr=False)


async def find_key(ctx: Services, access_key: str) -> KeyOwner | None:
    """The owner of an access key that counts."""
    return await ctx.blocking(_find_key, ctx, access_key)


async def issue_key(ctx: Services, who: Principal, user_id: str, raw: Mapping[str, Any]) -> NewAccessKey:
    """A new access key of `user_id` (empty: of the caller), with the only copy of its secret.

    Raises:
        InvalidParam, TooManyCredentials: it cannot be.
        ActionDenied, UserNotFound: not theirs to issue.
    """
    request = parse(CredentialRequest, raw)
    made = await ctx.blocking(_issue_key, ctx, who, user_id or who.user_id, request)
    ctx.credentials_changed()
    return made


async def list_keys(ctx: Services, who: Principal, user_id: str, *, offset: int, limit: int) -> AccessKeyList:
    """One page of the user's access keys, newest first. Raises as `issue_key`."""
    total, keys = await ctx.blocking(_list_keys, ctx, who, user_id or who.user_id, offset, limit)
    return AccessKeyList(total=total, access_keys=[_key_item(key) for key in keys])


async def change_key(ctx: Services, who: Principal, access_key: str, raw: Mapping[str, Any]) -> AccessKeyItem:
    """Enable, disable or describe it. Raises `CredentialNotFound`, `InvalidParam`, `ActionDenied`."""
    wanted = parse(CredentialChange, raw)
    key = await ctx.blocking(_change_key, ctx, who, access_key, wanted)
    ctx.credentials_changed()
    return _key_item(key)


async def rotate_key(ctx: Services, who: Principal, access_key: str, raw: Mapping[str, Any]) -> NewAccessKey:
    """A new access key of the same user; the old one works for the grace period yet. Raises as `change_key`."""
    wanted = parse(Rotation, raw)
    made = await ctx.blocking(_rotate_key, ctx, who, access_key, wanted)
    ctx.credentials_changed()
    return made


async def delete_key(ctx: Services, who: Principal, access_key: str) -> None:
    """Delete it. Raises `CredentialNotFound`, `ActionDenied`."""
    await ctx.blocking(_delete_key, ctx, who, access_key)
    ctx.credentials_changed()


async def issue_token(ctx: Services, who: Principal, user_id: str, raw: Mapping[str, Any]) -> NewToken:
    """A new token of `user_id` (empty: of the caller), with the only copy of it. Raises as `issue_key`."""
    request = parse(CredentialRequest, raw)
    return await ctx.blocking(_issue_token, ctx, who, user_id or who.user_id, request)


async def list_tokens(ctx: Services, who: Principal, user_id: str, *, offset: int, limit: int) -> TokenList:
    """One page of the user's tokens, newest first, those of log-ins included. Raises as `issue_key`."""
    total, tokens = await ctx.blocking(_list_tokens, ctx, who, user_id or who.user_id, offset, limit)
    return TokenList(total=total, tokens=[_token_item(token) for token in tokens])


async def change_token(ctx: Services, who: Principal, token_id: str, raw: Mapping[str, Any]) -> TokenItem:
    """Enable, disable (which ends the sessions opened with it) or describe it.

    Raises:
        CredentialNotFound, InvalidParam, ActionDenied: it cannot be.
    """
    wanted = parse(CredentialChange, raw)
    token = await ctx.blocking(_change_token, ctx, who, token_id, wanted)
    ctx.credentials_changed()
    return _token_item(token)


async def rotate_token(ctx: Services, who: Principal, token_id: str, raw: Mapping[str, Any]) -> NewToken:
    """A new token of the same user; the old one works for the grace period yet, sessions opened with it end now.

    Raises as `change_token`.
    """
    wanted = parse(Rotation, raw)
    made = await ctx.blocking(_rotate_token, ctx, who, token_id, wanted)
    ctx.credentials_changed()
    return made


async def delete_token(ctx: Services, who: Principal, token_id: str) -> None:
    """Delete it and the sessions opened with it. Raises `CredentialNotFound`, `ActionDenied`."""
    await ctx.blocking(_delete_token, ctx, who, token_id)
    ctx.credentials_changed()


def _find_key(ctx: Services, access_key: str) -> KeyOwner | None:
    with ctx.units(PLATFORM, write=False) as uow:
        found = uow.principals.find_by_access_key(access_key, ctx.clock.now_ms())
    if found is None:
        return None
    principal, key = found
    try:
        return KeyOwner(principal, unseal_secret(ctx.secret, key))
    except Unsealable:  # of another server's secret.key: nobody can sign with it here
        return None


def _issue_key(ctx: Services, who: Principal, user_id: str, request: CredentialRequest) -> NewAccessKey:
    with ctx.units(scope_of(who)) as uow:
        _check_user(uow, who, user_id)
        made = _add_key(ctx, uow, user_id, request.description, _checked_expiry(ctx, request))
        uow.commit()
    return made


def _list_keys(
    ctx: Services, who: Principal, user_id: str, offset: int, limit: int
) -> tuple[int, tuple[AccessKey, ...]]:
    with ctx.units(scope_of(who), write=False) as uow:
        _check_user(uow, who, user_id)
        return uow.principals.list_access_keys(user_id, offset=offset, limit=limit)


def _change_key(ctx: Services, who: Principal, access_key: str, wanted: CredentialChange) -> AccessKey:
    with ctx.units(scope_of(who)) as uow:
        key = _changed(_own(uow, who, uow.principals.get_access_key, access_key), wanted)
        uow.principals.save_access_key(key)
        uow.commit()
    return key


def _rotate_key(ctx: Services, who: Principal, access_key: str, wanted: Rotation) -> NewAccessKey:
    with ctx.units(scope_of(who)) as uow:
        key = _own(uow, who, uow.principals.get_access_key, access_key)
        uow.principals.save_access_key(_phased_out(ctx, key, wanted))
        made = _add_key(ctx, uow, key.user_id, key.description, _same_lifetime(ctx, key))
        uow.commit()
    return made


def _delete_key(ctx: Services, who: Principal, access_key: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        _own(uow, who, uow.principals.get_access_key, access_key)
        uow.principals.delete_access_key(access_key)
        uow.commit()


def _issue_token(ctx: Services, who: Principal, user_id: str, request: CredentialRequest) -> NewToken:
    with ctx.units(scope_of(who)) as uow:
        _check_user(uow, who, user_id)
        made = _add_token(ctx, uow, user_id, request.description, _checked_expiry(ctx, request))
        uow.commit()
    return made


def _list_tokens(
    ctx: Services, who: Principal, user_id: str, offset: int, limit: int
) -> tuple[int, tuple[Token, ...]]:
    with ctx.units(scope_of(who), write=False) as uow:
        _check_user(uow, who, user_id)
        return uow.principals.list_tokens(user_id, offset=offset, limit=limit)


def _change_token(ctx: Services, who: Principal, token_id: str, wanted: CredentialChange) -> Token:
    with ctx.units(scope_of(who)) as uow:
        token = _changed(_own(uow, who, uow.principals.get_token, token_id), wanted)
        uow.principals.save_token(token)
        if not token.enabled:
            uow.principals.drop_sessions(token_id)
        uow.commit()
    return token


def _rotate_token(ctx: Services, who: Principal, token_id: str, wanted: Rotation) -> NewToken:
    with ctx.units(scope_of(who)) as uow:
        token = _own(uow, who, uow.principals.get_token, token_id)
        uow.principals.save_token(_phased_out(ctx, token, wanted))
        uow.principals.drop_sessions(token_id)  # people sign in again, at once and with the new one
        made = _add_token(ctx, uow, token.user_id, token.description, _same_lifetime(ctx, token))
        uow.commit()
    return made


def _delete_token(ctx: Services, who: Principal, token_id: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        _own(uow, who, uow.principals.get_token, token_id)
        uow.principals.delete_token(token_id)
        uow.principals.drop_sessions(token_id)
        uow.commit()


def _check_user(uow: UnitOfWork, who: Principal, user_id: str) -> None:
    if user_id == who.user_id:
        return
    if not who.may(Action.USER_UPDATE):
        raise ActionDenied(action=Action.USER_UPDATE.value)
    check_may_rule(uow, who, uow.principals.get_user(user_id))


def _own(
    uow: UnitOfWork, who: Principal, get: Callable[[str], CredentialT], credential_id: str
) -> CredentialT:
    credential = get(credential_id)
    if credential.user_id != who.user_id:
        if not who.may(Action.USER_UPDATE):  # nobody else's business whether it exists
            raise CredentialNotFound(id=credential_id)
        check_may_rule(uow, who, uow.principals.get_user(credential.user_id))
    return credential


def _add_key(
    ctx: Services, uow: UnitOfWork, user_id: str, description: str, expires_at_ms: int
) -> NewAccessKey:
    now_ms = ctx.clock.now_ms()
    uow.principals.hold_project(uow.principals.get_user(user_id).project_id)  # others may issue, too
    uow.principals.drop_expired(user_id, now_ms)
    if uow.principals.list_access_keys(user_id, limit=0)[0] >= KEYS_MAX:
        raise TooManyCredentials(limit=KEYS_MAX)
    pair: KeyPair = new_key_pair()
    key = AccessKey(
        access_key=pair.access_key,
        user_id=user_id,
        sealed_secret=seal_secret(ctx.secret, pair),
        description=description,
        created_at_ms=now_ms,
        expires_at_ms=expires_at_ms,
    )
    uow.principals.add_access_key(key)
    return NewAccessKey(**_key_item(key).model_dump(), secret_key=pair.secret_key)


def _add_token(
    ctx: Services, uow: UnitOfWork, user_id: str, description: str, expires_at_ms: int
) -> NewToken:
    now_ms = ctx.clock.now_ms()
    uow.principals.hold_project(uow.principals.get_user(user_id).project_id)  # others may issue, too
    uow.principals.drop_expired(user_id, now_ms)
    if uow.principals.count_tokens(user_id) >= TOKENS_MAX:
        raise TooManyCredentials(limit=TOKENS_MAX)
    text = new_token()
    token = Token(
        id=secrets.token_hex(16),
        user_id=user_id,
        description=description,
        created_at_ms=now_ms,
        expires_at_ms=expires_at_ms,
    )
    uow.principals.add_token(token, hash_token(text))
    return NewToken(**_token_item(token).model_dump(), token=text)


def _checked_expiry(ctx: Services, request: CredentialRequest) -> int:
    if 0 < request.expires_at_ms <= ctx.clock.now_ms():
        raise InvalidParam(field="expires_at_ms", detail=_PAST)
    return request.expires_at_ms


def _changed(credential: CredentialT, wanted: CredentialChange) -> CredentialT:
    return replace(
        credential,
        description=credential.description if wanted.description is None else wanted.description,
        enabled=credential.enabled if wanted.enabled is None else wanted.enabled,
    )


def _phased_out(ctx: Services, credential: CredentialT, wanted: Rotation) -> CredentialT:
    end_ms = ctx.clock.now_ms() + wanted.grace_hours * _HOUR_MS
    sooner = credential.expires_at_ms and min(credential.expires_at_ms, end_ms)
    return replace(credential, expires_at_ms=sooner or end_ms)


def _same_lifetime(ctx: Services, credential: Token | AccessKey) -> int:
    if not credential.expires_at_ms:
        return 0
    return ctx.clock.now_ms() + max(credential.expires_at_ms - credential.created_at_ms, _HOUR_MS)


def _key_item(key: AccessKey) -> AccessKeyItem:
    return AccessKeyItem(
        access_key=key.access_key,
        user_id=key.user_id,
        description=key.description,
        enabled=key.enabled,
        created_at_ms=key.created_at_ms,
        expires_at_ms=key.expires_at_ms,
    )


def _token_item(token: Token) -> TokenItem:
    return TokenItem(
        id=token.id,
        user_id=token.user_id,
        description=token.description,
        enabled=token.enabled,
        created_at_ms=token.created_at_ms,
        expires_at_ms=token.expires_at_ms,
    )
