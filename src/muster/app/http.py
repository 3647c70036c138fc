"""The web application: the doors, and what every server has beside them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic

import msgspec
import structlog
from litestar import Litestar, MediaType, Response, Router, get
from litestar.openapi import OpenAPIConfig
from litestar.params import FromPath
from litestar.types import ASGIApp

from muster import __version__
from muster.app.traffic import Traffic
from muster.domain.errors import MusterError, NotFound
from muster.ports.meter import Meter
from muster.surfaces.access import Call
from muster.surfaces.health.routes import health
from muster.surfaces.problems import Handler, by_path, status_of

log = structlog.stdlib.get_logger(__name__)


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """One vendor's HTTP: its routes, and its own way to say what went wrong."""

    name: str
    title: str
    routers: Callable[[], Sequence[Router]]
    """Makes the routes anew each time."""
    problems: Mapping[str, Handler]
    """By where a path begins: who answers an unknown path or verb below it."""


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """What health and metrics ask of the process."""

    check: Callable[[], Awaitable[None]]
    """Raises Unavailable when the process cannot do its work now."""
    figures: Callable[[], bytes]
    """All figures in the Prometheus text format."""


def application(
    doors: Sequence[Door], vitals: Vitals, *, meter: Meter, body_limit: int, client_timeout: float
) -> ASGIApp:
    """The ASGI application. `body_limit` is in bytes, `client_timeout` in seconds."""
    answers = {prefix: handler for door in doors for prefix, handler in door.problems.items()}
    app = Litestar(
        route_handlers=[
            *(router for door in doors for router in door.routers()),
            health(vitals.check, vitals.figures),
            _documents(doors),
        ],
        # A backstop: each door refuses at `body_limit` in its own words, and reads a little on so that it is heard.
        request_max_body_size=2 * body_limit + 1024,
        openapi_config=None,
        logging_config=None,
        exception_handlers={Exception: by_path(answers, _plain)},
    )
    return Traffic(app, meter=meter, monotonic=monotonic, silence=client_timeout)


def _documents(doors: Sequence[Door]) -> Router:
    made: dict[str, bytes] = {}

    @get("/", summary="Which OpenAPI documents there are", sync_to_thread=False)
    def index() -> dict[str, list[dict[str, str]]]:
        return {"documents": [{"door": d.name, "title": d.title, "path": f"/openapi/{d.name}.json"} for d in doors]}

    @get("/{document:str}", summary="The OpenAPI document of one door", sync_to_thread=False)
    def document(document: FromPath[str]) -> Response[bytes]:
        door = next((d for d in doors if document == f"{d.name}.json"), None)
        if door is None:
            raise NotFound(f"There is no document {document!r}; /openapi lists them.")
        if door.name not in made:
            made[door.name] = msgspec.json.encode(_describe(door))
        return Response(made[door.name], media_type=MediaType.JSON)

    return Router("/openapi", route_handlers=[index, document])


def _describe(door: Door) -> dict[str, object]:
    """The OpenAPI document of one door, as if it were alone."""
    alone = Litestar(
        route_handlers=list(door.routers()),
        openapi_config=OpenAPIConfig(title=door.title, version=__version__),
        logging_config=None,
    )
    return alone.openapi_schema.to_schema()


def _plain(_call: Call, error: Exception) -> Response[object]:
    """The answer on paths that belong to no door."""
    status = status_of(error)
    code = error.code if isinstance(error, MusterError) else "http_error"
    message = getattr(error, "detail", "") or (error.message if isinstance(error, MusterError) else "")
    if status >= 500:  # noqa: PLR2004 - the 5xx class
        log.error("request_failed", exc_info=error)
        message = "The server could not answer."
    return Response({"code": code, "message": str(message)}, status_code=status)
