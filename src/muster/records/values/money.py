"""Amounts of money, and what they are worth in the company's currency (specification B9). Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from muster.domain.records.money import CENT, Rate, rate_on
from muster.records.values.types import EXACT, Misfit, is_list, is_table, read_number

_ASKED: Final = ("locAmt", "locCur", "locSym")
_WORKED_OUT: Final = ("divAmt", "divCur", "divSym")
_SPELLED: Final = {name.lower(): name for name in (*_ASKED, *_WORKED_OUT)}
_CODE: Final = 3


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
    standing = next((one for one in _each(before) if _agrees(parts, one)), None)
    if standing is not None and any(parts.get(name) is not None for name in _WORKED_OUT):
        return dict(standing)
    worked_out = worth(read_number(parts.get("locAmt")), _currency(parts), exchange)
    if not _agrees(parts, worked_out):
        raise Misfit
    return worked_out


def worth(amount: int | Decimal, currency: str, exchange: Exchange) -> dict[str, object]:
    """An amount in a currency as it is kept. Without a rate nobody knows what it is worth: None."""
    rate = rate_on(exchange.rates, company=exchange.company, transaction=currency, day=exchange.day)
    return {
        "locAmt": Decimal(amount),
        "locCur": currency,
        "locSym": currency,
        "divAmt": None if rate is None else _to_the_cent(EXACT.multiply(Decimal(amount), rate)),
        "divCur": exchange.company,
        "divSym": exchange.company,
    }


def again(value: object, exchange: Exchange) -> object:
    """Money as it is kept, worked out anew; what is none comes back as it is."""
    if is_list(value):
        return [again(one, exchange) for one in value]
    if not is_table(value):
        return value
    try:
        return worth(read_number(value.get("locAmt")), _currency({"locSym": value.get("locSym")}), exchange)
    except Misfit:
        return value


def _to_the_cent(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP, context=EXACT)


def _parts(raw: object) -> Mapping[str, object]:
    """The parts by their names, however those are capitalized. Raises Misfit where there are others, or one twice."""
    if not is_table(raw) or len(raw) > len(_SPELLED):
        raise Misfit
    parts: dict[str, object] = {}
    for key, value in raw.items():
        name = _SPELLED.get(key.lower()) if isinstance(key, str) else None
        if name is None or name in parts:
            raise Misfit
        parts[name] = value
    return parts


def _currency(parts: Mapping[str, object]) -> str:
    said = {_code(parts[name]) for name in ("locSym", "locCur") if parts.get(name) is not None}
    if len(said) != 1:
        raise Misfit
    return said.pop()


def _code(raw: object) -> str:
    if not isinstance(raw, str) or len(raw) > 2 * _CODE:
        raise Misfit
    code = raw.strip().upper()
    if len(code) != _CODE or not (code.isascii() and code.isalpha()):
        raise Misfit
    return code


def _agrees(parts: Mapping[str, object], told: Mapping[str, object]) -> bool:
    """Whether every part that is sent is what was told; parts that are null are not sent."""
    return all(_same(value, told.get(name)) for name, value in parts.items() if value is not None)


def _same(sent: object, told: object) -> bool:
    if isinstance(told, str):
        return isinstance(sent, str) and sent.strip().upper() == told
    if told is None:
        return False
    try:
        return read_number(sent) == told
    except Misfit:
        return False


def _each(before: object) -> Iterator[Mapping[str, object]]:
    for one in before if is_list(before) else (before,):
        if is_table(one):
            yield {key: value for key, value in one.items() if isinstance(key, str)}
