"""Paths and verbs of our own API."""

from collections.abc import Sequence

import msgspec
from litestar import Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from muster.surfaces.api.problems import Problems
from muster.surfaces.api.routes import endpoints, suppressions
from muster.surfaces.api.routes.door import Door, caller

__all__ = ["MOST_BYTES", "Door", "own_api"]

MOST_BYTES = 1 << 16
"""No body of this API need be larger, but for lists."""


def own_api(door: Door, problems: Problems) -> Router:
    """Every route of the API, each error answered by `problems`."""
    return Router(
        "/",
        route_handlers=[
            _part(door, endpoints.HANDLERS, most=MOST_BYTES, tag="webhook endpoints"),
            _part(door, suppressions.HANDLERS, most=suppressions.MOST_BYTES, tag="suppressions"),
        ],
        exception_handlers={Exception: problems},
        # The API reads bodies itself, within its own limits.
        request_max_body_size=None,
    )


def _part(door: Door, handlers: Sequence[HTTPRouteHandler], *, most: int, tag: str) -> Router:
    """Routes whose bodies have at most `most` bytes."""
    limits = msgspec.structs.replace(door.limits, body_bytes=min(door.limits.body_bytes, most))
    inside = msgspec.structs.replace(door, limits=limits)
    return Router(
        "/",
        route_handlers=handlers,
        dependencies={"door": Provide(lambda: inside, sync_to_thread=False), "who": Provide(caller)},
        tags=[tag],
    )
