"""Currency conversions in the vendor's words (specification B9)."""

from decimal import Decimal, InvalidOperation
from uuid import UUID

from muster.domain.records.money import RATE_PLACES, Rate
from muster.records.books.rules import BadBooks, BookFault, RateWish
from muster.surfaces.record_batches.translate.bodies import Fields
from muster.surfaces.record_batches.translate.periods import read_day, spell_day
from muster.surfaces.record_batches.wire import currency as wire

_LONGEST = 40
"""Characters of a rate that is written as text."""


def read_rate(body: Fields) -> RateWish:
    """The conversion asked for; what is absent is None. Raises BadBooks for what cannot be read."""
    since = read_day(body.get("effectiveDate"))
    if since is None and body.get("effectiveDate") is not None:
        raise BadBooks(BookFault.BAD_DAY)
    return RateWish(
        company=_currency(body, "companyCurrency"),
        transaction=_currency(body, "transactionCurrency"),
        rate=_rate(body.get("rate")),
        since=since,
    )


def _currency(body: Fields, name: str) -> str | None:
    currency = body.text(name)
    if currency is None and body.get(name) is not None:
        raise BadBooks(BookFault.BAD_CURRENCY)
    return currency


def _rate(value: object) -> Decimal | None:
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    try:
        if isinstance(value, str) and len(value) <= _LONGEST:
            return Decimal(value.strip())
    except InvalidOperation:
        pass
    raise BadBooks(BookFault.BAD_RATE)


def read_id(text: str) -> UUID | None:
    """The id in a path; None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def render_rate(rate: Rate) -> wire.Conversion:
    """The conversion as it is shown."""
    return wire.Conversion(
        id=str(rate.id),
        company_currency=rate.company,
        transaction_currency=rate.transaction,
        rate=rate.rate.quantize(RATE_PLACES),
        effective_date=spell_day(rate.since),
    )
