"""Which numbers the sandbox treats in which way, and how a card's brand is told from its number: tables."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Fate(StrEnum):
    """What becomes of an account and of the money that is to move. The values are written into tokens: permanent."""

    APPROVE = "approve"
    REFUSE = "refuse"
    """The account itself is declined."""
    OUTDATED = "outdated"
    """The account is declined because the card is not valid any more."""
    POOR = "poor"
    """The account is taken; moving money is declined."""
    DELAY = "delay"
    """Moving money is decided after a while: it moves."""
    DELAY_REFUSE = "delayrefuse"
    """Moving money is decided after a while: it is declined."""
    ABSENT = "absent"
    """The executor cannot be reached when it is asked for the first time; then the money moves."""


CARDS: Mapping[str, Fate] = MappingProxyType(
    {
        "4242424242424242": Fate.APPROVE,
        "5555555555554444": Fate.APPROVE,
        "378282246310005": Fate.APPROVE,
        "6011111111111117": Fate.APPROVE,
        "4000000000000002": Fate.REFUSE,
        "4000000000000069": Fate.OUTDATED,
        "4000000000009995": Fate.POOR,
        "4000000000003006": Fate.DELAY,
        "4000000000006009": Fate.DELAY_REFUSE,
        "4000000000007007": Fate.ABSENT,
    }
)
"""By the card's number. Every other number is approved."""

BANK_ACCOUNTS: Mapping[str, Fate] = MappingProxyType(
    {
        "000123456789": Fate.APPROVE,
        "000111111113": Fate.REFUSE,
        "000111111116": Fate.POOR,
        "000111111119": Fate.DELAY,
        "000111111122": Fate.DELAY_REFUSE,
        "000111111125": Fate.ABSENT,
    }
)
"""By the account's number, at whatever bank. Every other number is approved."""

US_ROUTING, CANADIAN_ROUTING = "110000000", "000305120"
"""Routing numbers that pass every check."""

_BRANDS: tuple[tuple[int, int, str], ...] = (
    (340_000, 349_999, "American Express"),
    (370_000, 379_999, "American Express"),
    (352_800, 358_999, "JCB"),
    (300_000, 305_999, "Diners Club"),
    (360_000, 369_999, "Diners Club"),
    (380_000, 399_999, "Diners Club"),
    (400_000, 499_999, "Visa"),
    (510_000, 559_999, "Mastercard"),
    (222_100, 272_099, "Mastercard"),
    (601_100, 601_199, "Discover"),
    (644_000, 659_999, "Discover"),
    (620_000, 629_999, "UnionPay"),
)
"""First and last of the six leading digits (ISO/IEC 7812-1), both inclusive."""


def brand(card: str) -> str:
    """The brand of a card by its leading digits; `Card` for one that is not known."""
    leading = int(card[:6])
    return next((name for first, last, name in _BRANDS if first <= leading <= last), "Card")
