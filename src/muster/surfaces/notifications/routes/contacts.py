"""Contacts: list, read, create, change, block, unblock, delete."""

from litestar import Response, delete, get, post, put
from litestar.response.base import ASGIResponse

from muster.domain.ids import ContactNumber
from muster.lookup.shelves import ShelfName
from muster.surfaces.access import Call
from muster.surfaces.notifications.documentation import answering, refusals, taking
from muster.surfaces.notifications.routes.answers import answer_changed, answer_made, answer_one
from muster.surfaces.notifications.routes.bodies import read_json
from muster.surfaces.notifications.routes.collections import answer, of_shelf
from muster.surfaces.notifications.routes.door import Caller, Id, Operation, TheDoor, doing
from muster.surfaces.notifications.translate.contacts import read_change, read_wish
from muster.surfaces.notifications.translate.ids import Prefix, read, spell
from muster.surfaces.notifications.translate.reading import Reading
from muster.surfaces.notifications.translate.wording import missing, worded
from muster.surfaces.notifications.wire import contacts as wire
from muster.surfaces.notifications.wire.paths import CONTACTS

_ONE = f"{CONTACTS}/{{contact_id:str}}"
_SHELF = ShelfName.CONTACTS


@get(
    CONTACTS,
    summary="List contacts",
    opt=doing(Operation.READ_CONTACTS),
    responses=answering(200, wire.Contacts) | refusals(400, 406, 413),
)
async def find_contacts(request: Call, door: TheDoor, acting: Caller) -> ASGIResponse:
    """Everybody sees all of them."""
    return await answer(request, of_shelf(door.shelves, acting, _SHELF), turns=door.turns)


@post(
    CONTACTS,
    summary="Create a contact",
    opt=doing(Operation.CHANGE_CONTACTS),
    operation_class=taking(wire.NewContact),
    responses=answering(201, wire.Contact) | refusals(400, 408, 415),
)
async def create_contact(request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """It is active at once. No two contacts have the same address."""
    reading = Reading((await read_json(request, door.limits)).content)
    wish = read_wish(reading)
    with worded(reading):
        made = await door.contacts.add(acting, wish, faults=reading.faults)
    where = f"{CONTACTS}/{spell(Prefix.CONTACT, made.number)}"
    return await answer_made(door, acting, _SHELF, number=made.number, where=where)


@get(
    _ONE,
    summary="Read a contact",
    opt=doing(Operation.READ_CONTACTS),
    responses=answering(200, wire.Contact) | refusals(400, 404),
)
async def get_contact(*, request: Call, door: TheDoor, acting: Caller, contact_id: Id) -> Response[bytes]:
    """What it opted out of has to be selected."""
    with missing("Contact", contact_id):
        return await answer_one(request, door, acting, shelf=_SHELF, number=_number(contact_id))


@put(
    _ONE,
    summary="Change a contact",
    opt=doing(Operation.UPDATE_CONTACTS),
    operation_class=taking(wire.ContactChange),
    responses=answering(200, wire.Contact) | refusals(400, 404, 408, 409, 415),
)
async def change_contact(*, request: Call, door: TheDoor, acting: Caller, contact_id: Id) -> Response[bytes]:
    """What is absent stays as it is. Clients and vendors may change the contacts of their own users."""
    reading = Reading((await read_json(request, door.limits)).content)
    change = read_change(reading)
    with missing("Contact", contact_id), worded(reading):
        changed = await door.contacts.change(acting, _number(contact_id), change, faults=reading.faults)
    return await answer_changed(door, acting, _SHELF, number=changed.number)


@delete(
    _ONE,
    summary="Delete a contact",
    opt=doing(Operation.CHANGE_CONTACTS),
    responses=refusals(400, 404, 409),
)
async def delete_contact(door: TheDoor, acting: Caller, contact_id: Id) -> None:
    """Its address may be used for another one."""
    with missing("Contact", contact_id):
        await door.contacts.delete(acting, _number(contact_id))


@post(
    f"{_ONE}/block",
    summary="Block a contact",
    opt=doing(Operation.CHANGE_CONTACTS),
    status_code=200,
    responses=answering(200, wire.Contact) | refusals(400, 409),
)
async def block_contact(door: TheDoor, acting: Caller, contact_id: Id) -> Response[bytes]:
    """It gets no more messages, those that wait included."""
    with missing("Contact", contact_id, in_path=False):
        moved = await door.contacts.block(acting, _number(contact_id))
    return await answer_changed(door, acting, _SHELF, number=moved.number)


@post(
    f"{_ONE}/unblock",
    summary="Unblock a contact",
    opt=doing(Operation.CHANGE_CONTACTS),
    status_code=200,
    responses=answering(200, wire.Contact) | refusals(400, 409),
)
async def unblock_contact(door: TheDoor, acting: Caller, contact_id: Id) -> Response[bytes]:
    """It gets messages again, although mail to it bounced or met a complaint."""
    with missing("Contact", contact_id, in_path=False):
        moved = await door.contacts.unblock(acting, _number(contact_id))
    return await answer_changed(door, acting, _SHELF, number=moved.number)


HANDLERS = (
    find_contacts,
    create_contact,
    get_contact,
    change_contact,
    delete_contact,
    block_contact,
    unblock_contact,
)


def _number(text: str) -> ContactNumber:
    """The number of the contact; 0, which none has, for what is no id."""
    return ContactNumber(read(Prefix.CONTACT, text) or 0)
