"""The values that conditions compare with, as their fields have them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_MOMENT: Final = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:[.,](?P<part>[0-9]{1,9}))?"
    r"(?P<zone>[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,30}")
_MILLISECOND: Final = 1000
"""In microseconds."""


def read_moment(text: str) -> datetime | None:
    """An instant: with an offset, in UTC without one, a day's beginning without a time; None for anything else."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    micros = (found["part"] or "")[:6].ljust(6, "0")
    zone = (found["zone"] or "Z").upper().replace("Z", "+00:00")
    try:
        whole = datetime.fromisoformat(f"{found['day']}T{found['time'] or '00:00'}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return whole.replace(microsecond=int(micros))


def end_of(moment: datetime) -> datetime:
    """When the next one begins that would be written differently: answers show whole milliseconds."""
    step = 1 if moment.microsecond % _MILLISECOND else _MILLISECOND
    try:
        return moment + timedelta(microseconds=step)
    except OverflowError:
        return moment


def read_flag(text: str) -> bool | None:
    """`true` or `false`, in any letters; None for anything else."""
    return {"true": True, "false": False}.get(text.lower())


def read_whole(text: str) -> int | None:
    """A whole number; None for anything else."""
    return int(text) if _WHOLE.fullmatch(text) else None
