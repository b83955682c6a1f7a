"""Access keys and their secrets: made at random, and sealed at rest, because signatures are checked with the secret."""

import secrets
import string
from dataclasses import dataclass, field

from trainwright.ports.identity import AccessKey
from trainwright.services.sealing import seal, unseal

ACCESS_KEY_LENGTH = 20
SECRET_KEY_LENGTH = 40
_ACCESS_KEY_CHARACTERS = string.ascii_uppercase + string.digits
_SECRET_KEY_CHARACTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An access key with its secret, before it is sealed."""

    access_key: str
    secret_key: str = field(repr=False)


def new_key_pair() -> KeyPair:
    """A random one, in the form of those of the cloud."""
    return KeyPair(
        "".join(secrets.choice(_ACCESS_KEY_CHARACTERS) for _ in range(ACCESS_KEY_LENGTH)),
        "".join(secrets.choice(_SECRET_KEY_CHARACTERS) for _ in range(SECRET_KEY_LENGTH)),
    )


def seal_secret(secret: bytes, pair: KeyPair) -> str:
    """The pair's secret for `AccessKey.sealed_secret`; it opens for this access key only."""
    return seal(secret, pair.secret_key, purpose=_purpose(pair.access_key))


def unseal_secret(secret: bytes, key: AccessKey) -> str:
    """The secret of a stored key. Raises `sealing.Unsealable`."""
    return unseal(secret, key.sealed_secret, purpose=_purpose(key.access_key))


def _purpose(access_key: str) -> str:
    return f"access key {access_key}"
