"""Whom not to reach."""

from typing import Annotated, Final

from litestar import delete, get, post
from litestar.params import PathParameter, QueryParameter

from muster.domain.errors import NotFound
from muster.surfaces.access import Call
from muster.surfaces.api import translate, wire
from muster.surfaces.api.problems import refusals
from muster.surfaces.api.routes.door import BODY, Caller, TheDoor
from muster.surfaces.bodies import read_object
from muster.surfaces.documentation import taking

MOST_BYTES: Final = 8 << 20
"""Ten thousand addresses of the greatest length, with every character escaped."""
_ONE = f"{wire.SUPPRESSIONS}/{{address:path}}"
Address = Annotated[str, PathParameter(description="An address in any spelling, percent-encoded")]
Text = Annotated[str | None, QueryParameter(description="Only addresses with this in them")]
PageNumber = Annotated[str | None, QueryParameter(name="page", description="Which page; the first is 1")]
PageSize = Annotated[str | None, QueryParameter(name="size", description="How many a page has, at most 1,000")]


@get(wire.SUPPRESSIONS, summary="List whom not to reach", responses=refusals(400))
async def list_suppressions(
    *, door: TheDoor, who: Caller, text: Text = None, page: PageNumber = None, size: PageSize = None
) -> wire.Suppressions:
    """One page, newest first."""
    paging = translate.read_page(page, size)
    total, found = await door.suppressions.find(who.tenant, text=translate.read_text(text), page=paging.page)
    return wire.Suppressions(
        total=total,
        page=paging.number,
        size=paging.size,
        suppressions=[translate.suppression(one) for one in found],
    )


@post(
    wire.SUPPRESSIONS,
    status_code=200,
    summary="Put addresses on the list",
    operation_class=taking(wire.NewSuppressions),
    responses=refusals(*BODY),
)
async def add_suppressions(request: Call, door: TheDoor, who: Caller) -> wire.Added:
    """All of them, or none where one is no address. One that is on the list stays as it is."""
    body = await read_object(request, door.limits)
    addresses, source = translate.read_suppressions(body.content, door.suppressions.fault_of)
    added = await door.suppressions.add(who.tenant, addresses, source=source, by=who.id)
    return wire.Added(given=len(addresses), added=added)


@post(
    f"{wire.SUPPRESSIONS}/remove",
    status_code=200,
    summary="Take addresses off the list",
    operation_class=taking(wire.Addresses),
    responses=refusals(*BODY),
)
async def remove_suppressions(request: Call, door: TheDoor, who: Caller) -> wire.Removed:
    """Those that are on it. Contacts that were blocked by bounces or complaints are active again."""
    body = await read_object(request, door.limits)
    addresses = translate.read_addresses(body.content)
    removed = await door.suppressions.remove(who.tenant, addresses, by=who.id)
    return wire.Removed(given=len(addresses), removed=removed)


@get(_ONE, summary="Retrieve what stands on the list of an address", responses=refusals(404))
async def get_suppression(address: Address, door: TheDoor, who: Caller) -> wire.Suppression:
    """Why it is on the list, since when, and the message that brought it there."""
    return translate.suppression(await door.suppressions.get(who.tenant, translate.read_address(address)))


@delete(_ONE, summary="Take an address off the list", responses=refusals(403, 404))
async def remove_suppression(address: Address, door: TheDoor, who: Caller) -> None:
    """It may be reached again. A contact that was blocked by bounces or complaints is active again."""
    if not await door.suppressions.remove(who.tenant, [translate.read_address(address)], by=who.id):
        raise NotFound("The address is not on the list")


HANDLERS = (
    list_suppressions,
    add_suppressions,
    remove_suppressions,
    get_suppression,
    remove_suppression,
)
