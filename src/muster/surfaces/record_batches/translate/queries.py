"""What the queries of requests ask for. Names are read in any case, and every fault is told."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from muster.ports.store.batches import Page
from muster.surfaces.record_batches.translate.bodies import whole
from muster.surfaces.record_batches.translate.search_fields import Refusals, Span, span_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_PAGE = 1_000_000
LARGEST_ID = (1 << 63) - 1
Query = Mapping[str, str]
"""The query of a request."""


def lowered(query: Query) -> Query:
    """The query with its names in lower case."""
    return {name.lower(): value.strip() for name, value in query.items()}


def read_page(given: Query, *, usual: int, most: int, refusals: Refusals) -> Page:
    """`page` (from 1) of `rows`: `usual` where it says nothing, at most `most`."""
    page = read_number(given, "page", 1, (1, _LARGEST_PAGE), refusals=refusals)
    rows = min(read_number(given, "rows", usual, (1, _LARGEST_PAGE), refusals=refusals), most)
    return Page(offset=(page - 1) * rows, limit=rows)


def read_user(given: Query, refusals: Refusals) -> int | None:
    """`userId`."""
    return read_number(given, "userId", 0, (0, LARGEST_ID), refusals=refusals) if given.get("userid") else None


def read_span(given: Query, refusals: Refusals) -> tuple[datetime | None, datetime | None]:
    """From `startDate` to `endDate`, both included as long as they are (a day, a second)."""
    since, until = (_moment(given, name, refusals) for name in ("startDate", "endDate"))
    return None if since is None else _at(since.first), None if until is None else _at(until.last)


def read_number(given: Query, name: str, usual: int, bounds: tuple[int, int], *, refusals: Refusals) -> int:  # noqa: PLR0917 - each as plain as the next
    """A whole number; `usual` where there is none."""
    said = given.get(name.lower(), "")
    if not said:
        return usual
    number = whole(said)
    if number is None or not bounds[0] <= number <= bounds[1]:
        refusals.note(name, f"must be a whole number between {bounds[0]:,} and {bounds[1]:,}")
        return usual
    return number


def _moment(given: Query, name: str, refusals: Refusals) -> Span | None:
    said = given.get(name.lower(), "")
    return span_of(said, name, refusals) if said else None


def _at(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
