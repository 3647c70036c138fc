"""Subscribers: list, read, change, enable, disable. They come and go with accounts and categories."""

from litestar import Response, get, post, put
from litestar.response.base import ASGIResponse

from muster.domain.ids import SubscriberNumber
from muster.lookup.shelves import ShelfName
from muster.surfaces.access import Call
from muster.surfaces.notifications.documentation import answering, refusals, taking
from muster.surfaces.notifications.routes.answers import answer_changed, answer_one
from muster.surfaces.notifications.routes.bodies import read_json, read_optional
from muster.surfaces.notifications.routes.collections import answer, of_shelf
from muster.surfaces.notifications.routes.door import Caller, Id, Operation, TheDoor, doing
from muster.surfaces.notifications.translate.ids import Prefix, read
from muster.surfaces.notifications.translate.reading import Reading
from muster.surfaces.notifications.translate.subscribers import read_change
from muster.surfaces.notifications.translate.wording import missing, worded
from muster.surfaces.notifications.wire import subscribers as wire
from muster.surfaces.notifications.wire.categories import Note
from muster.surfaces.notifications.wire.paths import SUBSCRIBERS

_ONE = f"{SUBSCRIBERS}/{{subscriber_id:str}}"
_SHELF = ShelfName.SUBSCRIBERS


@get(
    SUBSCRIBERS,
    summary="List subscribers",
    opt=doing(Operation.READ_SUBSCRIBERS),
    responses=answering(200, wire.Subscribers) | refusals(400, 406, 413),
)
async def find_subscribers(request: Call, door: TheDoor, acting: Caller) -> ASGIResponse:
    """Clients and vendors see their own."""
    return await answer(request, of_shelf(door.shelves, acting, _SHELF), turns=door.turns)


@get(
    _ONE,
    summary="Read a subscriber",
    opt=doing(Operation.READ_SUBSCRIBERS),
    responses=answering(200, wire.Subscriber) | refusals(400, 404),
)
async def get_subscriber(*, request: Call, door: TheDoor, acting: Caller, subscriber_id: Id) -> Response[bytes]:
    """Its recipients have to be selected."""
    with missing("Subscriber", subscriber_id):
        return await answer_one(request, door, acting, shelf=_SHELF, number=_number(subscriber_id))


@put(
    _ONE,
    summary="Change a subscriber",
    opt=doing(Operation.CHANGE_SUBSCRIBERS),
    operation_class=taking(wire.SubscriberChange),
    responses=answering(200, wire.Subscriber) | refusals(400, 404, 408, 409, 415),
)
async def change_subscriber(*, request: Call, door: TheDoor, acting: Caller, subscriber_id: Id) -> Response[bytes]:
    """What is absent stays as it is."""
    reading = Reading((await read_json(request, door.limits)).content)
    change = read_change(reading)
    with missing("Subscriber", subscriber_id), worded(reading):
        changed = await door.subscribers.change(acting, _number(subscriber_id), change, faults=reading.faults)
    return await answer_changed(door, acting, _SHELF, number=changed.number)


@post(
    f"{_ONE}/enable",
    summary="Enable a subscriber",
    opt=doing(Operation.CHANGE_SUBSCRIBERS),
    operation_class=taking(Note, required=False),
    status_code=200,
    responses=answering(200, wire.Subscriber) | refusals(400, 408, 409, 415),
)
async def enable_subscriber(*, request: Call, door: TheDoor, acting: Caller, subscriber_id: Id) -> Response[bytes]:
    """The account hears of the category again."""
    reading = Reading(await read_optional(request, door.limits))
    note = reading.perhaps("note")
    with missing("Subscriber", subscriber_id, in_path=False), worded(reading):
        moved = await door.subscribers.enable(acting, _number(subscriber_id), note=note, faults=reading.faults)
    return await answer_changed(door, acting, _SHELF, number=moved.number)


@post(
    f"{_ONE}/disable",
    summary="Disable a subscriber",
    opt=doing(Operation.CHANGE_SUBSCRIBERS),
    operation_class=taking(Note, required=False),
    status_code=200,
    responses=answering(200, wire.Subscriber) | refusals(400, 408, 409, 415),
)
async def disable_subscriber(*, request: Call, door: TheDoor, acting: Caller, subscriber_id: Id) -> Response[bytes]:
    """The account hears of the category no more; messages that wait are discarded."""
    reading = Reading(await read_optional(request, door.limits))
    note = reading.perhaps("note")
    with missing("Subscriber", subscriber_id, in_path=False), worded(reading):
        moved = await door.subscribers.disable(acting, _number(subscriber_id), note=note, faults=reading.faults)
    return await answer_changed(door, acting, _SHELF, number=moved.number)


HANDLERS = (find_subscribers, get_subscriber, change_subscriber, enable_subscriber, disable_subscriber)


def _number(text: str) -> SubscriberNumber:
    """The number of the subscriber; 0, which none has, for what is no id."""
    return SubscriberNumber(read(Prefix.SUBSCRIBER, text) or 0)
