"""What the rows of a list refer to, read at once for all of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec

from muster.domain.category import Category, Statistics
from muster.domain.contact import Contact
from muster.domain.directory import Group, Party, Person, Token
from muster.domain.ids import CategoryNumber, TenantId
from muster.domain.mailing import Mailing, Message
from muster.domain.mark import Marks
from muster.domain.subscriber import Subscriber
from muster.ports.store.categories import Windows
from muster.ports.store.unit import Transaction

Row = Mailing | Message | Category | Contact | Subscriber


class Wants(msgspec.Struct, frozen=True, kw_only=True):
    """What is worth reading although it costs something."""

    statistics: bool = False
    """Of every category that rows are or refer to."""
    bodies: bool = True
    """The mailings that messages belong to, for their bodies and attachments."""


class Related(msgspec.Struct, frozen=True, kw_only=True):
    """Whatever rows refer to, by number, their marks included. What was deleted since is missing."""

    categories: Mapping[int, Category]
    parties: Mapping[int, Party]
    contacts: Mapping[int, Contact]
    people: Mapping[int, Person]
    groups: Mapping[int, Group]
    tokens: Mapping[int, Token]
    mailings: Mapping[int, Mailing]
    statistics: Mapping[int, Statistics]
    """By category."""


class _Numbered(Protocol):
    @property
    def number(self) -> int: ...


_T = TypeVar("_T", bound=_Numbered)


class _Referred(msgspec.Struct):
    """The numbers of what something refers to."""

    categories: set[int] = msgspec.field(default_factory=set[int])
    parties: set[int] = msgspec.field(default_factory=set[int])
    contacts: set[int] = msgspec.field(default_factory=set[int])
    people: set[int] = msgspec.field(default_factory=set[int])
    groups: set[int] = msgspec.field(default_factory=set[int])
    tokens: set[int] = msgspec.field(default_factory=set[int])
    mailings: set[int] = msgspec.field(default_factory=set[int])

    def note(self, row: Row) -> None:
        """Note what `row` refers to."""
        match row:
            case Mailing() | Message():
                self._note_mail(row)
            case Category():
                self._note_marks(row.marks)
            case Contact():
                self.categories.update(row.opt_outs)
                self.people.update(_known(row.person))
                self._note_marks(row.marks)
            case Subscriber():
                self.categories.add(row.category)
                self.parties.add(row.party)
                self.people.update(row.people)
                self.groups.update(row.groups)
                self._note_marks(row.marks)

    def _note_mail(self, row: Mailing | Message) -> None:
        self.categories.add(row.category)
        self.parties.update(_known(row.party, row.made_for))
        self.tokens.update(_known(row.made_by))
        if isinstance(row, Message):
            self.contacts.add(row.contact)
            self.mailings.add(row.mailing)

    def _note_marks(self, marks: Marks) -> None:
        for mark in marks.values():
            self.tokens.update(_known(mark.by))
            self.parties.update(_known(mark.of))


async def related(tx: Transaction, tenant: TenantId, rows: Sequence[Row], *, wants: Wants, since: Windows) -> Related:
    """What `rows` refer to, and what that refers to: a few statements, however many rows there are."""
    referred = _Referred()
    for row in rows:
        referred.note(row)
    mailings = await tx.mailings.several(tenant, sorted(referred.mailings) if wants.bodies else ())
    contacts = await tx.contacts.several(tenant, sorted(referred.contacts))
    for contact in contacts:
        referred.note(contact)
    own = _by_number(row for row in rows if isinstance(row, Category))
    categories = await tx.categories.several(tenant, sorted(referred.categories - own.keys()))
    for category in categories:
        referred.note(category)
    counted = [CategoryNumber(number) for number in sorted({*own, *_by_number(categories)})] if wants.statistics else []
    statistics: Mapping[CategoryNumber, Statistics] = {}
    if counted:
        statistics = await tx.categories.statistics(tenant, counted, since=since)
    return Related(
        categories={**own, **_by_number(categories)},
        parties=_by_number(await tx.directory.parties(tenant, sorted(referred.parties))),
        contacts=_by_number(contacts),
        people=_by_number(await tx.directory.people(tenant, sorted(referred.people))),
        groups=_by_number(await tx.directory.groups(tenant, sorted(referred.groups))),
        tokens=_by_number(await tx.directory.tokens(tenant, sorted(referred.tokens))),
        mailings=_by_number(mailings),
        statistics={int(number): one for number, one in statistics.items()},
    )


def _known(*numbers: int | None) -> Iterable[int]:
    return (number for number in numbers if number is not None)


def _by_number(kept: Iterable[_T]) -> dict[int, _T]:
    return {int(thing.number): thing for thing in kept}
