"""Messages: list and read. They are made with their batch, and nobody changes them."""

from litestar import Response, get
from litestar.response.base import ASGIResponse

from muster.lookup.shelves import ShelfName
from muster.surfaces.access import Call
from muster.surfaces.notifications.documentation import answering, refusals
from muster.surfaces.notifications.routes.answers import answer_one
from muster.surfaces.notifications.routes.collections import answer, of_shelf
from muster.surfaces.notifications.routes.door import Caller, Id, Operation, TheDoor, doing
from muster.surfaces.notifications.translate.ids import Prefix, read
from muster.surfaces.notifications.translate.wording import missing
from muster.surfaces.notifications.wire import messages as wire
from muster.surfaces.notifications.wire.paths import MESSAGES

_SHELF = ShelfName.MESSAGES


@get(
    MESSAGES,
    summary="List messages",
    opt=doing(Operation.READ_MESSAGES),
    responses=answering(200, wire.Messages) | refusals(400, 406, 413),
)
async def find_messages(request: Call, door: TheDoor, acting: Caller) -> ASGIResponse:
    """Clients and vendors see those of their own account."""
    return await answer(request, of_shelf(door.shelves, acting, _SHELF), turns=door.turns)


@get(
    f"{MESSAGES}/{{message_id:str}}",
    opt=doing(Operation.READ_MESSAGES),
    summary="Retrieve a message",
    responses=answering(200, wire.Message) | refusals(400, 404),
)
async def get_message(*, message_id: Id, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """Where it stands now."""
    with missing("Message", message_id):
        return await answer_one(request, door, acting, shelf=_SHELF, number=read(Prefix.MESSAGE, message_id) or 0)


HANDLERS = (find_messages, get_message)
