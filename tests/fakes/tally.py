"""A meter that a test can read."""

from collections import Counter


class Tally:
    """Fulfils ports.meter. Keeps the sums of counters, whatever their labels."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to the counter."""
        del labels
        self.counts[name] += int(amount)

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Let it pass."""

    def level(self, name: str, value: float, **labels: str) -> None:
        """Let it pass."""
