"""The token in the link that takes a contact off a category: everything it stands for is in it, and signed."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import msgspec

from muster.domain.ids import CategoryNumber, ContactNumber, TenantId

_PURPOSE: Final = b"opt-out"
"""The key signs other things too."""
_TENANT, _NUMBER, _MAC = 4, 5, 16
_SPELLED: Final = re.compile(r"[A-Za-z0-9_-]{40}")
"""30 octets in base64url (RFC 4648, section 5), which need no padding."""


class Wish(msgspec.Struct, frozen=True):
    """Whose link it is, and which category its message belonged to."""

    tenant: TenantId
    contact: ContactNumber
    category: CategoryNumber


class Tokens:
    """Tokens under one key, which is made ready once for all of them."""

    def __init__(self, link_key: bytes) -> None:
        self._keyed = hmac.new(link_key, _PURPOSE, "sha256")

    def of(self, wish: Wish) -> str:
        """The 40 characters that end the link."""
        said = (
            wish.tenant.to_bytes(_TENANT, "big")
            + wish.contact.to_bytes(_NUMBER, "big")
            + wish.category.to_bytes(_NUMBER, "big")
        )
        return urlsafe_b64encode(said + self._mac(said)).decode()

    def read(self, token: str) -> Wish | None:
        """What `token` stands for; None for one that was not made under this key."""
        if not _SPELLED.fullmatch(token):
            return None
        octets = urlsafe_b64decode(token)
        said, mac = octets[:-_MAC], octets[-_MAC:]
        if not hmac.compare_digest(mac, self._mac(said)):
            return None
        tenant, contact, category = said[:_TENANT], said[_TENANT:-_NUMBER], said[-_NUMBER:]
        return Wish(
            TenantId(int.from_bytes(tenant, "big")),
            ContactNumber(int.from_bytes(contact, "big")),
            CategoryNumber(int.from_bytes(category, "big")),
        )

    def _mac(self, said: bytes) -> bytes:
        keyed = self._keyed.copy()
        keyed.update(said)
        return keyed.digest()[:_MAC]
