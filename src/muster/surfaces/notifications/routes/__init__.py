"""Paths and verbs of the door."""

from litestar import Router
from litestar.di import Provide

from muster.surfaces.notifications.problems import Problems
from muster.surfaces.notifications.routes import (
    accounts,
    attachments,
    batches,
    categories,
    contacts,
    messages,
    other,
    reports,
    subscribers,
)
from muster.surfaces.notifications.routes.door import Door, caller

__all__ = ["HANDLERS", "Door", "notifications"]

HANDLERS = (
    *batches.HANDLERS,
    *attachments.HANDLERS,
    *categories.HANDLERS,
    *contacts.HANDLERS,
    *messages.HANDLERS,
    *reports.HANDLERS,
    *subscribers.HANDLERS,
    *accounts.HANDLERS,
    *other.HANDLERS,
)


def notifications(door: Door, problems: Problems) -> Router:
    """Every route of the door, each error answered by `problems`."""
    return Router(
        "/",
        route_handlers=HANDLERS,
        dependencies={"door": Provide(lambda: door, sync_to_thread=False), "acting": Provide(caller)},
        exception_handlers={Exception: problems},
        # The door reads bodies itself, within its own limits.
        request_max_body_size=None,
        tags=["notifications"],
    )
