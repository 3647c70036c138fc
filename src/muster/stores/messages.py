"""Messages: the entries of mailings, each with what its mailing and its contact say of it."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.entry import EntryState
from muster.domain.errors import NotFound
from muster.domain.ids import (
    BatchNumber,
    CategoryNumber,
    ContactNumber,
    MailingNumber,
    MessageNumber,
    PartyNumber,
    TenantId,
    TokenNumber,
)
from muster.domain.mailing import Message
from muster.domain.query import Query
from muster.stores.directory_tables import contacts
from muster.stores.mailing_statistics import STANDS
from muster.stores.mailing_tables import mailings, messages
from muster.stores.mailings import ATTACHMENTS, CATEGORY, MAILING_FIELDS, PARTY
from muster.stores.moments import moment
from muster.stores.queries import fields_in
from muster.stores.shelves import Column, Join, Listing, all_numbers, find_numbers, in_order, numbered
from muster.stores.tables import entries

_M = messages.c
_E = entries.c
# In every other state it did not leave, or nobody knows whether it did.
_HANDED_OVER = STANDS["sent"] | STANDS["bounced"] | STANDS["complained"]


def _where_it_stands(at: ColumnElement[Any], states: Iterable[EntryState]) -> ColumnElement[Any]:
    """`at`, of an entry in one of `states`; NULL of any other."""
    return case((_E.state.in_(sorted(state.value for state in states)), at), else_=null())


_LEFT_AT = _where_it_stands(_E.left_at, _HANDED_OVER)
# A batch is one mailing's, and so one tenant's.
_MAILING = Join(mailings, mailings.c.batch == _M.batch)
_ENTRY = Join(entries, and_(_E.batch == _M.batch, _E.position == _M.position))
_CONTACT = Join(contacts, and_(contacts.c.tenant == mailings.c.tenant, contacts.c.number == _M.contact), optional=True)
_LISTING = Listing(
    source=messages,
    tenant=mailings.c.tenant,
    number=_M.number,
    first=mailings.c.created_at,
    fields={
        **MAILING_FIELDS,
        "number": Column(_M.number),
        "mailing": Column(mailings.c.number),
        "state": Column(_E.state),
        "reason": Column(_E.reason),
        "contact": Column(_M.contact),
        "contact.email": Column(contacts.c.email),
        "contact.name": Column(contacts.c.name),
        "contact.state": Column(contacts.c.state),
        "queued": MAILING_FIELDS["created"],
        "updated": Column(_E.updated_at, is_time=True),
        "sent": Column(_LEFT_AT, is_time=True),
        **{
            event: Column(_where_it_stands(_E.updated_at, STANDS[event]), is_time=True)
            for event in ("bounced", "complained", "failed", "discarded")
        },
    },
    joins=(_MAILING, _ENTRY, _CONTACT, CATEGORY, PARTY),
    collections={"attachments": ATTACHMENTS},
)
# For what asks by a key of the messages themselves. All else begins with the mailings: SQLite, given the messages'
# tenant, would read all of them to find those of one mailing.
_KEYS = frozenset({"number", "contact"})
_BY_KEY = _LISTING._replace(tenant=_M.tenant)
_SHOWN = select(
    _M.number,
    mailings.c.number.label("mailing"),
    _M.position,
    _M.contact,
    mailings.c.category,
    mailings.c.party,
    mailings.c.subject,
    _E.state,
    _E.reason,
    mailings.c.created_at.label("queued_at"),
    _LEFT_AT.label("left_at"),
    _E.updated_at,
    mailings.c.made_by,
    mailings.c.made_for,
).select_from(messages.join(mailings, _MAILING.on).join(entries, _ENTRY.on))


class MessageTable:
    """The messages of a tenant's mailings; see ports.store.mailings."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, tenant: TenantId, query: Query) -> tuple[int, Sequence[Message]]:
        """How many match, and the part asked for, in order."""
        total, numbers = await find_numbers(self._connection, _listing(query), tenant, query)
        return total, in_order({m.number: m for m in await self.several(tenant, numbers)}, numbers)

    async def numbers(self, tenant: TenantId, query: Query, *, most: int) -> Sequence[int]:
        """The numbers of all that match, in order."""
        return await all_numbers(self._connection, _listing(query), tenant, query, most=most)

    async def several(self, tenant: TenantId, numbers: Sequence[int]) -> Sequence[Message]:
        """Those of `numbers` that there are."""
        if not numbers:
            return []
        which = numbered(self._connection, _M.number, numbers)
        return [_message(row) for row in await self._connection.execute(_SHOWN.where(_M.tenant == tenant, which))]

    async def get(self, tenant: TenantId, number: int) -> Message:
        """The one with this number; raises NotFound."""
        found = await self.several(tenant, [number])
        if not found:
            raise NotFound("no such message")
        return found[0]

    async def positions(self, tenant: TenantId, messages: Sequence[MessageNumber]) -> Sequence[tuple[BatchNumber, int]]:
        """Which entries those are, in order; raises NotFound when one is missing."""
        statement = select(_M.number, _M.batch, _M.position).where(
            _M.tenant == tenant, numbered(self._connection, _M.number, messages)
        )
        rows = await self._connection.execute(statement)
        found = {number: (BatchNumber(batch), position) for number, batch, position in rows}
        places = in_order(found, messages)
        if len(places) < len(messages):
            raise NotFound("no such message")
        return places


def _listing(query: Query) -> Listing:
    named = frozenset[str]() if query.where is None else fields_in(query.where)
    return _BY_KEY if named & _KEYS else _LISTING


def _message(row: Any) -> Message:
    return Message(
        number=MessageNumber(row.number),
        mailing=MailingNumber(row.mailing),
        position=row.position,
        contact=ContactNumber(row.contact),
        category=CategoryNumber(row.category),
        party=PartyNumber(row.party),
        subject=row.subject,
        state=EntryState(row.state),
        reason=row.reason,
        queued_at=moment(row.queued_at),
        left_at=None if row.left_at is None else moment(row.left_at),
        updated_at=moment(row.updated_at),
        made_by=None if row.made_by is None else TokenNumber(row.made_by),
        made_for=None if row.made_for is None else PartyNumber(row.made_for),
    )
