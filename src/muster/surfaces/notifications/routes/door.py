"""What the routes call upon, who calls them, and who may.

Every handler names what it does: `@get(..., opt=doing(Operation.READ_BATCHES))`. One that names nothing is closed.
"""

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from muster.catalog.categories import CategoryCatalog
from muster.catalog.contacts import ContactCatalog
from muster.catalog.parties import PartyDesk
from muster.catalog.subscribers import SubscriberCatalog
from muster.domain.directory import Acting, PartyKind
from muster.domain.errors import NotAllowed
from muster.intake.mailings import MailingDesk
from muster.lookup.shelves import ShelfLookup
from muster.ports.clock import Clock
from muster.ports.files import Files
from muster.settle.reports import Reports
from muster.surfaces.access import Access, Call
from muster.surfaces.bodies import Limits

STREAMS_AT_WORK: Final = 2
"""How many streams of this process may read and write down rows at once: the others wait, and no other call does."""


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes call upon."""

    parties: PartyDesk
    shelves: ShelfLookup
    mailings: MailingDesk
    categories: CategoryCatalog
    contacts: ContactCatalog
    subscribers: SubscriberCatalog
    reports: Reports
    files: Files
    access: Access
    clock: Clock
    limits: Limits
    link_key: bytes
    """The secret that links to attachments are signed with."""
    turns: asyncio.Semaphore = msgspec.field(default_factory=lambda: asyncio.Semaphore(STREAMS_AT_WORK))
    """Held by each stream while it makes its next piece."""


class Operation(StrEnum):
    """What a route does, as far as it matters for who may."""

    CREATE_BATCHES = "create batches"
    READ_BATCHES = "read batches"
    READ_ATTACHMENTS = "read attachments"
    READ_CATEGORIES = "read categories"
    CHANGE_CATEGORIES = "change categories"
    READ_CONTACTS = "read contacts"
    UPDATE_CONTACTS = "update contacts"
    CHANGE_CONTACTS = "create, delete or block contacts"
    READ_MESSAGES = "read messages"
    REPORT_ON_MESSAGES = "report on messages"
    READ_SUBSCRIBERS = "read subscribers"
    CHANGE_SUBSCRIBERS = "change subscribers"
    READ_RECIPIENTS = "read the contacts of an account and a category"
    ASK_FOR_MORE = "use what is not offered here"


_EVERYONE = frozenset(PartyKind)
_NO_CLIENTS = frozenset({PartyKind.VENDOR, PartyKind.OPERATIONS})
_OPERATIONS = frozenset({PartyKind.OPERATIONS})

ROLES: Mapping[Operation, frozenset[PartyKind]] = MappingProxyType(
    {
        Operation.CREATE_BATCHES: _NO_CLIENTS,
        Operation.READ_BATCHES: _NO_CLIENTS,
        Operation.READ_ATTACHMENTS: _EVERYONE,
        Operation.READ_CATEGORIES: _EVERYONE,
        Operation.CHANGE_CATEGORIES: _OPERATIONS,
        Operation.READ_CONTACTS: _EVERYONE,
        Operation.UPDATE_CONTACTS: _EVERYONE,
        Operation.CHANGE_CONTACTS: _OPERATIONS,
        Operation.READ_MESSAGES: _EVERYONE,
        Operation.REPORT_ON_MESSAGES: _OPERATIONS,
        Operation.READ_SUBSCRIBERS: _EVERYONE,
        Operation.CHANGE_SUBSCRIBERS: _EVERYONE,
        Operation.READ_RECIPIENTS: _NO_CLIENTS,
        Operation.ASK_FOR_MORE: _EVERYONE,
    }
)
"""Whose tokens may do what (section 1 of the door's specification)."""
_DOES = "operation"

TheDoor = NamedDependency[SkipValidation[Door]]
Caller = NamedDependency[SkipValidation[Acting]]
"""The parameter of a handler is to be called `acting`."""
Id = FromPath[str]


def doing(operation: Operation) -> Mapping[str, Operation]:
    """What a handler's `opt` is to be."""
    return {_DOES: operation}


async def caller(request: Call, door: TheDoor) -> Acting:
    """Who calls, and for which party. Raises NotAuthenticated, RateLimited, NotAllowed."""
    acting = await door.parties.acting(await door.access.caller(request))
    operation: Operation | None = request.route_handler.opt.get(_DOES)
    if operation is None or acting.party.kind not in ROLES[operation]:
        what = operation or "use this"
        raise NotAllowed(f"A token of a {acting.party.kind} account may not {what}")
    return acting
