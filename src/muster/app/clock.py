"""The real time."""

from datetime import UTC, datetime


class SystemClock:
    """Fulfils ports.clock by the machine's clock."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the one place that reads the clock
