"""The list of batches. It is ours: the vendor has none."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from muster.domain.errors import BadInput
from muster.lookup.record_batches import Asked, Listed, RecordBatchState
from muster.ports.store.batches import Page
from muster.surfaces.record_batches.translate.queries import Query, lowered, read_page, read_span, read_user
from muster.surfaces.record_batches.translate.results import STATES
from muster.surfaces.record_batches.translate.search_fields import Refusals
from muster.surfaces.record_batches.translate.times import spell_time
from muster.surfaces.record_batches.wire import batches as wire

_BY_NAME: Mapping[str, RecordBatchState] = MappingProxyType({name.lower(): state for state, name in STATES.items()})


class ListAsked(NamedTuple):
    """Which batches, and which part of the list."""

    where: Asked
    page: Page


def read_list(query: Query) -> ListAsked:
    """What a query asks for: `status` (several with commas), `userId`, `startDate`, `endDate`, `page`, `rows`.

    Raises BadInput with every fault.
    """
    given, refusals = lowered(query), Refusals()
    since, until = read_span(given, refusals)
    where = Asked(states=_states(given, refusals), user=read_user(given, refusals), since=since, until=until)
    page = read_page(given, usual=wire.DEFAULT_ROWS, most=wire.MOST_ROWS, refusals=refusals)
    if refusals.faults:
        raise BadInput("The query is not valid.", refusals.faults)
    return ListAsked(where, page)


def render_list(total: int, found: Sequence[Listed]) -> wire.Batches:
    """A part of the list."""
    return wire.Batches(total_count=total, batches=[_listed(one) for one in found])


def _states(given: Query, refusals: Refusals) -> frozenset[RecordBatchState]:
    said = [one.strip().lower() for one in given.get("status", "").split(",") if one.strip()]
    if not all(one in _BY_NAME for one in said):
        refusals.note("status", f"must be one or several of {', '.join(STATES.values())}, with commas between them")
    return frozenset(_BY_NAME[one] for one in said if one in _BY_NAME)


def _listed(one: Listed) -> wire.ListedBatch:
    batch = one.batch
    return wire.ListedBatch(
        batch_id=batch.number,
        batch_status=STATES[one.state],
        method=batch.method,
        validate_only=batch.dry,
        total=batch.total,
        processed=batch.total - batch.open,
        created_by_id=batch.user,
        created_date=spell_time(batch.created_at),
        ended_date=None if batch.ended_at is None else spell_time(batch.ended_at),
    )
