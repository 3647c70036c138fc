"""Times as this vendor writes them."""

from datetime import UTC, datetime


def spell_time(at: datetime) -> str:
    """In UTC, to the millisecond: `2021-06-23T22:33:11.830Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
