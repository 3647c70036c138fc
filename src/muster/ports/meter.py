"""Counting what happens, for whoever watches."""

from typing import Protocol


class Meter(Protocol):
    """Takes figures. Names and labels never hold personal data, batch ids or texts."""

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add `amount` to the counter `name`."""
        ...

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Record one measurement, in the unit that `name` ends in (`_seconds`, `_bytes`, `_entries`)."""
        ...

    def level(self, name: str, value: float, **labels: str) -> None:
        """Set the gauge `name`."""
        ...
