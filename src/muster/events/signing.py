"""Ids and signatures of messages, by the Standard Webhooks specification. Pure."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from muster.ports.store.endpoints import Endpoint, SigningSecret

SECRET_BYTES = 32
"""How much chance a new secret holds (the specification wants 24 to 64 bytes)."""
_PREFIX = "whsec_"


def secret_of(random_bytes: bytes) -> str:
    """A secret as receivers' libraries take it."""
    return _PREFIX + base64.b64encode(random_bytes).decode()


def message_id(endpoint: UUID, sequence: int) -> str:
    """Names one event for one endpoint: the same on every retry and replay, so that a receiver can drop repeats."""
    digest = hashlib.sha256(endpoint.bytes + sequence.to_bytes(8)).digest()
    return "msg_" + base64.b32encode(digest[:20]).decode().lower()


def headers(endpoint: Endpoint, message: str, body: bytes, *, at: datetime) -> dict[str, str]:
    """The headers of one attempt made `at`: one signature for each secret that still holds, newest first."""
    seconds = int(at.timestamp())
    signed = f"{message}.{seconds}.".encode() + body
    return {
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(_sign(secret, signed) for secret in holding(endpoint.secrets, at=at)),
    }


def holding(secrets: Sequence[SigningSecret], *, at: datetime) -> tuple[SigningSecret, ...]:
    """Those of `secrets` that still sign."""
    return tuple(secret for secret in secrets if secret.until is None or secret.until > at)


def _sign(secret: SigningSecret, signed: bytes) -> str:
    key = binascii.a2b_base64(secret.value.removeprefix(_PREFIX))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
