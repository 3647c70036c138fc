"""Currencies by their letters and by their numbers (ISO 4217, those in use now). Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from iso4217 import Currency

_NUMBERS: Mapping[str, int] = MappingProxyType({one.code: one.number for one in Currency})
_LETTERS: Mapping[int, str] = MappingProxyType({number: letters for letters, number in _NUMBERS.items()})
_LONGEST = 12
"""Characters of what may name a currency, blanks around it included."""


def currency_of(letters: str) -> str | None:
    """The three capital letters of a currency, however they are written; None of what is none."""
    code = letters.strip().upper() if len(letters) <= _LONGEST else ""
    return code if code in _NUMBERS else None


def currency_numbered(number: int) -> str | None:
    """The letters of the currency with this number; None where there is none."""
    return _LETTERS.get(number)


def number_of(letters: str) -> int | None:
    """The number of a currency: 840 of USD; None of what is none."""
    return _NUMBERS.get(letters)
