"""Contacts: people with e-mail addresses, and what they opted out of."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import and_, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.contact import Audience, Bars, BlockReason, Contact, ContactState
from muster.domain.errors import NameTaken, NotFound
from muster.domain.ids import CategoryNumber, ContactNumber, PersonNumber, TenantId
from muster.domain.mark import Mark, Marks
from muster.domain.query import Query
from muster.stores.audiences import bars
from muster.stores.bulk import Both, Statement, as_json, insert_many, rows_given, values_listed
from muster.stores.directory_tables import categories, contacts, opt_outs, people
from muster.stores.marks import MARKED, marked_at, marks_kept, marks_of, mirrored
from muster.stores.moments import micros
from muster.stores.queries import Collection, Column
from muster.stores.shelves import Join, Listing, all_numbers, find_numbers, in_order, numbered

_C = contacts.c
_O = opt_outs.c
_IN_USE = _C.state != ContactState.DELETED.value
_CATEGORY_OF = and_(categories.c.tenant == _O.tenant, categories.c.number == _O.category)
_PERSON_OF = and_(people.c.tenant == _C.tenant, people.c.number == _C.person)
_LISTING = Listing(
    source=contacts,
    tenant=_C.tenant,
    number=_C.number,
    first=_C.created_at,
    fields={
        **{name: Column(_C[name]) for name in ("number", "email", "name", "state", "blocked_reason", "revision")},
        "person": Column(_C.person),
        "person.name": Column(people.c.name),
        "person.email": Column(people.c.email),
        "created": Column(_C.created_at, is_time=True),
        "updated": Column(_C.updated_at, is_time=True),
        "activated": Column(marked_at(_C.marks, "activated"), is_time=True),
        "blocked": Column(marked_at(_C.marks, "blocked"), is_time=True),
    },
    joins=(Join(people, _PERSON_OF, optional=True),),
    collections={
        "opt_outs": Collection(
            opt_outs.join(categories, _CATEGORY_OF),
            and_(_O.tenant == _C.tenant, _O.contact == _C.number),
            {name: Column(categories.c[name]) for name in ("number", "name", "state")},
        )
    },
    alive=_IN_USE,
)

_NEW: Mapping[str, str] = {
    "number": "int",
    "email": "text",
    "key": "text",
    "name": "text",
    "state": "text",
    "blocked_reason": "text",
    "person": "int",
    "extras": "text",
    "marks": "text",
    "created_at": "int",
    "updated_at": "int",
    "revision": "int",
}
_AT_ONCE = 20_000
"""Rows a statement: bounds the size of its JSON parameter to a few megabytes."""
_ADD = Statement(
    f"INSERT INTO contacts (tenant, {', '.join(_NEW)})"
    f" SELECT CAST(:tenant AS BIGINT), {', '.join(_NEW)} FROM {{rows}} AS v"
    # SQLite reads ON as a join's unless a WHERE stands before it.
    " WHERE true ON CONFLICT (tenant, key) WHERE state <> 'deleted' DO NOTHING RETURNING number",
    rows=rows_given(_NEW),
)
_KEYED = Statement(
    f"SELECT {', '.join(_NEW)} FROM contacts WHERE tenant = :tenant AND state <> 'deleted' AND key IN {{keys}}",
    keys=values_listed("text", parameter="keys"),
)
_MARK = "marks = {marked}, updated_at = :at, revision = revision + 1"
_LOCK = Both("", " FOR UPDATE")
_HOLD = Statement(
    "SELECT number FROM contacts WHERE tenant = :tenant AND number = :number AND state <> 'deleted'{lock}", lock=_LOCK
)
_OPT_OUT = Statement(
    "INSERT INTO opt_outs (tenant, contact, category, created_at)"
    " SELECT tenant, number, CAST(:category AS BIGINT), CAST(:at AS BIGINT) FROM contacts"
    " WHERE tenant = :tenant AND number = :number AND state <> 'deleted' ON CONFLICT DO NOTHING RETURNING contact"
)
_OPT_IN = Statement(
    "DELETE FROM opt_outs WHERE tenant = :tenant AND contact = :number AND category = :category AND EXISTS ("
    "SELECT 1 FROM contacts WHERE tenant = :tenant AND number = :number AND state <> 'deleted') RETURNING contact"
)
_TOUCH = Statement(f"UPDATE contacts SET {_MARK} WHERE tenant = :tenant AND number = :number", marked=MARKED)
_THOSE = (
    "WHERE tenant = :tenant AND number IN (SELECT number FROM contacts"
    # In one order for everyone, so that two lists that overlap cannot lock each other out.
    "  WHERE tenant = :tenant AND state <> 'deleted' AND key IN {keys} AND {which} ORDER BY number{lock})"
)
_ACTIVE = "state = 'active'"
_OUR_REASONS = ", ".join(f"'{reason.value}'" for reason in BlockReason)
_BLOCKED_BY_US = f"state = 'blocked' AND blocked_reason IN ({_OUR_REASONS})"
_BLOCK = Statement(
    f"UPDATE contacts SET state = 'blocked', blocked_reason = :reason, {_MARK} {_THOSE} AND {_ACTIVE} RETURNING number",
    marked=MARKED,
    keys=values_listed("text", parameter="keys"),
    which=Both(_ACTIVE, _ACTIVE),
    lock=_LOCK,
)
_RELEASE = Statement(
    f"UPDATE contacts SET state = 'active', blocked_reason = NULL, {_MARK} {_THOSE} AND {_BLOCKED_BY_US}"
    " RETURNING number",
    marked=MARKED,
    keys=values_listed("text", parameter="keys"),
    which=Both(_BLOCKED_BY_US, _BLOCKED_BY_US),
    lock=_LOCK,
)


class ContactTable:
    """The contacts of a tenant; see ports.store.contacts."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, tenant: TenantId, contacts: Sequence[tuple[str, Contact]]) -> Sequence[str]:
        """Keep new ones; the keys that others have already."""
        # In one order for everyone: two lists that overlap cannot lock each other out.
        rows = sorted(_rows(contacts), key=itemgetter(2))
        new: set[int] = set()
        for start in range(0, len(rows), _AT_ONCE):
            values = {"tenant": tenant, "rows": as_json(rows[start : start + _AT_ONCE])}
            new.update(row[0] for row in await _ADD.rows(self._connection, values))
        await self._keep_opt_outs(tenant, (contact for _, contact in contacts if contact.number in new))
        return [key for key, contact in contacts if contact.number not in new]

    async def change(self, tenant: TenantId, key: str, contact: Contact) -> bool:
        """Keep the change, opt-outs included, if it is of what is kept. Raises NameTaken."""
        if contact.state is not ContactState.DELETED:
            others = select(_C.number).where(_C.tenant == tenant, _C.key == key, _IN_USE, _C.number != contact.number)
            if (await self._connection.execute(others)).first() is not None:
                raise NameTaken("another contact has this address")
        standing = (_C.tenant == tenant, _C.number == contact.number, _C.revision == contact.revision - 1, _IN_USE)
        try:
            changed = await self._connection.execute(update(contacts).where(*standing).values(**_said(key, contact)))
        except IntegrityError as error:
            # Somebody else was given the address since we looked.
            raise NameTaken("another contact has this address") from error
        if not changed.rowcount:
            return False
        kept = numbered(self._connection, _O.category, contact.opt_outs)
        await self._connection.execute(delete(opt_outs).where(_O.tenant == tenant, _O.contact == contact.number, ~kept))
        known = select(_O.category).where(_O.tenant == tenant, _O.contact == contact.number)
        before = set((await self._connection.execute(known)).scalars())
        await self._keep_opt_outs(tenant, [contact], besides=before)
        return True

    async def keyed(self, tenant: TenantId, keys: Sequence[str]) -> Mapping[str, Contact]:
        """Those that have one of these keys, without their opt-outs."""
        if not keys:
            return {}
        rows = await _KEYED.rows(self._connection, {"tenant": tenant, "keys": as_json(keys)})
        known = _KnownMarks()
        return {row[2]: _contact(row, known, ()) for row in rows}

    async def opt_out(self, tenant: TenantId, contact: ContactNumber, category: CategoryNumber, *, mark: Mark) -> bool:
        """Note that the contact wants to hear no more of it."""
        return await self._choose(_OPT_OUT, _choice(tenant, contact, category), mark=mark)

    async def opt_in(self, tenant: TenantId, contact: ContactNumber, category: CategoryNumber, *, mark: Mark) -> bool:
        """Take that back."""
        return await self._choose(_OPT_IN, _choice(tenant, contact, category), mark=mark)

    async def _choose(self, statement: Statement, choice: Mapping[str, object], *, mark: Mark) -> bool:
        at = micros(mark.at)
        # The contact first and its opt-outs then, as in `change`: who does both never waits for one who waits for them.
        await _HOLD.rows(self._connection, {"tenant": choice["tenant"], "number": choice["number"]})
        if not await statement.rows(self._connection, {**choice, "at": at}):
            return False
        values = {"tenant": choice["tenant"], "number": choice["number"], "at": at}
        await _TOUCH.rows(self._connection, {**values, "marks": marks_kept({"updated": mark})})
        return True

    async def block(self, tenant: TenantId, keys: Sequence[str], reason: BlockReason, *, at: datetime) -> int:
        """Block those that are active; how many."""
        values = {**_moved(tenant, keys, "blocked", at=at), "reason": reason.value}
        return len(await _BLOCK.rows(self._connection, values))

    async def release(self, tenant: TenantId, keys: Sequence[str], *, at: datetime) -> int:
        """Activate those that the server itself blocked; how many."""
        return len(await _RELEASE.rows(self._connection, _moved(tenant, keys, "activated", at=at)))

    async def barred(self, tenant: TenantId, audience: Audience) -> Bars:
        """Who of the audience gets no message, and why."""
        return await bars(self._connection, tenant, audience)

    async def find(self, tenant: TenantId, query: Query) -> tuple[int, Sequence[Contact]]:
        """How many match, and the part asked for, in order."""
        total, numbers = await find_numbers(self._connection, _LISTING, tenant, query)
        return total, in_order({c.number: c for c in await self.several(tenant, numbers)}, numbers)

    async def numbers(self, tenant: TenantId, query: Query, *, most: int) -> Sequence[int]:
        """The numbers of all that match, in order."""
        return await all_numbers(self._connection, _LISTING, tenant, query, most=most)

    async def several(self, tenant: TenantId, numbers: Sequence[int]) -> Sequence[Contact]:
        """Those of `numbers` that there are, each with its opt-outs in order of number."""
        if not numbers:
            return []
        which = numbered(self._connection, _C.number, numbers)
        statement = select(*(_C[name] for name in _NEW)).where(_C.tenant == tenant, which, _IN_USE)
        # The contacts first: an opt-out that comes in between then belongs to a later revision than the one read, so
        # that whoever keeps a change of what was read is told so, and does not take the opt-out back.
        rows = (await self._connection.execute(statement)).all()
        chosen: Mapping[int, list[CategoryNumber]] = defaultdict(list)
        theirs = select(_O.contact, _O.category).where(
            _O.tenant == tenant, numbered(self._connection, _O.contact, numbers)
        )
        for contact, category in await self._connection.execute(theirs.order_by(_O.category)):
            chosen[contact].append(CategoryNumber(category))
        known = _KnownMarks()
        return [_contact(row, known, chosen.get(row[0], ())) for row in rows]

    async def get(self, tenant: TenantId, number: int) -> Contact:
        """The one with this number; raises NotFound."""
        found = await self.several(tenant, [number])
        if not found:
            raise NotFound("no such contact")
        return found[0]

    async def _keep_opt_outs(
        self, tenant: TenantId, contacts: Iterable[Contact], *, besides: frozenset[int] | set[int] = frozenset()
    ) -> None:
        rows = [
            (contact.number, category, micros(contact.marks.get("updated", contact.marks["created"]).at))
            for contact in contacts
            for category in dict.fromkeys(contact.opt_outs)
            if category not in besides
        ]
        if rows:
            columns = ("contact", "category", "created_at")
            await insert_many(self._connection, "opt_outs", columns=columns, rows=rows, same={"tenant": tenant})


