"""Users and their tokens. Tokens are random, shown once, and stored as SHA-256 only."""

import hashlib
import secrets
from dataclasses import dataclass, field

from trainwright.domain.access import ADMINISTRATOR
from trainwright.domain.errors import NoCredentials
from trainwright.ports.identity import Principal, Token, User
from trainwright.ports.uow import PLATFORM, UnitOfWorkFactory
from trainwright.services.context import Services

TOKEN_PREFIX = "tw_"
ADMIN_NAME = "admin"
DEFAULT_ACCOUNT = "default"


@dataclass(frozen=True, slots=True)
class NewAdmin:
    """The admin that was just made, with the only copy of the token."""

    user: User
    token: str = field(repr=False)


def hash_token(token: str) -> str:
    """What is stored of a token: lower-case hex SHA-256. Tokens are random, so no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def new_token() -> str:
    """A random token."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def bootstrap_admin(
    units: UnitOfWorkFactory,
    now_ms: int,
    *,
    user_name: str = ADMIN_NAME,
    project_id: str | None = None,
    token: str | None = None,
) -> NewAdmin | None:
    """Create the first user with the default project and a token; None, changing nothing, when there are users.

    Blocking. `project_id` None: a random one of 32 hex characters, as ModelArts has them. `token` None: a new one; a
    caller that must not lose it to a crash makes it with `new_token`, stores it first, and passes it.
    """
    with units(PLATFORM) as uow:
        if uow.principals.has_users():
            return None
        user = User(
            id=secrets.token_hex(16),
            name=user_name,
            project_id=project_id or secrets.token_hex(16),
            is_admin=True,
            roles=(ADMINISTRATOR,),
        )
        token = token or new_token()
        first = Token(id=secrets.token_hex(16), user_id=user.id, description="first", created_at_ms=now_ms)
        uow.principals.add_user(user, now_ms, project_name=DEFAULT_ACCOUNT)
        uow.principals.add_token(first, hash_token(token))
        uow.commit()
    return NewAdmin(user, token)


async def authenticate(ctx: Services, token: str) -> Principal:
    """The owner of `token`.

    Raises:
        NoCredentials: nobody's, or disabled.
    """
    principal = await ctx.blocking(_find, ctx, hash_token(token))
    if principal is None:
        raise NoCredentials
    return principal


def _find(ctx: Services, token_hash: str) -> Principal | None:
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.principals.find_by_token(token_hash, ctx.clock.now_ms())
