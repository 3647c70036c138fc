"""Times as the store keeps them: whole microseconds since 1970-01-01T00:00Z in a BIGINT.

They sort, compare and travel the same way on both dialects, and cost nothing to read in bulk. `Moment` turns them into
aware datetimes where a row is read singly.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """`moment` as the store keeps it."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """What the store keeps, as an aware datetime in UTC."""
    return _EPOCH + timedelta(microseconds=value)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds since the epoch."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the store."""
        del dialect
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From the store."""
        del dialect
        return None if value is None else moment(value)
