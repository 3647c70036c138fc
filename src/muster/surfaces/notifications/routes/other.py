"""What the vendor has at this prefix, and this server does not."""

from litestar import HttpMethod, get, route
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from muster.surfaces.notifications.problems import refusals
from muster.surfaces.notifications.routes.door import Caller, Operation, doing
from muster.surfaces.notifications.wire.paths import PREFIX

_ABSENT = ("templates", "footers", "webhooks")
_DOCUMENT = "/openapi/notifications.json"
"""Where the server keeps the descriptions of its doors."""


@route(
    [path for name in _ABSENT for path in (f"{PREFIX}/{name}", f"{PREFIX}/{name}/{{rest:path}}")],
    http_method=[HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE],
    summary="Not offered: templates, footers and webhooks",
    opt=doing(Operation.ASK_FOR_MORE),
    status_code=501,
    responses=refusals(501),
    include_in_schema=False,
)
async def not_offered(acting: Caller) -> None:  # noqa: ARG001 - who nobody knows is told 401
    """Raises HTTPException 501."""
    raise HTTPException(status_code=501, detail=f"This server offers no {', '.join(_ABSENT)}")


@get(f"{PREFIX}/openapi.json", summary="The description of this door", status_code=302, sync_to_thread=False)
def describe() -> Redirect:
    """Where this server keeps it."""
    return Redirect(_DOCUMENT, status_code=302)


HANDLERS = (not_offered, describe)
