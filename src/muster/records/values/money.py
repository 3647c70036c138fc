"""Amounts of money, and what they are worth in the company's currency (specification B9). Pure.

A currency is told twice: by its ISO 4217 number (`Cur`) and by its letters (`Sym`). Either may be sent alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from muster.domain.records.money import CENT, Rate, rate_on
from muster.records.values.currencies import currency_numbered, currency_of, number_of
from muster.records.values.types import EXACT, Misfit, is_list, is_table, read_number

_ASKED: Final = ("locAmt", "locCur", "locSym")
_WORKED_OUT: Final = ("divAmt", "divCur", "divSym")
_SPELLED: Final = {name.lower(): name for name in (*_ASKED, *_WORKED_OUT)}
_NUMBERED: Final = ("locCur", "divCur")
_LETTERED: Final = ("locSym", "divSym")


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """How money is converted: the rates there are, into the company's currency, as of a day."""

    rates: Sequence[Rate]
    company: str
    day: date


def read_money(raw: object, before: object, exchange: Exchange) -> dict[str, object]:
    """An amount and its currency as they are kept, with what that is worth in the company's. Raises Misfit.

    The parts that are worked out here may be sent only as they were told: as they stand, or as they would become.
    """
    parts = _parts(raw)
    asked = read_number(parts.get("locAmt")), _currency(parts)
    if not any(name in parts for name in _WORKED_OUT):
        return worth(*asked, exchange)
    standing = next((one for one in _each(before) if _agrees(parts, one)), None)
    if standing is not None:
        return dict(standing)
    worked_out = worth(*asked, exchange)
    if not _agrees(parts, worked_out):
        raise Misfit
    return worked_out


def worth(amount: int | Decimal, currency: str, exchange: Exchange) -> dict[str, object]:
    """An amount in a currency as it is kept. Without a rate nobody knows what it is worth: None."""
    rate = rate_on(exchange.rates, company=exchange.company, transaction=currency, day=exchange.day)
    return {
        "locAmt": Decimal(amount),
        "locCur": number_of(currency),
        "locSym": currency,
        "divAmt": None if rate is None else _to_the_cent(EXACT.multiply(Decimal(amount), rate)),
        "divCur": number_of(exchange.company),
        "divSym": exchange.company,
    }


def again(value: object, exchange: Exchange) -> object:
    """Money as it is kept, worked out anew; what is none comes back as it is."""
    if is_list(value):
        return [again(one, exchange) for one in value]
    if not is_table(value):
        return value
    try:
        return worth(read_number(value.get("locAmt")), _lettered(value.get("locSym")) or "", exchange)
    except Misfit:
        return value


def _to_the_cent(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP, context=EXACT)


def _parts(raw: object) -> Mapping[str, object]:
    """The parts that are sent, by their names, however those are capitalized; currencies by their letters.

    Raises Misfit where there are others, or one twice, or what should name a currency does not. Null is not sent.
    """
    if not is_table(raw) or len(raw) > len(_SPELLED):
        raise Misfit
    parts: dict[str, object] = {}
    for key, value in raw.items():
        name = _SPELLED.get(key.lower()) if isinstance(key, str) else None
        if name is None or name in parts:
            raise Misfit
        parts[name] = _numbered(value) if name in _NUMBERED else _lettered(value) if name in _LETTERED else value
    return parts if None not in parts.values() else {name: one for name, one in parts.items() if one is not None}


def _currency(parts: Mapping[str, object]) -> str:
    said = {str(parts[name]) for name in ("locSym", "locCur") if name in parts}
    if len(said) != 1:
        raise Misfit
    return said.pop()


def _lettered(raw: object) -> str | None:
    """The currency that letters name. Raises Misfit."""
    if raw is None:
        return None
    letters = currency_of(raw) if isinstance(raw, str) else None
    if letters is None:
        raise Misfit
    return letters


def _numbered(raw: object) -> str | None:
    """The currency that a number names, or letters in its place. Raises Misfit."""
    if isinstance(raw, str) and not raw.strip().isdecimal():
        return _lettered(raw)
    number = None if raw is None else read_number(raw)
    letters = currency_numbered(number) if isinstance(number, int) else None
    if raw is not None and letters is None:
        raise Misfit
    return letters


def _agrees(parts: Mapping[str, object], told: Mapping[str, object]) -> bool:
    """Whether every part that is sent is what was told."""
    return all(_same(value, _as_sent(name, told.get(name))) for name, value in parts.items())


def _as_sent(name: str, told: object) -> object:
    """A part that was told in the form in which `_parts` gives it."""
    return currency_numbered(told) if name in _NUMBERED and isinstance(told, int) else told


def _same(sent: object, told: object) -> bool:
    if told is None or isinstance(told, str):
        return sent == told
    try:
        return read_number(sent) == told
    except Misfit:
        return False


def _each(before: object) -> Iterator[Mapping[str, object]]:
    for one in before if is_list(before) else (before,):
        if is_table(one):
            yield {key: value for key, value in one.items() if isinstance(key, str)}
