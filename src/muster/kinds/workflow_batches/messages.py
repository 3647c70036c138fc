"""The texts that customers get, and the links in them."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from uuid import UUID

from muster.kinds import addresses

DEFAULT_INTRODUCTION = "Please continue here:"
"""What precedes the link where neither template nor entry brings an introductory message."""
REMINDER = "Reminder:"
"""Opens a text that reminds."""
OVER = "Your link has expired"
"""The last text."""
TOKEN_BYTES = 16
"""128 bits: nobody guesses a link."""
_AREA = 2


def comparable(address: str) -> str:
    """The phone number in E.164 form; what is no phone number comes back as it is."""
    return addresses.phone(address)


def text_of(memo: str, introduction: str, link: str) -> str:
    """The message: memo, introduction, link, one space between them."""
    return f"{memo} {introduction} {link}" if memo else f"{introduction} {link}"


def last_text(memo: str) -> str:
    """What a customer is told when time ran out: no link, as there is none any more."""
    return f"{OVER}: {memo}" if memo else f"{OVER}."


def link_token(link_key: bytes, workflow: UUID) -> str:
    """The 24 characters that end a workflow's link: derived, so that nothing has to be stored for it."""
    return Tokens(link_key).of(workflow.bytes)


def token_hash(token: str) -> bytes:
    """The 32 octets by which a workflow is found: the token's area, then its SHA-256 without the last two.

    Raises ValueError for what is no token.
    """
    return urlsafe_b64decode(token)[:_AREA] + sha256(token.encode()).digest()[:-_AREA]


class Tokens:
    """Link tokens under one key, which is made ready once for all of them.

    In front of its 128 secret bits a token has two octets that tell its area: workflows of one batch share it in runs
    of 512. Hashes begin with it, so the index that finds them is written in a few places and not all over. That halves
    what opening a workflow costs.
    """

    def __init__(self, link_key: bytes) -> None:
        self._keyed = hmac.new(link_key, digestmod="sha256")

    def of(self, workflow: bytes) -> str:
        """The token of the workflow with these 16 octets for an id."""
        mac = self._keyed.copy()
        mac.update(workflow)
        area = int.from_bytes(workflow[:_AREA], "big") + (int.from_bytes(workflow[12:], "big") >> 9)
        return urlsafe_b64encode((area & 0xFFFF).to_bytes(_AREA, "big") + mac.digest()[:TOKEN_BYTES]).decode()
