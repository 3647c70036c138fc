"""When something last happened to a thing, and who did it."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from muster.domain.ids import PartyNumber, TokenNumber


class Mark(msgspec.Struct, frozen=True, gc=False):
    """The latest occurrence of one sort of change. `by` and `of` are None where the server itself did it."""

    at: datetime
    by: TokenNumber | None = None
    """The token that was used."""
    of: PartyNumber | None = None
    """The party it was done for."""


Marks = Mapping[str, Mark]
"""By the change's name: `created`, `updated`, and what else its thing can meet. What never happened is absent."""


def marked(marks: Marks, mark: Mark, *happened: str) -> Marks:
    """`marks` after `happened` and, with it, `updated`."""
    return {**marks, "updated": mark, **dict.fromkeys(happened, mark)}