class _KnownMarks:
    """Marks already read: those of contacts that were made together are the same."""

    def __init__(self) -> None:
        self._read: dict[str, Marks] = {}

    def __call__(self, kept: str) -> Marks:
        """What a column `marks` holds."""
        marks = self._read.get(kept)
        if marks is None:
            marks = self._read[kept] = marks_of(kept)
        return marks


def _said(key: str, contact: Contact) -> Mapping[str, object]:
    """The columns that a change may change."""
    return {
        "email": contact.email,
        "key": key,
        "name": contact.name,
        "state": contact.state.value,
        "blocked_reason": contact.blocked_reason,
        "person": contact.person,
        "extras": contact.extras,
        **mirrored(contact.marks),
        "revision": contact.revision,
    }


def _rows(contacts: Sequence[tuple[str, Contact]]) -> Iterator[tuple[object, ...]]:
    """The columns `_NEW` of each."""
    # Most have been made together, and share their marks: writing these costs more than all the rest.
    mirrors: dict[int, tuple[object, ...]] = {}
    for key, contact in contacts:
        mirror = mirrors.get(id(contact.marks))
        if mirror is None:
            mirror = mirrors[id(contact.marks)] = tuple(mirrored(contact.marks).values())
        yield (
            contact.number,
            contact.email,
            key,
            contact.name,
            contact.state.value,
            contact.blocked_reason,
            contact.person,
            contact.extras,
            *mirror,
            contact.revision,
        )


def _choice(tenant: TenantId, contact: ContactNumber, category: CategoryNumber) -> Mapping[str, object]:
    return {"tenant": tenant, "number": contact, "category": category}


def _moved(tenant: TenantId, keys: Sequence[str], change: str, *, at: datetime) -> Mapping[str, object]:
    """The parameters of a step that the server itself takes."""
    mark = Mark(at)
    marks = marks_kept({"updated": mark, change: mark})
    return {"tenant": tenant, "keys": as_json(keys), "marks": marks, "at": micros(at)}


def _contact(row: Sequence[Any], marks: _KnownMarks, chosen: Sequence[CategoryNumber]) -> Contact:
    number, email, _, name, state, blocked_reason, person, extras, kept, _, _, revision = row
    return Contact(
        number=ContactNumber(number),
        email=email,
        name=name,
        state=ContactState(state),
        blocked_reason=blocked_reason,
        person=None if person is None else PersonNumber(person),
        opt_outs=tuple(chosen),
        extras=extras,
        marks=marks(kept),
        revision=revision,
    )
