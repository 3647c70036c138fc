"""Which party takes part in which category, and who of its people hears of it."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from muster.catalog.faults import note_faults, refuse
from muster.catalog.parties import check_may_write, marking
from muster.domain.directory import Acting, Group, PartyKind, Person
from muster.domain.errors import Conflict, NotFound
from muster.domain.fault import Fault
from muster.domain.ids import GroupNumber, PersonNumber, SubscriberNumber
from muster.domain.mark import marked
from muster.domain.subscriber import TRANSITIONS, Subscriber, SubscriberEvent
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction


class SubscriberChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different; what is not set stays as it is. People and groups take the place of all there are."""

    people: tuple[PersonNumber, ...] | UnsetType = UNSET
    groups: tuple[GroupNumber, ...] | UnsetType = UNSET
    note: str | UnsetType | None = UNSET


class SubscriberCatalog:
    """What a party does with its subscribers, and the operating party with everybody's.

    Every change is in the audit log. All raise NotAllowed for a caller that may only read, NotFound (also for another
    party's), and Conflict where somebody else was faster.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def change(
        self, acting: Acting, number: SubscriberNumber, change: SubscriberChange, *, faults: Sequence[Fault] = ()
    ) -> Subscriber:
        """The subscriber with the change. Raises BadInput.

        `faults` were found in the request already: they are told together with what is found here.
        """
        async with self._store.begin() as tx:
            old = await _reachable(tx, acting, number)
            refuse(faults, [*note_faults(change.note), *await _recipient_faults(tx, acting, change)])
            new = msgspec.structs.replace(
                old,
                people=old.people if change.people is UNSET else tuple(dict.fromkeys(change.people)),
                groups=old.groups if change.groups is UNSET else tuple(dict.fromkeys(change.groups)),
                note=old.note if change.note is UNSET else change.note,
                marks=marked(old.marks, marking(acting, self._clock)),
                revision=old.revision + 1,
            )
            await self._replace(tx, acting, new, action="update")
        return new

    async def enable(
        self,
        acting: Acting,
        number: SubscriberNumber,
        *,
        note: str | UnsetType | None = UNSET,
        faults: Sequence[Fault] = (),
    ) -> Subscriber:
        """Let the party take part; nothing changes where it does already. Raises BadInput.

        `faults` are as in `change`.
        """
        refuse(faults, note_faults(note))
        return await self._move(acting, number, SubscriberEvent.ENABLED, note=note)

    async def disable(
        self,
        acting: Acting,
        number: SubscriberNumber,
        *,
        note: str | UnsetType | None = UNSET,
        faults: Sequence[Fault] = (),
    ) -> Subscriber:
        """Let the party take part no more; nothing changes where it does not. Raises BadInput.

        `faults` are as in `change`.
        """
        refuse(faults, note_faults(note))
        return await self._move(acting, number, SubscriberEvent.DISABLED, note=note)

    async def _move(
        self, acting: Acting, number: SubscriberNumber, event: SubscriberEvent, *, note: str | UnsetType | None
    ) -> Subscriber:
        async with self._store.begin() as tx:
            old = await _reachable(tx, acting, number)
            state = TRANSITIONS[old.state].get(event)
            if state is None:
                return old
            marks = marked(old.marks, marking(acting, self._clock), event)
            note = old.note if note is UNSET else note
            new = msgspec.structs.replace(old, state=state, note=note, marks=marks, revision=old.revision + 1)
            await self._replace(tx, acting, new, action=event.value)
        return new

    async def _replace(self, tx: Transaction, acting: Acting, subscriber: Subscriber, *, action: str) -> None:
        who, now = acting.who, self._clock.now()
        if not await tx.subscribers.change(who.tenant, subscriber):
            raise Conflict("The subscriber was changed by somebody else at the same moment")
        subject = str(subscriber.number)
        await tx.outbox.audit(who.tenant, who.id, f"subscriber:{action}", subject=subject, detail="", at=now)


async def _reachable(tx: Transaction, acting: Acting, number: SubscriberNumber) -> Subscriber:
    check_may_write(acting)
    found = await tx.subscribers.get(acting.who.tenant, number)
    if acting.party.kind is not PartyKind.OPERATIONS and found.party != acting.party.number:
        raise NotFound("There is no such subscriber")
    return found


async def _recipient_faults(tx: Transaction, acting: Acting, change: SubscriberChange) -> Sequence[Fault]:
    """Every recipient that there is not, as far as the caller may know."""
    tenant = acting.who.tenant
    people = () if change.people is UNSET else change.people
    groups = () if change.groups is UNSET else change.groups
    known_people = _own(acting, await tx.directory.people(tenant, people) if people else ())
    known_groups = _own(acting, await tx.directory.groups(tenant, groups) if groups else ())
    return [
        *(
            Fault(f"people[{at}]", "UNKNOWN_PERSON", "there is no such person")
            for at, number in enumerate(people)
            if number not in known_people
        ),
        *(
            Fault(f"groups[{at}]", "UNKNOWN_GROUP", "there is no such group")
            for at, number in enumerate(groups)
            if number not in known_groups
        ),
    ]


def _own(acting: Acting, rows: Sequence[Person] | Sequence[Group]) -> frozenset[int]:
    """The numbers of those that the caller may name: the operating party all of them, another its own."""
    everyone = acting.party.kind is PartyKind.OPERATIONS
    return frozenset(row.number for row in rows if everyone or row.party == acting.party.number)
