"""Paths and verbs of the door."""

from litestar import Router
from litestar.di import Provide

from muster.surfaces.workflow_batches.problems import Problems
from muster.surfaces.workflow_batches.routes import batches, templates, workflows
from muster.surfaces.workflow_batches.routes.door import Door, caller

__all__ = ["HANDLERS", "Door", "workflow_batches"]

HANDLERS = (*batches.HANDLERS, *templates.HANDLERS, *workflows.HANDLERS)


def workflow_batches(door: Door, problems: Problems) -> Router:
    """Every route of the door, each error answered by `problems`."""
    return Router(
        "/",
        route_handlers=HANDLERS,
        dependencies={"door": Provide(lambda: door, sync_to_thread=False), "who": Provide(caller)},
        exception_handlers={Exception: problems},
        # The door reads bodies itself, within its own limits.
        request_max_body_size=None,
        tags=["workflow batches"],
    )
