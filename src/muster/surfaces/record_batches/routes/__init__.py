"""Paths and verbs of the door."""

from litestar import Router
from litestar.di import Provide

from muster.surfaces.record_batches.gate import guard
from muster.surfaces.record_batches.problems import Problems
from muster.surfaces.record_batches.routes import (
    allocations,
    amortization,
    audit,
    auth,
    batches,
    checks,
    currency,
    dates,
    entities,
    limits,
    lists,
    periods,
    processes,
    relationships,
    search,
    segments,
    switching,
)
from muster.surfaces.record_batches.routes.door import Door, caller, remember

__all__ = ["HANDLERS", "Door", "record_batches"]

HANDLERS = (
    *auth.HANDLERS,
    *limits.HANDLERS,
    *batches.HANDLERS,
    *entities.HANDLERS,
    *segments.HANDLERS,
    *switching.HANDLERS,
    *relationships.HANDLERS,
    *processes.HANDLERS,
    *lists.HANDLERS,
    *search.HANDLERS,
    *audit.HANDLERS,
    *checks.HANDLERS,
    *allocations.HANDLERS,
    *amortization.HANDLERS,
    *currency.HANDLERS,
    *dates.HANDLERS,
    *periods.HANDLERS,
)


def record_batches(door: Door, problems: Problems) -> Router:
    """Every route of the door, each error answered by `problems`."""
    return Router(
        "/",
        route_handlers=HANDLERS,
        dependencies={"door": Provide(lambda: door, sync_to_thread=False), "acting": Provide(caller)},
        before_request=guard(door.gate, remember),
        after_request=problems.name,
        exception_handlers={Exception: problems},
        # The door reads bodies itself, within its own limits.
        request_max_body_size=None,
        tags=["record batches"],
    )
