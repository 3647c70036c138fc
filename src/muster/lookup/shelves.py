"""Reading the lists that can be queried: what a caller may see of them, and what their rows refer to."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from muster.domain.category import CategoryState
from muster.domain.directory import Acting, PartyKind
from muster.domain.errors import BadInput, NotFound
from muster.domain.fault import Fault
from muster.domain.ids import AttachmentNumber, BuyerNumber, CategoryNumber, MailingNumber, PartyNumber, TenantId
from muster.domain.mailing import Attachment
from muster.domain.query import Among, Compare, Comparison, Condition, Query, both
from muster.lookup.references import Related, Row, Wants, related
from muster.ports.clock import Clock
from muster.ports.store.categories import Windows
from muster.ports.store.shelf import Shelf
from muster.ports.store.unit import Store, Transaction

__all__ = ["Found", "Related", "Row", "ShelfLookup", "ShelfName", "Wants"]


class ShelfName(StrEnum):
    """The lists there are."""

    MAILINGS = "mailings"
    MESSAGES = "messages"
    CATEGORIES = "categories"
    CONTACTS = "contacts"
    SUBSCRIBERS = "subscribers"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one list, in order."""

    total: int
    """How many there are in all, whatever part was asked for."""
    rows: Sequence[Row]
    related: Related


class _Limit(msgspec.Struct, frozen=True):
    """A caller sees the rows whose `field` has this value. Rows call it as queries do."""

    field: str
    value: str | int

    def condition(self) -> Condition:
        return Compare(self.field, Comparison.EQ, self.value)

    def admits(self, row: Row) -> bool:
        return bool(getattr(row, self.field) == self.value)


DEFAULT: Final = Wants()


class ShelfLookup:
    """Answers about a tenant's lists, for the party that asks; changes nothing."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def find(self, acting: Acting, shelf: ShelfName, query: Query, *, wants: Wants = DEFAULT) -> Found:
        """One part of the list, of what the caller may see."""
        tenant = acting.who.tenant
        async with self._store.read() as tx:
            total, rows = await _shelf(tx, shelf).find(tenant, _seen(acting, shelf, query))
            return await self._found(tx, tenant, rows, total=total, wants=wants)

    async def get(self, acting: Acting, shelf: ShelfName, number: int, *, wants: Wants = DEFAULT) -> Found:
        """The one row with this number. Raises NotFound, also for one that the caller may not see."""
        found = await self.several(acting, shelf, [number], wants=wants)
        if not found.rows:
            raise NotFound("There is no such thing")
        return found

    async def numbers(self, acting: Acting, shelf: ShelfName, query: Query, *, most: int) -> Sequence[int]:
        """The numbers of all that match, in order, at most `most`; whatever part the query asks for."""
        async with self._store.read() as tx:
            return await _shelf(tx, shelf).numbers(acting.who.tenant, _seen(acting, shelf, query), most=most)

    async def several(
        self, acting: Acting, shelf: ShelfName, numbers: Sequence[int], *, wants: Wants = DEFAULT
    ) -> Found:
        """The rows with these numbers, in this order; those that are gone, or not to be seen, are left out."""
        tenant, limit = acting.who.tenant, _limit(acting, shelf)
        async with self._store.read() as tx:
            kept = await _shelf(tx, shelf).several(tenant, numbers)
            by_number = {int(row.number): row for row in kept if limit is None or limit.admits(row)}
            rows = [by_number[number] for number in numbers if number in by_number]
            return await self._found(tx, tenant, rows, total=len(rows), wants=wants)

    async def attachment(self, acting: Acting, mailing: MailingNumber, attachment: AttachmentNumber) -> Attachment:
        """One of the mailing's. Raises NotFound, also where the caller may see neither mailing nor messages."""
        tenant, party = acting.who.tenant, acting.party.number
        async with self._store.read() as tx:
            found = await tx.mailings.get(tenant, mailing)
            if acting.party.kind is not PartyKind.OPERATIONS and party not in {found.made_for, found.party}:
                raise NotFound("There is no such attachment")
            return await tx.mailings.attachment(tenant, mailing, attachment)

    async def recipients(
        self,
        acting: Acting,
        party: PartyNumber,
        category: CategoryNumber,
        *,
        buyer: BuyerNumber | None = None,
        query: Query,
        wants: Wants = DEFAULT,
    ) -> Found:
        """The contacts that a mailing of `category` to `party` reaches; of `buyer`'s groups only, where one is named.

        None while the category is not published or the party's subscriber is disabled. Raises BadInput for a party or
        category that there is not.
        """
        tenant = acting.who.tenant
        async with self._store.read() as tx:
            await _insist(tx, tenant, party=party, category=category)
            numbers = await tx.directory.recipients(tenant, party, category, buyer=buyer)
            among = both(Among("number", tuple(numbers)), query.where)
            total, rows = await tx.contacts.find(tenant, msgspec.structs.replace(query, where=among))
            return await self._found(tx, tenant, rows, total=total, wants=wants)

    async def _found(
        self, tx: Transaction, tenant: TenantId, rows: Sequence[Row], *, total: int, wants: Wants
    ) -> Found:
        since = _windows(self._clock.now())
        return Found(total=total, rows=rows, related=await related(tx, tenant, rows, wants=wants, since=since))


def _shelf(tx: Transaction, name: ShelfName) -> Shelf[Row]:
    match name:
        case ShelfName.MAILINGS:
            return tx.mailings
        case ShelfName.MESSAGES:
            return tx.messages
        case ShelfName.CATEGORIES:
            return tx.categories
        case ShelfName.CONTACTS:
            return tx.contacts
        case ShelfName.SUBSCRIBERS:
            return tx.subscribers


def _limit(acting: Acting, shelf: ShelfName) -> _Limit | None:
    """What the caller's party may see of the list; None: all of it."""
    if acting.party.kind is PartyKind.OPERATIONS:
        return None
    own = acting.party.number
    match shelf:
        case ShelfName.MAILINGS:
            # A vendor's own, whoever they went to; a client is not let in here, and has messages instead.
            return _Limit("made_for" if acting.party.kind is PartyKind.VENDOR else "party", own)
        case ShelfName.MESSAGES | ShelfName.SUBSCRIBERS:
            return _Limit("party", own)
        case ShelfName.CATEGORIES:
            return _Limit("state", CategoryState.PUBLISHED.value)
        case ShelfName.CONTACTS:
            return None


def _seen(acting: Acting, shelf: ShelfName, query: Query) -> Query:
    limit = _limit(acting, shelf)
    if limit is None:
        return query
    return msgspec.structs.replace(query, where=both(limit.condition(), query.where))


async def _insist(tx: Transaction, tenant: TenantId, *, party: PartyNumber, category: CategoryNumber) -> None:
    faults: list[Fault] = []
    if not await tx.directory.parties(tenant, [party]):
        faults.append(Fault("account.id", "not_found", "There is no such party"))
    if not await tx.categories.several(tenant, [category]):
        faults.append(Fault("category.id", "not_found", "There is no such category"))
    if faults:
        raise BadInput("There is no such party or category", faults)


def _windows(now: datetime) -> Windows:
    """Since when today, this week (ISO: from Monday) and this month last, in UTC."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Windows(today=today, week=today - timedelta(days=today.weekday()), month=today.replace(day=1))
