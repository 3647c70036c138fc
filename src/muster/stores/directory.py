"""Whom a tenant serves: parties, buyers, people, groups, tokens; and the counters that numbers come from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.directory import Buyer, Group, Party, PartyKind, Person, Token, TokenState
from muster.domain.errors import NotFound
from muster.domain.ids import (
    BuyerNumber,
    CategoryNumber,
    ContactNumber,
    GroupNumber,
    PartyNumber,
    PersonNumber,
    PrincipalId,
    TenantId,
    TokenNumber,
)
from muster.domain.query import Among
from muster.ports.store.directory import Counter
from muster.stores.bulk import Statement
from muster.stores.directory_tables import (
    buyers,
    categories,
    contacts,
    group_members,
    parties,
    party_tokens,
    people,
    people_groups,
    subscribers,
)
from muster.stores.mailing_tables import attachments, mailings
from muster.stores.marks import marks_of, mirrored
from muster.stores.moments import micros, moment
from muster.stores.queries import Column, Vocabulary, condition
from muster.stores.records.tables import record_batches, record_users
from muster.stores.shelves import numbered
from muster.stores.upserts import put

_PERSON, _BUYER = "person", "buyer"
# For methods whose parameter has the name of the table that it fills.
_PEOPLE, _BUYERS = people, buyers
_COUNT = "INSERT INTO counters (tenant, counter, last) VALUES (:tenant, :counter, :count)"
_NEXT = Statement(
    f"{_COUNT} ON CONFLICT (tenant, counter) DO UPDATE SET last = counters.last + excluded.last RETURNING last"
)
_RESERVE = Statement(
    f"{_COUNT} ON CONFLICT (tenant, counter) DO UPDATE SET last = excluded.last WHERE counters.last < excluded.last"
)
_RECIPIENTS = Statement(
    "WITH standing AS ("
    " SELECT s.number FROM subscribers AS s JOIN categories AS c ON c.tenant = s.tenant AND c.number = s.category"
    "  WHERE s.tenant = :tenant AND s.category = :category AND s.party = :party"
    "  AND s.state = 'active' AND c.state = 'published'"
    "), chosen AS ("
    " SELECT r.sort, r.recipient FROM subscriber_recipients AS r JOIN standing ON standing.number = r.subscriber"
    "  WHERE r.tenant = :tenant"
    "), reached AS ("
    " SELECT recipient AS person FROM chosen WHERE sort = 'person'"
    " UNION"
    " SELECT m.member FROM chosen JOIN group_members AS m"
    "  ON m.tenant = :tenant AND m.grouping = chosen.recipient AND m.sort = 'person' WHERE chosen.sort = 'group'"
    ") SELECT contacts.number FROM reached JOIN contacts"
    "  ON contacts.tenant = :tenant AND contacts.person = reached.person"
    " WHERE contacts.state <> 'deleted' AND (CAST(:buyer AS BIGINT) IS NULL OR EXISTS ("
    "  SELECT 1 FROM group_members AS seen JOIN group_members AS seeing"
    "   ON seeing.tenant = seen.tenant AND seeing.grouping = seen.grouping AND seeing.sort = 'person'"
    "  WHERE seen.tenant = :tenant AND seen.sort = 'buyer' AND seen.member = :buyer"
    "   AND seeing.member = reached.person))"
    " ORDER BY contacts.created_at, contacts.number"
)

_COUNTED: Mapping[Counter, Table] = MappingProxyType(
    {
        Counter.PARTY: parties,
        Counter.BUYER: buyers,
        Counter.PERSON: people,
        Counter.GROUP: people_groups,
        Counter.TOKEN: party_tokens,
        Counter.CATEGORY: categories,
        Counter.CONTACT: contacts,
        Counter.SUBSCRIBER: subscribers,
        Counter.MAILING: mailings,
        Counter.ATTACHMENT: attachments,
        Counter.RECORD_BATCH: record_batches,
        Counter.RECORD_USER: record_users,
    }
)
"""What has the numbers of a counter; calls are only counted."""


class DirectoryTable:
    """Parties, buyers, people, groups and tokens of a tenant; see ports.store.directory."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def next(self, tenant: TenantId, counter: Counter, count: int = 1) -> int:
        """Take the next `count` numbers; the first of them. Others who count so wait until this transaction ends."""
        values = {"tenant": tenant, "counter": counter.value, "count": count}
        last: int = (await _NEXT.rows(self._connection, values))[0][0]
        return last - count + 1

    async def reserve(self, tenant: TenantId, counter: Counter, highest: int) -> None:
        """See to it that numbers up to `highest` are not given out."""
        values = {"tenant": tenant, "counter": counter.value, "count": highest}
        await _RESERVE.rows(self._connection, values)

    async def taken(self, tenant: TenantId, counter: Counter, numbers: Sequence[int]) -> Sequence[int]:
        """Those of `numbers` that something has, or had."""
        table = _COUNTED.get(counter)
        rows = () if table is None else await self._numbered(table, tenant, numbers)
        return [row.number for row in rows]

    async def put_party(self, tenant: TenantId, party: Party) -> None:
        """Keep the party, new or changed."""
        row = {
            "tenant": tenant,
            "number": party.number,
            "kind": party.kind.value,
            "name": party.name,
            "status": party.status,
            "icon": party.icon,
            "details": party.details,
            **mirrored(party.marks),
            "revision": party.revision,
        }
        await put(self._connection, parties, [row])

    async def put_buyers(self, tenant: TenantId, buyers: Sequence[Buyer]) -> None:
        """Keep them, new or changed."""
        await self._put_plain(tenant, _BUYERS, buyers)

    async def put_people(self, tenant: TenantId, people: Sequence[Person]) -> None:
        """Keep them, new or changed."""
        await self._put_plain(tenant, _PEOPLE, people)

    async def _put_plain(self, tenant: TenantId, table: Table, things: Sequence[Buyer] | Sequence[Person]) -> None:
        """Keep things whose fields are their columns."""
        names = [column.name for column in table.columns if column.name != "tenant"]
        rows = [{"tenant": tenant, **{name: getattr(thing, name) for name in names}} for thing in things]
        await put(self._connection, table, rows)

    async def put_groups(self, tenant: TenantId, groups: Sequence[Group]) -> None:
        """Keep them, new or changed, with exactly these people and buyers."""
        if not groups:
            return
        given = {group.number: group for group in groups}
        rows = [{"tenant": tenant, "number": g.number, "party": g.party, "name": g.name} for g in given.values()]
        await put(self._connection, people_groups, rows)
        members = group_members.c
        theirs = (members.tenant == tenant, numbered(self._connection, members.grouping, given))
        await self._connection.execute(delete(group_members).where(*theirs))
        kept = [
            {"tenant": tenant, "grouping": group.number, "sort": sort, "member": member}
            for group in given.values()
            for sort, all_of_them in ((_PERSON, group.people), (_BUYER, group.buyers))
            for member in dict.fromkeys(all_of_them)
        ]
        if kept:
            await self._connection.execute(insert(group_members), kept)

    async def add_token(self, tenant: TenantId, token: Token) -> None:
        """Keep a new token."""
        await self._connection.execute(
            insert(party_tokens).values(
                tenant=tenant,
                number=token.number,
                party=token.party,
                principal=token.principal,
                name=token.name,
                state=token.state.value,
                created_at=micros(token.created_at),
            )
        )

    async def move_token(self, tenant: TenantId, token: TokenNumber, state: TokenState) -> None:
        """Enable, disable or delete it. Raises NotFound, for one that is deleted too."""
        table = party_tokens.c
        standing = (table.tenant == tenant, table.number == token, table.state != TokenState.DELETED.value)
        moved = await self._connection.execute(update(party_tokens).where(*standing).values(state=state.value))
        if not moved.rowcount:
            raise NotFound("no such token")

    async def token_of(self, tenant: TenantId, principal: PrincipalId) -> Token | None:
        """The token that this service account acts by."""
        found = await self._rows(party_tokens, tenant, party_tokens.c.principal == principal)
        return _token(found[0]) if found else None

    async def operating(self, tenant: TenantId) -> Party | None:
        """The party that operates: the oldest of kind `operations`."""
        found = await self._rows(parties, tenant, parties.c.kind == PartyKind.OPERATIONS.value)
        oldest = min(found, key=lambda row: (row.created_at, row.number), default=None)
        return None if oldest is None else _party(oldest)

    async def parties(self, tenant: TenantId, numbers: Sequence[int]) -> Sequence[Party]:
        """Those of `numbers` that there are."""
        return [_party(row) for row in await self._numbered(parties, tenant, numbers)]

    async def every_party(self, tenant: TenantId) -> Sequence[PartyNumber]:
        """All parties, in order of number."""
        statement = select(parties.c.number).where(parties.c.tenant == tenant).order_by(parties.c.number)
        return [PartyNumber(number) for number in (await self._connection.execute(statement)).scalars()]

    async def people(self, tenant: TenantId, numbers: Sequence[int]) -> Sequence[Person]:
        """Those of `numbers` that there are."""
        return [_person(row) for row in await self._numbered(people, tenant, numbers)]

    async def groups(self, tenant: TenantId, numbers: Sequence[int]) -> Sequence[Group]:
        """Those of `numbers` that there are, people and buyers in order of number."""
        found = await self._numbered(people_groups, tenant, numbers)
        members: Mapping[tuple[int, str], list[int]] = defaultdict(list)
        if found:
            theirs = numbered(self._connection, group_members.c.grouping, numbers)
            for row in await self._rows(group_members, tenant, theirs, order=group_members.c.member):
                members[row.grouping, row.sort].append(row.member)
        return [_group(row, people=members[row.number, _PERSON], buyers=members[row.number, _BUYER]) for row in found]

    async def tokens(self, tenant: TenantId, numbers: Sequence[int]) -> Sequence[Token]:
        """Those of `numbers` that there are, deleted ones too."""
        return [_token(row) for row in await self._numbered(party_tokens, tenant, numbers)]

    async def buyers(
        self, tenant: TenantId, numbers: Sequence[int] = (), *, erp_customers: Sequence[str] = ()
    ) -> Sequence[Buyer]:
        """Those with one of these numbers, or one of these numbers in the books."""
        if not numbers and not erp_customers:
            return []
        words = Vocabulary({"erp_customer": Column(buyers.c.erp_customer)}, {})
        booked = condition(self._connection, Among("erp_customer", tuple(erp_customers)), words)
        which = or_(numbered(self._connection, buyers.c.number, numbers), booked)
        return [_buyer(row) for row in await self._rows(buyers, tenant, which)]

    async def recipients(
        self, tenant: TenantId, party: PartyNumber, category: CategoryNumber, *, buyer: BuyerNumber | None
    ) -> Sequence[ContactNumber]:
        """Contacts of the people who are recipients of the party's subscriber, oldest first."""
        values = {"tenant": tenant, "party": party, "category": category, "buyer": buyer}
        return [ContactNumber(row[0]) for row in await _RECIPIENTS.rows(self._connection, values)]

    async def _numbered(self, table: Table, tenant: TenantId, numbers: Iterable[int]) -> Sequence[Any]:
        wanted = tuple(numbers)
        if not wanted:
            return []
        return await self._rows(table, tenant, numbered(self._connection, table.c.number, wanted))

    async def _rows(
        self, table: Table, tenant: TenantId, which: ColumnElement[bool], *, order: ColumnElement[Any] | None = None
    ) -> Sequence[Any]:
        statement = select(table).where(table.c.tenant == tenant, which)
        return (await self._connection.execute(statement.order_by(order))).all()


