"""Who a token belongs to, and the first user. Tokens are random, shown once, and stored as SHA-256 only."""

import hashlib
import secrets
from dataclasses import dataclass, field, replace

from trainwright.domain.access import ADMINISTRATOR, allowed_by
from trainwright.domain.errors import AttemptClosed, NoCredentials
from trainwright.ports.identity import AccessKey, Principal, Token, User
from trainwright.ports.uow import PLATFORM, UnitOfWorkFactory
from trainwright.services.context import Services
from trainwright.services.key_pairs import KeyPair, new_key_pair, seal_secret
from trainwright.services.tokens import JOB_PREFIX, verify_job

TOKEN_PREFIX = "tw_"
ADMIN_NAME = "admin"
DEFAULT_ACCOUNT = "default"
FIRST = "first"
OBJECT_ACTIONS = allowed_by(["obs:*"])
"""What a job may do with its token, as far as its owner may."""


@dataclass(frozen=True, slots=True)
class FirstSecrets:
    """What the first user proves who they are with."""

    token: str = field(repr=False)
    pair: KeyPair


@dataclass(frozen=True, slots=True)
class NewAdmin:
    """The admin that was just made, with the only copy of their secrets."""

    user: User
    secrets: FirstSecrets

    @property
    def token(self) -> str:
        """The token."""
        return self.secrets.token


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
    secret: bytes,
    user_name: str = ADMIN_NAME,
    project_id: str | None = None,
    first: FirstSecrets | None = None,
) -> NewAdmin | None:
    """Create the first user with the default project, a token and an access key; None when there are users already.

    Blocking. `secret` seals the key's secret. `project_id` None: a random one of 32 hex characters, as ModelArts has
    them. `first` None: new ones; a caller that must not lose them to a crash makes and stores them, then passes them.
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
        first = first or FirstSecrets(new_token(), new_key_pair())
        token = Token(id=secrets.token_hex(16), user_id=user.id, description=FIRST, created_at_ms=now_ms)
        key = AccessKey(
            access_key=first.pair.access_key,
            user_id=user.id,
            sealed_secret=seal_secret(secret, first.pair),
            description=FIRST,
            created_at_ms=now_ms,
        )
        uow.principals.add_user(user, now_ms, project_name=DEFAULT_ACCOUNT)
        uow.principals.add_token(token, hash_token(first.token))
        uow.principals.add_access_key(key)
        uow.commit()
    return NewAdmin(user, first)


async def authenticate(ctx: Services, token: str) -> Principal:
    """The owner of `token`. That of a job stands for the job's owner, who with it may only reach objects.

    Raises:
        NoCredentials: nobody's, or disabled; the job's attempt has ended.
    """
    if token.startswith(JOB_PREFIX):
        principal = await ctx.blocking(_find_job_owner, ctx, verify_job(ctx.secret, token))
    else:
        principal = await ctx.blocking(_find, ctx, hash_token(token))
    if principal is None:
        raise NoCredentials
    return principal


def _find(ctx: Services, token_hash: str) -> Principal | None:
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.principals.find_by_token(token_hash, ctx.clock.now_ms())


def _find_job_owner(ctx: Services, attempt_key: str) -> Principal | None:
    """Whose job that attempt is, while it is open, with what of their rights a job has."""
    if not attempt_key:
        return None
    with ctx.units(PLATFORM, write=False) as uow:
        try:
            job, _ = uow.attempts.get_live(attempt_key)
        except AttemptClosed:
            return None
        owner = uow.principals.find_owner(job.user_id)
    if owner is None or owner.project_id != job.project_id:
        return None
    allowed = frozenset(action for action in OBJECT_ACTIONS if owner.may(action))
    return replace(owner, is_admin=False, actions=allowed)
