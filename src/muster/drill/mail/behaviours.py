"""The local part of an address decides what becomes of a message; docs/reference/smtp-channel.md has the table."""

import re
from collections.abc import Mapping
from types import MappingProxyType

import msgspec


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to a message."""

    name: str
    at_rcpt: bytes = b""
    """How RCPT is answered; empty: it is taken."""
    at_dot: bytes = b""
    """How the final dot is answered; empty: the message is taken."""
    passes_later: bool = False
    """Whether RCPT is refused only the first times."""
    cuts_at_rcpt: bool = False
    cuts_in_content: bool = False
    cuts_at_dot: bool = False
    """Whether the connection is cut instead of an answer."""
    stores: bool = True
    """Whether a message whose answer is not to come is taken."""
    answers: bool = True
    slow: bool = False
    dribbles: bool = False
    """Whether the final dot is answered octet by octet."""
    closes: bool = False
    """Whether the connection is closed after the answer."""


PLAIN = Behaviour(name="taken")
_GREY = b"450 4.7.1 Greylisted, please come back later"
_CLOSING = b"421 4.3.2 Closing down"
BY_NAME: Mapping[str, Behaviour] = MappingProxyType(
    {
        one.name: one
        for one in (
            Behaviour(name="greylist", at_rcpt=_GREY, passes_later=True),
            Behaviour(name="unknown", at_rcpt=b"550 5.1.1 No such user here"),
            Behaviour(name="full", at_rcpt=b"452 4.2.2 Mailbox full"),
            Behaviour(name="spam", at_dot=b"554 5.7.1 Message refused as unwanted"),
            Behaviour(name="silent", answers=False, stores=True),
            Behaviour(name="droprcpt", cuts_at_rcpt=True, stores=False),
            Behaviour(name="dropdata", cuts_in_content=True, stores=False),
            Behaviour(name="dropkept", cuts_at_dot=True),
            Behaviour(name="droplost", cuts_at_dot=True, stores=False),
            Behaviour(name="slow", slow=True),
            Behaviour(name="bytes", dribbles=True),
            Behaviour(name="closing", at_rcpt=_CLOSING, closes=True),
            Behaviour(name="closingdot", at_dot=_CLOSING, closes=True),
        )
    }
)
_CODE = re.compile(r"(rcpt|data)([45][0-9]{2})(?:-([0-9]{1,2})-([0-9]{1,3}))?")


def behaviour_of(local: str) -> Behaviour:
    """What happens to messages to an address with this local part; what follows a plus sign or a dot does not count."""
    name = re.split(r"[+.]", local, maxsplit=1)[0].lower()
    known = BY_NAME.get(name)
    if known is not None:
        return known
    coded = _CODE.fullmatch(name)
    if coded is None:
        return PLAIN
    enhanced = f" {coded[2][0]}.{coded[3]}.{coded[4]}" if coded[3] is not None else ""
    answer = f"{coded[2]}{enhanced} As the address says".encode()
    if coded[1] == "rcpt":
        return Behaviour(name=name, at_rcpt=answer, closes=coded[2] == "421")
    return Behaviour(name=name, at_dot=answer, closes=coded[2] == "421")
