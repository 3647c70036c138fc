"""A text that a person sent back, and what it asks for."""

import unicodedata
from datetime import datetime
from enum import StrEnum

import msgspec


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One text from a person (mobile-originated)."""

    sender: str
    """Whom it is from, as the provider spells it."""
    recipient: str
    """The number or name it was sent to."""
    text: str
    received_at: datetime


class Wish(StrEnum):
    """What a reply asks for."""

    STOP = "stop"
    """Send me nothing more."""
    START = "start"
    """Send to me again."""


# The words that carriers in North America require (CTIA Messaging Principles, section 5.1.3), and those that Spanish
# and French speakers use.
_STOP = frozenset(
    {"stop", "stopall", "stop-all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt-out"}
    | {"alto", "baja", "parar", "cancelar", "arret", "arreter", "desabonner"}
)
_START = frozenset(
    {"start", "unstop", "subscribe", "optin", "opt-in", "alta", "iniciar", "comenzar", "reprendre", "demarrer"}
)


def wish_of(text: str) -> Wish | None:
    """What a whole text asks for; None for anything but exactly one of the words, whatever its case or accents."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    word = plain.strip(" \t\r\n.,;:!?\"'()-")
    if word in _STOP:
        return Wish.STOP
    return Wish.START if word in _START else None
