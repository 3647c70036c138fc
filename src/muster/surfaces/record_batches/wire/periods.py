"""Financial periods (specification B10)."""

import msgspec

FUTURE, CURRENT, OPEN, CLOSED = "Future", "Current", "Open", "Closed"
REMOVE = -1
"""An action's id that takes the setting away."""
NO_SUCH = "No existing financial period with id: {}."


class Period(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A financial period. `status` is `Future`, `Current`, `Open` (over, and not closed) or `Closed`."""

    id: int
    year: int
    period: int
    start_date: str
    end_date: str
    status: str


class PeriodBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A period as it is asked for. On a change, what is absent stays."""

    year: int | None = None
    period: int | None = None
    start_date: str | None = None
    end_date: str | None = None


class Setting(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which action is taken on the amounts of a process when a period is closed; null: none."""

    process_name: str
    process_id: int
    action_id: int | None
    action_name: str | None
