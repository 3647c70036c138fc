"""Categories: list, read, create, change, publish, unpublish, delete."""

from litestar import Response, delete, get, post, put
from litestar.response.base import ASGIResponse

from muster.domain.ids import CategoryNumber
from muster.lookup.shelves import ShelfName
from muster.surfaces.access import Call
from muster.surfaces.notifications.documentation import answering, refusals, taking
from muster.surfaces.notifications.routes.answers import answer_changed, answer_made, answer_one
from muster.surfaces.notifications.routes.bodies import read_json, read_optional
from muster.surfaces.notifications.routes.collections import answer, of_shelf
from muster.surfaces.notifications.routes.door import Caller, Id, Operation, TheDoor, doing
from muster.surfaces.notifications.translate.categories import read_change, read_wish
from muster.surfaces.notifications.translate.ids import Prefix, read, spell
from muster.surfaces.notifications.translate.reading import Reading
from muster.surfaces.notifications.translate.wording import missing, worded
from muster.surfaces.notifications.wire import categories as wire
from muster.surfaces.notifications.wire.paths import CATEGORIES

_ONE = f"{CATEGORIES}/{{category_id:str}}"
_SHELF = ShelfName.CATEGORIES


@get(
    CATEGORIES,
    summary="List categories",
    opt=doing(Operation.READ_CATEGORIES),
    responses=answering(200, wire.Categories) | refusals(400, 406, 413),
)
async def find_categories(request: Call, door: TheDoor, acting: Caller) -> ASGIResponse:
    """Clients and vendors see those that are published."""
    return await answer(request, of_shelf(door.shelves, acting, _SHELF), turns=door.turns)


@post(
    CATEGORIES,
    summary="Create a category",
    opt=doing(Operation.CHANGE_CATEGORIES),
    operation_class=taking(wire.NewCategory),
    responses=answering(201, wire.Category) | refusals(400, 408, 415),
)
async def create_category(request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """It is published at once, and every account has a subscriber for it."""
    reading = Reading((await read_json(request, door.limits)).content)
    wish = read_wish(reading)
    with worded(reading):
        made = await door.categories.add(acting, wish, faults=reading.faults)
    where = f"{CATEGORIES}/{spell(Prefix.CATEGORY, made.number)}"
    return await answer_made(door, acting, _SHELF, number=made.number, where=where)


@get(
    _ONE,
    summary="Read a category",
    opt=doing(Operation.READ_CATEGORIES),
    responses=answering(200, wire.Category) | refusals(400, 404),
)
async def get_category(*, request: Call, door: TheDoor, acting: Caller, category_id: Id) -> Response[bytes]:
    """Its statistics have to be selected."""
    with missing("Category", category_id):
        return await answer_one(request, door, acting, shelf=_SHELF, number=_number(category_id))


@put(
    _ONE,
    summary="Change a category",
    opt=doing(Operation.CHANGE_CATEGORIES),
    operation_class=taking(wire.CategoryChange),
    # The vendor documents 201 for this one.
    status_code=201,
    responses=answering(201, wire.Category) | refusals(400, 404, 408, 409, 415),
)
async def change_category(*, request: Call, door: TheDoor, acting: Caller, category_id: Id) -> Response[bytes]:
    """What is absent stays as it is."""
    reading = Reading((await read_json(request, door.limits)).content)
    change = read_change(reading)
    with missing("Category", category_id), worded(reading):
        changed = await door.categories.change(acting, _number(category_id), change, faults=reading.faults)
    return await answer_changed(door, acting, _SHELF, number=changed.number, status=201)


@delete(
    _ONE,
    summary="Delete a category",
    opt=doing(Operation.CHANGE_CATEGORIES),
    responses=refusals(400, 404, 409),
)
async def delete_category(door: TheDoor, acting: Caller, category_id: Id) -> None:
    """Its subscribers go with it."""
    with missing("Category", category_id):
        await door.categories.delete(acting, _number(category_id))


@post(
    f"{_ONE}/publish",
    summary="Publish a category",
    opt=doing(Operation.CHANGE_CATEGORIES),
    operation_class=taking(wire.Note, required=False),
    status_code=200,
    responses=answering(200, wire.Category) | refusals(400, 404, 408, 409, 415),
)
async def publish_category(*, request: Call, door: TheDoor, acting: Caller, category_id: Id) -> Response[bytes]:
    """Let messages about it go out again."""
    reading = Reading(await read_optional(request, door.limits))
    note = reading.perhaps("note")
    with missing("Category", category_id), worded(reading):
        moved = await door.categories.publish(acting, _number(category_id), note=note, faults=reading.faults)
    return await answer_changed(door, acting, _SHELF, number=moved.number)


@post(
    f"{_ONE}/unpublish",
    summary="Unpublish a category",
    opt=doing(Operation.CHANGE_CATEGORIES),
    operation_class=taking(wire.Note, required=False),
    status_code=200,
    responses=answering(200, wire.Category) | refusals(400, 404, 408, 409, 415),
)
async def unpublish_category(*, request: Call, door: TheDoor, acting: Caller, category_id: Id) -> Response[bytes]:
    """Let no more messages about it go out, those that wait included."""
    reading = Reading(await read_optional(request, door.limits))
    note = reading.perhaps("note")
    with missing("Category", category_id), worded(reading):
        moved = await door.categories.unpublish(acting, _number(category_id), note=note, faults=reading.faults)
    return await answer_changed(door, acting, _SHELF, number=moved.number)


HANDLERS = (
    find_categories,
    create_category,
    get_category,
    change_category,
    delete_category,
    publish_category,
    unpublish_category,
)


def _number(text: str) -> CategoryNumber:
    """The number of the category; 0, which none has, for what is no id."""
    return CategoryNumber(read(Prefix.CATEGORY, text) or 0)
