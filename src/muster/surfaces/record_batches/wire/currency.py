"""Currency conversions (specification B9)."""

from decimal import Decimal

import msgspec

DELETED = "Currency conversion deleted."


class Conversion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one unit of the transaction's currency is worth in the company's from a day on."""

    id: str
    company_currency: str
    transaction_currency: str
    rate: Decimal
    """Always with nine decimals."""
    effective_date: str


class ConversionBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A conversion as it is asked for. On a change, what is absent stays."""

    company_currency: str | None = None
    transaction_currency: str | None = None
    rate: float | str | None = None
    """More than zero; rounded half up to nine decimals."""
    effective_date: str | None = None


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    """It is gone."""

    message: str = DELETED