def _party(row: Any) -> Party:
    return Party(
        number=PartyNumber(row.number),
        kind=PartyKind(row.kind),
        name=row.name,
        status=row.status,
        icon=row.icon,
        details=row.details,
        marks=marks_of(row.marks),
        revision=row.revision,
    )


def _buyer(row: Any) -> Buyer:
    return Buyer(number=BuyerNumber(row.number), party=_of_party(row), name=row.name, erp_customer=row.erp_customer)


def _person(row: Any) -> Person:
    return Person(number=PersonNumber(row.number), party=_of_party(row), name=row.name, email=row.email, icon=row.icon)


def _group(row: Any, *, people: Sequence[int], buyers: Sequence[int]) -> Group:
    return Group(
        number=GroupNumber(row.number),
        party=_of_party(row),
        name=row.name,
        people=tuple(map(PersonNumber, people)),
        buyers=tuple(map(BuyerNumber, buyers)),
    )


def _token(row: Any) -> Token:
    return Token(
        number=TokenNumber(row.number),
        party=PartyNumber(row.party),
        principal=PrincipalId(row.principal),
        name=row.name,
        state=TokenState(row.state),
        created_at=moment(row.created_at),
    )


def _of_party(row: Any) -> PartyNumber | None:
    return None if row.party is None else PartyNumber(row.party)
