"""How what belongs to notifications is spelled: three letters, then groups of four digits. Inside, all are numbers."""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

DIGITS = 4
"""Digits of a group."""


class Prefix(StrEnum):
    """What an id names, by its letters."""

    BATCH = "MST"
    CATEGORY = "NTC"
    CONTACT = "CTT"
    MESSAGE = "MSG"
    SUBSCRIBER = "NTS"
    ATTACHMENT = "ATT"
    ACCOUNT = "ACC"
    BUYER = "BUY"
    USER = "USR"
    GROUP = "UGR"
    TOKEN = "TKN"  # noqa: S105 - letters of an id, no secret


GROUPS: Mapping[str, int] = MappingProxyType(
    {
        Prefix.BATCH: 3,
        Prefix.CATEGORY: 2,
        Prefix.CONTACT: 2,
        Prefix.MESSAGE: 4,
        Prefix.SUBSCRIBER: 3,
        Prefix.ATTACHMENT: 3,
        Prefix.ACCOUNT: 2,
        Prefix.BUYER: 2,
        Prefix.USER: 2,
        Prefix.GROUP: 2,
        Prefix.TOKEN: 2,
    }
)
"""How many groups of digits each has."""
_SPELLED: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {prefix: re.compile(rf"{prefix}(?:-[0-9]{{{DIGITS}}}){{{groups}}}") for prefix, groups in GROUPS.items()}
)


def spell(prefix: str, number: int) -> str:
    """The id of the thing with this number: `MST-0000-0000-0001`."""
    digits = f"{number:0{DIGITS * GROUPS[prefix]}d}"
    return "-".join([prefix, *(digits[at : at + DIGITS] for at in range(0, len(digits), DIGITS))])


def read(prefix: str, text: str) -> int | None:
    """The number in an id; None where the text is no id of this sort. 0 is a number that nothing has."""
    if not _SPELLED[prefix].fullmatch(text):
        return None
    return int(text[len(prefix) :].replace("-", ""))
