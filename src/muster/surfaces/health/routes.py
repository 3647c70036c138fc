"""Alive, ready, measured."""

from collections.abc import Awaitable, Callable

from litestar import MediaType, Response, Router, get
from litestar.handlers import HTTPRouteHandler

from muster.domain.errors import Unavailable

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def health(check: Callable[[], Awaitable[None]], metrics: Callable[[], bytes]) -> Router:
    """The routes `/health/live`, `/health/ready` and `/metrics`.

    `check` returns when the server can do its work and raises Unavailable when it cannot; `metrics` gives the
    figures in Prometheus' text format.
    """

    @get("/health/live", summary="Whether the process runs", media_type=MediaType.TEXT, sync_to_thread=False)
    def live() -> str:
        return "alive"

    @get("/health/ready", summary="Whether the server can do its work", media_type=MediaType.TEXT)
    async def ready() -> Response[str]:
        try:
            await check()
        except Unavailable as error:
            return Response(error.message, status_code=503, headers={"Retry-After": "1"})
        return Response("ready")

    @get("/metrics", summary="Figures for Prometheus", sync_to_thread=False)
    def figures() -> Response[bytes]:
        return Response(metrics(), media_type=METRICS_TYPE)

    handlers: list[HTTPRouteHandler] = [live, ready, figures]
    return Router("/", route_handlers=handlers, tags=["health"])
