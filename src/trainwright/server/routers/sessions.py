"""Sessions of the console: sign in, look who is signed in, sign out. The token lies in a cookie no script can read."""

import ipaddress
from typing import Any, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.responses import Response

from trainwright.domain.errors import NoCredentials
from trainwright.domain.texts import Language
from trainwright.ports.identity import Principal
from trainwright.server.answers import JsonBody, answer_model, takes
from trainwright.server.audit_watch import note_sign_in
from trainwright.server.cookies import CLEARED, SESSION_PATH, session_cookie
from trainwright.server.dependencies import LanguageDep, ServicesDep, wiring_of
from trainwright.server.private_files import read_json
from trainwright.server.routers.health import VERSION
from trainwright.services import sessions
from trainwright.services.context import Services
from trainwright.wire.sessions import FirstSignIn, SessionChange, SessionItem, SignIn

router = APIRouter(tags=["sessions"])

_OF_PROXIES = ("forwarded", "via", "x-forwarded-", "x-real-ip")


@router.post(
    SESSION_PATH,
    operation_id="session_open",
    status_code=201,
    response_model=SessionItem,
    openapi_extra=takes(SignIn),
)
async def open_session(request: Request, ctx: ServicesDep, language: LanguageDep, body: JsonBody) -> Response:
    """Sign in with name and password, or with a token; the answer sets the session's cookie, good for a day.

    A session that the browser had before ends. Programs need none of this: they send their token with every request.
    """
    note_sign_in(request, body)
    session = await sessions.sign_in(ctx, body)
    if before := _token(request):
        await sessions.sign_out(ctx, before)
    item = await sessions.describe(ctx, session.who, session.token, language=language.value, version=VERSION)
    answer = _private(item, 201)
    lifetime_s = -((ctx.clock.now_ms() - session.expires_at_ms) // 1000)
    cookie = session_cookie(request.scope, session.token, lifetime_s, ctx.public_url)
    answer.headers["Set-Cookie"] = cookie
    return answer


@router.get(SESSION_PATH, operation_id="session_show", response_model=SessionItem)
async def show_session(request: Request, ctx: ServicesDep, language: LanguageDep) -> Response:
    """Who calls and what they may do, whatever they prove it with; `signed_in` is false for nobody.

    To a session it tells the `csrf_token`, which its requests must carry as X-CSRF-Token when they change anything.
    """
    who = _principal(request)
    if who is not None:
        return _private(await _described(request, ctx, who, language))
    first = await _first_run(request, ctx)
    answer = _private(SessionItem(signed_in=False, first_run=first, language=language.value, version=VERSION))
    if getattr(request.state, "session_ended", False):
        answer.headers["Set-Cookie"] = CLEARED
    return answer


@router.put(
    SESSION_PATH,
    operation_id="session_change",
    response_model=SessionItem,
    openapi_extra=takes(SessionChange),
)
async def change_session(
    request: Request, ctx: ServicesDep, language: LanguageDep, body: JsonBody
) -> Response:
    """Go on in another of one's `projects`. There is one: a user belongs to one project."""
    who = _principal(request)
    if who is None:
        raise NoCredentials
    await sessions.change_project(ctx, who, body)
    return _private(await _described(request, ctx, who, language))


@router.delete(SESSION_PATH, operation_id="session_close", status_code=204, response_class=Response)
async def close_session(request: Request, ctx: ServicesDep) -> Response:
    """Sign out: the session's cookie never works again. Without a session nothing happens."""
    if token := _token(request):
        await sessions.sign_out(ctx, token)
    return Response(status_code=204, headers={"Set-Cookie": CLEARED, "Cache-Control": "no-store"})


def _principal(request: Request) -> Principal | None:
    return cast(Principal | None, getattr(request.state, "principal", None))


def _token(request: Request) -> str:
    return cast(str, getattr(request.state, "session", ""))


def _private(item: SessionItem, status: int = 200) -> Response:
    answer = answer_model(item, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _described(request: Request, ctx: Services, who: Principal, language: Language) -> SessionItem:
    return await sessions.describe(ctx, who, _token(request), language=language.value, version=VERSION)


async def _first_run(request: Request, ctx: Services) -> FirstSignIn | None:
    """Where the first administrator's token lies, for somebody at this very machine who has no other way in yet.

    The file is private; its path is a help, no secret. Still nobody else is told: not who comes through a proxy, and no
    page of another name that was made to mean this machine.
    """
    path = wiring_of(request).admin_file
    if path is None or not _is_at_this_machine(request):
        return None
    known: dict[str, Any] = await ctx.blocking(read_json, path)
    token = known.get("token")
    if not isinstance(token, str) or not await sessions.waits_for_first(ctx, token):
        return None
    return FirstSignIn(token_file=str(path))


def _is_at_this_machine(request: Request) -> bool:
    if any(name.startswith(_OF_PROXIES) for name in request.headers):
        return False
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    client = request.client.host if request.client else ""
    return _is_loopback(client) and (host == "localhost" or _is_loopback(host))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
