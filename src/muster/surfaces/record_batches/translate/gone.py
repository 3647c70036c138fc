"""Searches among what was deleted (specification B4)."""

from typing import Any

import msgspec

from muster.domain.errors import BadInput
from muster.domain.records.char_types import RELATIONSHIP
from muster.domain.records.record import LinkView
from muster.domain.records.search import GoneSearch
from muster.records.reading.finding import GoneView
from muster.surfaces.record_batches.translate.bodies import Fields, whole
from muster.surfaces.record_batches.translate.entities import render_entity
from muster.surfaces.record_batches.translate.relationships import render_link
from muster.surfaces.record_batches.translate.search_fields import Refusals, Span, span_of
from muster.surfaces.record_batches.translate.times import spell_time
from muster.surfaces.record_batches.wire import search as wire

_LONGEST = 30 * 86_400_000_000
"""Microseconds: 30 days."""
_NEVER = Span(0, 0)


def read_gone(body: Fields, char_type: int) -> GoneSearch:
    """The search among deleted records of a char type (0: relationships). Raises BadInput with every fault."""
    refusals = Refusals()
    since, until = (_required(body, name, refusals) for name in ("startDate", "endDate"))
    if not refusals.faults and until.last < since.first:
        refusals.note("endDate", "must not be before startDate")
    if not refusals.faults and until.first - since.first > _LONGEST:
        refusals.note("endDate", "must be at most 30 days after startDate")
    _check_char_type(body, char_type, refusals)
    search = GoneSearch(
        char_type=char_type,
        since=since.first,
        until=until.last,
        by=_number(body, "deletedById", refusals),
        number=_number(body, "recordId", refusals),
        template=_number(body, "templateId", refusals),
        status=_number(body, "statusId", refusals),
        created=_window(body, "created", refusals),
        updated=_window(body, "updated", refusals),
        moved=_window(body, "statusUpdate", refusals),
    )
    if refusals.faults:
        raise BadInput("The search is not valid.", refusals.faults)
    return search


def render_gone(gone: GoneView) -> wire.GoneEntity | wire.GoneRelationship:
    """A deleted record or relationship."""
    deleted: dict[str, Any] = {"deleted_by_id": gone.at.by, "deleted_date": spell_time(gone.at.at)}
    if isinstance(gone.what, LinkView):
        return wire.GoneRelationship(**(deleted | msgspec.structs.asdict(render_link(gone.what))))
    return wire.GoneEntity(**(deleted | msgspec.structs.asdict(render_entity(gone.what))))


def _required(body: Fields, name: str, refusals: Refusals) -> Span:
    value = body.get(name)
    if value is None or value == "":
        refusals.note(name, "is required")
        return _NEVER
    return span_of(value, name, refusals) or _NEVER


def _check_char_type(body: Fields, char_type: int, refusals: Refusals) -> None:
    asked = _number(body, "charType", refusals)
    if asked is not None and char_type not in {asked, RELATIONSHIP}:
        refusals.note("charType", f"must be {char_type} here")


def _number(body: Fields, name: str, refusals: Refusals) -> int | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    number = whole(value)
    if number is None:
        refusals.note(name, "must be a whole number")
    return number


def _window(body: Fields, name: str, refusals: Refusals) -> tuple[int | None, int | None, int | None]:
    since = _moment(body, f"{name}StartDate", refusals)
    until = _moment(body, f"{name}EndDate", refusals)
    by = _number(body, f"{name}ById", refusals)
    return (since.first if since else None, until.last if until else None, by)


def _moment(body: Fields, name: str, refusals: Refusals) -> Span | None:
    value = body.get(name)
    return None if value is None or value == "" else span_of(value, name, refusals)
