"""Whether the server says how it is."""

from typing import Any, cast

import httpx
from litestar import Litestar

from muster.domain.errors import Unavailable
from muster.surfaces.health.routes import health


async def ask(path: str, *, ready: bool = True) -> httpx.Response:
    async def check() -> None:
        if not ready:
            raise Unavailable("the store does not answer")

    app = Litestar([health(check, lambda: b"muster_up 1\n")], logging_config=None, openapi_config=None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cast("Any", app)), base_url="http://muster") as client:
        return await client.get(path)


async def test_a_running_process_is_alive_even_when_its_store_is_away() -> None:
    assert (await ask("/health/live", ready=False)).status_code == 200


async def test_readiness_is_that_of_the_store() -> None:
    assert (await ask("/health/ready")).status_code == 200
    away = await ask("/health/ready", ready=False)
    assert (away.status_code, away.text, away.headers["Retry-After"]) == (503, "the store does not answer", "1")


async def test_figures_are_served_in_the_text_format() -> None:
    answer = await ask("/metrics")

    assert answer.text == "muster_up 1\n"
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
