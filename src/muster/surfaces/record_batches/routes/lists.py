"""Lists of values: read them; add, change and remove values."""

from collections.abc import Generator
from contextlib import contextmanager

from litestar import Response, delete, get, post, put
from litestar.params import FromPath

from muster.domain.errors import NameTaken
from muster.records.configuring.lists import NoSuchList, NoSuchValue, Wish
from muster.surfaces.access import Call
from muster.surfaces.record_batches.documentation import BODY, answering, refusals, taking
from muster.surfaces.record_batches.routes.answers import answer
from muster.surfaces.record_batches.routes.door import Caller, TheDoor
from muster.surfaces.record_batches.translate.bodies import read_fields, whole
from muster.surfaces.record_batches.translate.lists import (
    label_taken,
    no_list,
    no_value,
    read_wish,
    render_list,
    render_names,
    render_values,
)
from muster.surfaces.record_batches.wire import lists as wire
from muster.surfaces.record_batches.wire.paths import LIST, LIST_VALUE, LIST_VALUES, LISTS

_Id = FromPath[str]
_VALUES = answering(list[wire.ListValue], "The list's values as they are now")


@get(LISTS, summary="List the lists of values", responses=answering(list[wire.ListName]) | refusals())
async def list_lists(door: TheDoor, acting: Caller) -> Response[bytes]:
    """Their names."""
    return answer(render_names(await door.lists.all(acting.acting.tenant)))


@get(LIST, summary="Read a list of values", responses=answering(wire.ValueList) | refusals(404))
async def get_list(list_id: _Id, door: TheDoor, acting: Caller) -> Response[bytes]:
    """Inactive values, too."""
    with _named(list_id):
        return answer(render_list(await door.lists.get(acting.acting.tenant, list_id)))


@post(
    LIST_VALUES,
    status_code=200,
    summary="Add a value to a list",
    operation_class=taking(wire.ValueBody),
    responses=_VALUES | refusals(*BODY, 404, 409),
)
async def add_value(*, list_id: _Id, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """Its label must be new to the list."""
    wish = read_wish(await read_fields(request, door.limits))
    with _named(list_id, wish=wish):
        return answer(render_values(await door.lists.add(acting.acting, list_id, wish)))


@put(
    LIST_VALUE,
    summary="Change a value of a list",
    operation_class=taking(wire.ValueBody),
    responses=_VALUES | refusals(*BODY, 404, 409),
)
async def change_value(*, list_id: _Id, value_id: _Id, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """Records that have it keep the label that they were given."""
    wish = read_wish(await read_fields(request, door.limits))
    with _named(list_id, value_id, wish=wish):
        found = await door.lists.change(acting.acting, list_id, _number(value_id), wish=wish)
    return answer(render_values(found))


@delete(
    LIST_VALUE,
    status_code=200,
    summary="Remove a value from a list",
    responses=_VALUES | refusals(404),
)
async def remove_value(*, list_id: _Id, value_id: _Id, door: TheDoor, acting: Caller) -> Response[bytes]:
    """It stays, inactive, and so do the records that have it."""
    with _named(list_id, value_id):
        found = await door.lists.remove(acting.acting, list_id, _number(value_id))
    return answer(render_values(found))


HANDLERS = (list_lists, get_list, add_value, change_value, remove_value)


def _number(value_id: str) -> int:
    """The id of a value; one that none has where it is no number."""
    number = whole(value_id)
    return -1 if number is None else number


@contextmanager
def _named(list_id: str, value_id: str = "", *, wish: Wish | None = None) -> Generator[None]:
    """Say in the vendor's words what is missing or taken."""
    try:
        yield
    except NoSuchList:
        raise no_list(list_id) from None
    except NoSuchValue:
        raise no_value(list_id, value_id) from None
    except NameTaken:
        raise label_taken(list_id, wish.label or "" if wish else "") from None
