"""The vendor's ids, and what one of them may begin with."""

from muster.kinds.notifications.ids import DIGITS, GROUPS, Prefix, read, spell

__all__ = ["GROUPS", "Prefix", "beginning", "read", "spell"]


def beginning(prefix: str, text: str) -> tuple[int, int] | None:
    """The lowest and highest number whose id begins with `text`; None where no id does."""
    groups = GROUPS[prefix]
    lowest, highest = (prefix + f"-{digit * DIGITS}" * groups for digit in "09")
    low, high = (read(prefix, text + whole[len(text) :]) for whole in (lowest, highest))
    return None if low is None or high is None else (low, high)
