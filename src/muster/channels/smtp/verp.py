"""Return paths that say which letter came back (VERP), so that a bounce finds its entry whatever it says. Pure."""

import base64
import binascii
import hmac
from uuid import UUID

import msgspec

from muster.domain.ids import ChannelId, TenantId

_PREFIX = "b-"
_MAC_BYTES = 7
_MOST_NUMBER, _MOST_ATTEMPT = (1 << 32) - 1, 255
_TEXT = 52
"""Characters that 32 octets take in base32 without padding."""


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """What a return path stands for."""

    tenant: TenantId
    channel: ChannelId
    entry: UUID
    attempt: int

    @property
    def ref(self) -> str:
        """The letter's ref, as the channel gave it when it was handed over."""
        return f"{self.entry}/{self.attempt}"


def make(key: bytes, returned: Returned) -> str | None:
    """The local part of the return path; None where a number is too large to be written (2^32, attempt 256)."""
    if max(returned.tenant, returned.channel) > _MOST_NUMBER or returned.attempt > _MOST_ATTEMPT:
        return None
    told = (
        returned.tenant.to_bytes(4, "big")
        + returned.channel.to_bytes(4, "big")
        + returned.entry.bytes
        + returned.attempt.to_bytes(1, "big")
    )
    return _PREFIX + base64.b32encode(told + _mac(key, told)).decode("ascii").rstrip("=").lower()


def read(key: bytes, local: str) -> Returned | None:
    """What the local part stands for, in any letter case; None when it is not one that `make` made with this key."""
    if len(local) != len(_PREFIX) + _TEXT or local[: len(_PREFIX)].lower() != _PREFIX or not local.isascii():
        return None
    try:
        whole = base64.b32decode(local[len(_PREFIX) :].upper() + "====")
    except binascii.Error:
        return None
    told, mac = whole[:-_MAC_BYTES], whole[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(key, told)):
        return None
    return Returned(
        tenant=TenantId(int.from_bytes(told[:4], "big")),
        channel=ChannelId(int.from_bytes(told[4:8], "big")),
        entry=UUID(bytes=told[8:24]),
        attempt=told[24],
    )


def _mac(key: bytes, told: bytes) -> bytes:
    return hmac.digest(key, told, "sha256")[:_MAC_BYTES]
