"""Webhook endpoints."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, patch, post, put
from litestar.params import PathParameter

from muster.surfaces.access import Call
from muster.surfaces.api import translate, wire
from muster.surfaces.api.problems import refusals
from muster.surfaces.api.routes.door import BODY, Caller, TheDoor
from muster.surfaces.bodies import read_object
from muster.surfaces.documentation import taking

_ONE = f"{wire.ENDPOINTS}/{{endpoint_id:uuid}}"
Id = Annotated[UUID, PathParameter(description="The id of a webhook endpoint")]


@post(
    wire.ENDPOINTS,
    summary="Create a webhook endpoint",
    operation_class=taking(wire.NewEndpoint),
    responses=refusals(*BODY, 409),
)
async def create_endpoint(request: Call, door: TheDoor, who: Caller) -> wire.Endpoint:
    """Tell it from now on; the answer shows its secret."""
    body = await read_object(request, door.limits)
    wish, faults = translate.read_wish(body.content)
    return translate.with_secret(await door.endpoints.add(who, wish, faults=faults))


@get(wire.ENDPOINTS, summary="List the webhook endpoints", responses=refusals())
async def list_endpoints(door: TheDoor, who: Caller) -> wire.Endpoints:
    """All of them, oldest first, without their secrets."""
    return wire.Endpoints(endpoints=[translate.endpoint(one) for one in await door.endpoints.all(who)])


@get(_ONE, summary="Retrieve a webhook endpoint", responses=refusals(404))
async def get_endpoint(endpoint_id: Id, door: TheDoor, who: Caller) -> wire.Endpoint:
    """Without its secret."""
    return translate.endpoint(await door.endpoints.get(who, endpoint_id))


@put(
    _ONE,
    summary="Replace a webhook endpoint",
    operation_class=taking(wire.NewEndpoint),
    responses=refusals(*BODY, 404),
)
async def replace_endpoint(*, endpoint_id: Id, request: Call, door: TheDoor, who: Caller) -> wire.Endpoint:
    """What the body leaves out is as for a new one; the secret and whether it is on stay as they are."""
    body = await read_object(request, door.limits)
    change, faults = translate.read_whole(body.content)
    return translate.endpoint(await door.endpoints.update(who, endpoint_id, change, faults=faults))


@patch(
    _ONE,
    summary="Change a webhook endpoint",
    operation_class=taking(wire.EndpointChange),
    responses=refusals(*BODY, 404),
)
async def change_endpoint(*, endpoint_id: Id, request: Call, door: TheDoor, who: Caller) -> wire.Endpoint:
    """What the body leaves out stays as it is."""
    body = await read_object(request, door.limits)
    change, faults = translate.read_change(body.content)
    return translate.endpoint(await door.endpoints.update(who, endpoint_id, change, faults=faults))


@delete(_ONE, summary="Remove a webhook endpoint", responses=refusals(403, 404))
async def remove_endpoint(endpoint_id: Id, door: TheDoor, who: Caller) -> None:
    """Forget it, and what waits for it."""
    await door.endpoints.remove(who, endpoint_id)


@post(f"{_ONE}/enable", status_code=200, summary="Switch a webhook endpoint on", responses=refusals(403, 404))
async def enable_endpoint(endpoint_id: Id, door: TheDoor, who: Caller) -> wire.Endpoint:
    """As if it had never failed. What it missed is told by a replay."""
    return translate.endpoint(await door.endpoints.enable(who, endpoint_id))


@post(f"{_ONE}/disable", status_code=200, summary="Switch a webhook endpoint off", responses=refusals(403, 404))
async def disable_endpoint(endpoint_id: Id, door: TheDoor, who: Caller) -> wire.Endpoint:
    """Give up what waits for it."""
    return translate.endpoint(await door.endpoints.disable(who, endpoint_id))


@get(f"{_ONE}/secret", summary="Retrieve the secret of a webhook endpoint", responses=refusals(403, 404))
async def get_secret(endpoint_id: Id, door: TheDoor, who: Caller) -> wire.Secret:
    """The newest one. Not for a service account that may only read."""
    return wire.Secret(secret=await door.endpoints.secret(who, endpoint_id))


@post(
    f"{_ONE}/rotate-secret",
    status_code=200,
    summary="Give a webhook endpoint a new secret",
    responses=refusals(403, 404),
)
async def rotate_secret(endpoint_id: Id, door: TheDoor, who: Caller) -> wire.Endpoint:
    """The answer shows it; the one before it signs too for 24 hours."""
    return translate.with_secret(await door.endpoints.rotate_secret(who, endpoint_id))


@post(
    f"{_ONE}/replay",
    status_code=202,
    summary="Tell events again",
    operation_class=taking(wire.Replay),
    responses=refusals(*BODY, 404, 409),
)
async def replay_events(*, endpoint_id: Id, request: Call, door: TheDoor, who: Caller) -> wire.Queued:
    """Those made in [since, until) that the endpoint wants, under their old ids."""
    body = await read_object(request, door.limits)
    since, until = translate.read_range(body.content)
    return wire.Queued(queued=await door.endpoints.replay(who, endpoint_id, since=since, until=until))


@post(f"{_ONE}/test", status_code=202, summary="Try a webhook endpoint out", responses=refusals(403, 404, 409))
async def test_endpoint(endpoint_id: Id, door: TheDoor, who: Caller) -> wire.Queued:
    """Send it, and nobody else, the event `endpoint.tested`, whatever it asks for."""
    await door.endpoints.test(who, endpoint_id)
    return wire.Queued(queued=1)


HANDLERS = (
    create_endpoint,
    list_endpoints,
    get_endpoint,
    replace_endpoint,
    change_endpoint,
    remove_endpoint,
    enable_endpoint,
    disable_endpoint,
    get_secret,
    rotate_secret,
    replay_events,
    test_endpoint,
)
