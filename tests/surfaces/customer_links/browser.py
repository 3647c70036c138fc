"""A browser without JavaScript, and the page it opens."""

from typing import Any, cast

import httpx
from litestar import Litestar

from muster.intake.allowance import Allowance
from muster.journey.guide import Guide
from muster.surfaces.customer_links.routes import CustomerLinks
from muster.surfaces.problems import by_path
from tests.fakes.clock import FakeClock

PREFIXES = ["/l", "/old"]
DOCUMENTS = "https://example.com/legal/{documentId}"


def an_application(guide: Guide, clock: FakeClock) -> Litestar:
    """The page below `/l` and `/old`; 20 unknown links a minute."""
    misses = Allowance(20 / 60, 20, lambda: clock.now().timestamp())
    links = CustomerLinks(guide, prefixes=PREFIXES, misses=misses, document_url=DOCUMENTS, clock=clock)
    trouble = by_path(dict.fromkeys(PREFIXES, links.problems), links.problems)
    return Litestar([links.router()], openapi_config=None, logging_config=None, exception_handlers={Exception: trouble})


def a_browser(guide: Guide, clock: FakeClock) -> httpx.AsyncClient:
    """It follows no redirects, so that tests see them."""
    transport = httpx.ASGITransport(cast("Any", an_application(guide, clock)), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://page.test", headers={"Accept-Language": "en-US"})
