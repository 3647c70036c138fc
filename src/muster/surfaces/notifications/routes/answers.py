"""Answers with one object."""

import msgspec
from litestar import Response

from muster.domain.directory import Acting
from muster.lookup.shelves import ShelfName
from muster.surfaces.access import Call
from muster.surfaces.notifications.routes.door import Door
from muster.surfaces.notifications.translate.objects import render
from muster.surfaces.notifications.translate.query import read_selection
from muster.surfaces.notifications.translate.select import Selection, changed

JSON = "application/json; charset=utf-8"


async def answer_one(call: Call, door: Door, acting: Acting, *, shelf: ShelfName, number: int) -> Response[bytes]:
    """What of one object the query string asks for. Raises NotFound, BadInput."""
    selection = read_selection(shelf, call.scope["query_string"])
    return await _answer(door, acting, shelf, number=number, selection=selection)


async def answer_changed(
    door: Door, acting: Acting, shelf: ShelfName, *, number: int, status: int = 200
) -> Response[bytes]:
    """An object after a change, and who made it."""
    answer = await _answer(door, acting, shelf, number=number, selection=changed(shelf))
    answer.status_code = status
    return answer


async def answer_made(door: Door, acting: Acting, shelf: ShelfName, *, number: int, where: str) -> Response[bytes]:
    """A new object, and who made it. `where`: its own path."""
    answer = await answer_changed(door, acting, shelf, number=number, status=201)
    answer.headers["Location"] = where
    return answer


async def _answer(
    door: Door, acting: Acting, shelf: ShelfName, *, number: int, selection: Selection
) -> Response[bytes]:
    found = await door.shelves.get(acting, shelf, number, wants=selection.wants)
    whole = render(found.rows[0], found.related)
    return Response(msgspec.json.encode(selection.prune_root(whole)), media_type=JSON)
