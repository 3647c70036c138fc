"""Subscribers: which party takes part in which category, and who of its people hears of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, and_, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.errors import NotFound
from muster.domain.ids import CategoryNumber, GroupNumber, PartyNumber, PersonNumber, SubscriberNumber, TenantId
from muster.domain.mark import Mark
from muster.domain.query import Query
from muster.domain.subscriber import Subscriber, SubscriberState
from muster.stores.bulk import as_json, given
from muster.stores.directory_tables import (
    categories,
    parties,
    people,
    people_groups,
    subscriber_recipients,
    subscribers,
)
from muster.stores.marks import marked_at, marks_of, mirrored
from muster.stores.shelf_fields import CATEGORY_FIELDS, PARTY_FIELDS, under
from muster.stores.shelves import Collection, Column, Join, Listing, all_numbers, find_numbers, in_order, numbered

_S = subscribers.c
_R = subscriber_recipients.c
_PERSON, _GROUP = "person", "group"


def _recipients(table: Table, sort: str) -> Collection:
    """The recipients of one sort, each with its name."""
    source = subscriber_recipients.join(table, and_(table.c.tenant == _R.tenant, table.c.number == _R.recipient))
    theirs = and_(_R.tenant == _S.tenant, _R.subscriber == _S.number, _R.sort == sort)
    return Collection(source, theirs, {name: Column(table.c[name]) for name in ("number", "name")})


_LISTING = Listing(
    source=subscribers,
    tenant=_S.tenant,
    number=_S.number,
    first=_S.created_at,
    fields={
        **{name: Column(_S[name]) for name in ("number", "state", "note", "party", "category", "revision")},
        "name": Column(categories.c.name),
        "created": Column(_S.created_at, is_time=True),
        "updated": Column(_S.updated_at, is_time=True),
        "activated": Column(marked_at(_S.marks, "activated"), is_time=True),
        "disabled": Column(marked_at(_S.marks, "disabled"), is_time=True),
        **under("category", CATEGORY_FIELDS),
        **under("party", PARTY_FIELDS),
    },
    joins=(
        Join(categories, and_(categories.c.tenant == _S.tenant, categories.c.number == _S.category)),
        Join(parties, and_(parties.c.tenant == _S.tenant, parties.c.number == _S.party)),
    ),
    collections={"people": _recipients(people, _PERSON), "groups": _recipients(people_groups, _GROUP)},
)


class SubscriberTable:
    """The subscribers of a tenant; see ports.store.categories."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open(
        self,
        tenant: TenantId,
        first: SubscriberNumber,
        *,
        parties: Sequence[PartyNumber],
        categories: Sequence[CategoryNumber],
        mark: Mark,
    ) -> None:
        """Keep an active subscriber for each pair that has none, numbered from `first` on, without recipients."""
        pairs = sorted({(category, party) for category in categories for party in parties})
        if not pairs:
            return
        same = {"tenant": tenant, "state": SubscriberState.ACTIVE.value, "revision": 1}
        statement = text(
            "INSERT INTO subscribers"
            " (tenant, number, party, category, state, marks, created_at, updated_at, revision)"
            " SELECT CAST(:tenant AS BIGINT), number, party, category, CAST(:state AS VARCHAR), CAST(:marks AS TEXT),"
            " CAST(:created_at AS BIGINT), CAST(:updated_at AS BIGINT), CAST(:revision AS INTEGER)"
            f" FROM {given(self._connection, {'number': 'int', 'category': 'int', 'party': 'int'})} AS v"
            # SQLite reads ON as a join's unless a WHERE stands before it.
            " WHERE true ON CONFLICT (tenant, category, party) DO NOTHING"
        )
        rows = [(first + index, *pair) for index, pair in enumerate(pairs)]
        marks = mirrored({"created": mark, "updated": mark})
        await self._connection.execute(statement, {**same, **marks, "rows": as_json(rows)})

    async def add(self, tenant: TenantId, subscriber: Subscriber) -> None:
        """Keep one, in place of the one that its party and category have."""
        taken = select(_S.number).where(
            _S.tenant == tenant, _S.party == subscriber.party, _S.category == subscriber.category
        )
        for number in (await self._connection.execute(taken)).scalars().all():
            await self._clear(tenant, number)
            await self._connection.execute(delete(subscribers).where(_S.tenant == tenant, _S.number == number))
        await self._connection.execute(
            insert(subscribers).values(
                tenant=tenant,
                number=subscriber.number,
                party=subscriber.party,
                category=subscriber.category,
                **_said(subscriber),
            )
        )
        await self._keep_recipients(tenant, subscriber)

    async def change(self, tenant: TenantId, subscriber: Subscriber) -> bool:
        """Keep the change, recipients included, if it is of what is kept."""
        standing = (
            _S.tenant == tenant,
            _S.number == subscriber.number,
            _S.revision == subscriber.revision - 1,
        )
        changed = await self._connection.execute(update(subscribers).where(*standing).values(**_said(subscriber)))
        if not changed.rowcount:
            return False
        await self._clear(tenant, subscriber.number)
        await self._keep_recipients(tenant, subscriber)
        return True

    async def drop_category(self, tenant: TenantId, category: CategoryNumber) -> int:
        """Forget all of a category; how many."""
        theirs = select(_S.number).where(_S.tenant == tenant, _S.category == category)
        await self._connection.execute(
            delete(subscriber_recipients).where(_R.tenant == tenant, _R.subscriber.in_(theirs))
        )
        gone = await self._connection.execute(delete(subscribers).where(_S.tenant == tenant, _S.category == category))
        return gone.rowcount

    async def find(self, tenant: TenantId, query: Query) -> tuple[int, Sequence[Subscriber]]:
        """How many match, and the part asked for, in order."""
        total, numbers = await find_numbers(self._connection, _LISTING, tenant, query)
        return total, in_order({s.number: s for s in await self.several(tenant, numbers)}, numbers)

    async def numbers(self, tenant: TenantId, query: Query, *, most: int) -> Sequence[int]:
        """The numbers of all that match, in order."""
        return await all_numbers(self._connection, _LISTING, tenant, query, most=most)

    async def several(self, tenant: TenantId, numbers: Sequence[int]) -> Sequence[Subscriber]:
        """Those of `numbers` that there are, each with its recipients in order of number."""
        if not numbers:
            return []
        which = numbered(self._connection, _S.number, numbers)
        rows = (await self._connection.execute(select(subscribers).where(_S.tenant == tenant, which))).all()
        chosen: Mapping[tuple[int, str], list[int]] = defaultdict(list)
        theirs = select(subscriber_recipients).where(
            _R.tenant == tenant, numbered(self._connection, _R.subscriber, numbers)
        )
        for row in await self._connection.execute(theirs.order_by(_R.recipient)):
            chosen[row.subscriber, row.sort].append(row.recipient)
        return [_subscriber(row, people=chosen[row.number, _PERSON], groups=chosen[row.number, _GROUP]) for row in rows]

    async def get(self, tenant: TenantId, number: int) -> Subscriber:
        """The one with this number; raises NotFound."""
        found = await self.several(tenant, [number])
        if not found:
            raise NotFound("no such subscriber")
        return found[0]

    async def _clear(self, tenant: TenantId, subscriber: int) -> None:
        theirs = (_R.tenant == tenant, _R.subscriber == subscriber)
        await self._connection.execute(delete(subscriber_recipients).where(*theirs))

    async def _keep_recipients(self, tenant: TenantId, subscriber: Subscriber) -> None:
        rows = [
            {"tenant": tenant, "subscriber": subscriber.number, "sort": sort, "recipient": recipient}
            for sort, chosen in ((_PERSON, subscriber.people), (_GROUP, subscriber.groups))
            for recipient in dict.fromkeys(chosen)
        ]
        if rows:
            await self._connection.execute(insert(subscriber_recipients), rows)


def _said(subscriber: Subscriber) -> Mapping[str, object]:
    """The columns that a change may change."""
    return {
        "state": subscriber.state.value,
        "note": subscriber.note,
        **mirrored(subscriber.marks),
        "revision": subscriber.revision,
    }


def _subscriber(row: Any, *, people: Sequence[int], groups: Sequence[int]) -> Subscriber:
    return Subscriber(
        number=SubscriberNumber(row.number),
        party=PartyNumber(row.party),
        category=CategoryNumber(row.category),
        state=SubscriberState(row.state),
        note=row.note,
        people=tuple(map(PersonNumber, people)),
        groups=tuple(map(GroupNumber, groups)),
        marks=marks_of(row.marks),
        revision=row.revision,
    )
