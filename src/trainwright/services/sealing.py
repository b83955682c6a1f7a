"""Secrets at rest: AES-256-GCM under a key made from the server's own secret, which lies outside the database."""

import base64
import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class Unsealable(Exception):
    """It was sealed with another server's secret, for another purpose, or it is damaged."""


def seal(secret: bytes, text: str, *, purpose: str) -> str:
    """`text`, encrypted and authenticated, as URL-safe base64; another text each time.

    `purpose` says what it is and whose: what was sealed for one purpose cannot be passed off as another.
    """
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _cipher(secret).encrypt(nonce, text.encode(), purpose.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode("ascii")


def unseal(secret: bytes, sealed: str, *, purpose: str) -> str:
    """What was sealed.

    Raises:
        Unsealable: not with this secret, not for this purpose, or it is damaged.
    """
    try:
        raw = base64.urlsafe_b64decode(sealed.encode("ascii"))
        return _cipher(secret).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose.encode()).decode()
    except (InvalidTag, ValueError) as exc:
        raise Unsealable(purpose) from exc


def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(hashlib.sha256(b"trainwright seal\0" + secret).digest())
