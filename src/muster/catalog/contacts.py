"""People with e-mail addresses, and what they want to hear of."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from muster.catalog.faults import name_faults, refuse
from muster.catalog.parties import check_may_write, check_operates, marking
from muster.domain.contact import TRANSITIONS, BlockReason, Contact, ContactEvent
from muster.domain.directory import Acting, PartyKind
from muster.domain.errors import BadInput, Conflict, NameTaken, NotAllowed, WrongState
from muster.domain.fault import Fault
from muster.domain.ids import CategoryNumber, ContactNumber, TenantId
from muster.domain.mark import marked
from muster.kinds.addresses import comparable, is_email
from muster.ports.clock import Clock
from muster.ports.store.directory import Counter
from muster.ports.store.unit import Store, Transaction

MOST_EXTRAS = 10_000
"""The most characters of JSON of what else is said of a contact."""
_TAKEN = Fault("email", "TAKEN", "is the address of another contact")


class ContactWish(msgspec.Struct, frozen=True, kw_only=True):
    """A contact as its author wants it. `extras` is JSON."""

    email: str
    name: str | None = None
    opt_outs: tuple[CategoryNumber, ...] = ()
    extras: str = "{}"


class ContactChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different; what is not set stays as it is. `opt_outs` takes the place of all there are."""

    email: str | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    opt_outs: tuple[CategoryNumber, ...] | UnsetType = UNSET
    extras: str | UnsetType = UNSET


class ContactCatalog:
    """What is done with the contacts of a tenant. Every change is in the audit log.

    All raise NotAllowed for a party that may not, NotFound, and Conflict where somebody else was faster.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def add(self, acting: Acting, wish: ContactWish, *, faults: Sequence[Fault] = ()) -> Contact:
        """A new, active contact. Raises BadInput, also when another contact has the address.

        `faults` were found in the request already: they are told together with what is found here.
        """
        check_operates(acting)
        tenant, mark, key = acting.who.tenant, marking(acting, self._clock), comparable(wish.email)
        async with self._store.begin() as tx:
            taken = [_TAKEN] if await tx.contacts.keyed(tenant, [key]) else []
            refuse(faults, [*_faults(wish.email, wish), *taken, *await _opt_out_faults(tx, tenant, wish.opt_outs)])
            contact = Contact(
                number=ContactNumber(await tx.directory.next(tenant, Counter.CONTACT)),
                email=wish.email.strip(),
                name=wish.name,
                opt_outs=_once(wish.opt_outs),
                extras=wish.extras,
                marks=marked({"created": mark}, mark, ContactEvent.ACTIVATED),
            )
            if await tx.contacts.add(tenant, [(key, contact)]):
                refuse((), [_TAKEN])
            await self._note(tx, acting, action="add", number=contact.number)
        return contact

    async def change(
        self, acting: Acting, number: ContactNumber, change: ContactChange, *, faults: Sequence[Fault] = ()
    ) -> Contact:
        """The contact with the change. Raises BadInput; `faults` are as in `add`.

        Only the operating party may change others than those of its own people.
        """
        check_may_write(acting)
        tenant = acting.who.tenant
        given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
        async with self._store.begin() as tx:
            old = await tx.contacts.get(tenant, number)
            await _check_own(tx, acting, old)
            marks = marked(old.marks, marking(acting, self._clock))
            new = msgspec.structs.replace(old, **given, marks=marks, revision=old.revision + 1)
            email = None if change.email is UNSET else change.email
            wanted = () if change.opt_outs is UNSET else change.opt_outs
            refuse(faults, [*_faults(email, new), *await _opt_out_faults(tx, tenant, wanted)])
            new = msgspec.structs.replace(new, email=new.email.strip(), opt_outs=_once(new.opt_outs))
            await _replace(tx, tenant, new)
            await self._note(tx, acting, action="update", number=number)
        return new

    async def delete(self, acting: Acting, number: ContactNumber) -> None:
        """Delete it; its address is free again."""
        check_operates(acting)
        async with self._store.begin() as tx:
            old = await tx.contacts.get(acting.who.tenant, number)
            await _replace(tx, acting.who.tenant, self._moved(acting, old, ContactEvent.DELETED))
            await self._note(tx, acting, action="delete", number=number)

    async def block(self, acting: Acting, number: ContactNumber) -> Contact:
        """Let it get no more messages. Raises WrongState when it is blocked already."""
        check_operates(acting)
        async with self._store.begin() as tx:
            old = await tx.contacts.get(acting.who.tenant, number)
            new = self._moved(acting, old, ContactEvent.BLOCKED)
            await _replace(tx, acting.who.tenant, new)
            await self._note(tx, acting, action="block", number=number)
        return new

    async def unblock(self, acting: Acting, number: ContactNumber) -> Contact:
        """Let it get messages again. Raises WrongState when it is not blocked."""
        check_operates(acting)
        tenant = acting.who.tenant
        async with self._store.begin() as tx:
            old = await tx.contacts.get(tenant, number)
            new = msgspec.structs.replace(self._moved(acting, old, ContactEvent.ACTIVATED), blocked_reason=None)
            await _replace(tx, tenant, new)
            freed = await _free(tx, tenant, comparable(new.email))
            await self._note(tx, acting, action="unblock", number=number, detail="address freed" if freed else "")
        return new

    def _moved(self, acting: Acting, old: Contact, event: ContactEvent) -> Contact:
        state = TRANSITIONS[old.state].get(event)
        if state is None:
            raise WrongState(f"The contact is {old.state.value} already")
        marks = marked(old.marks, marking(acting, self._clock), event)
        return msgspec.structs.replace(old, state=state, marks=marks, revision=old.revision + 1)

    async def _note(
        self, tx: Transaction, acting: Acting, *, action: str, number: ContactNumber, detail: str = ""
    ) -> None:
        now, who = self._clock.now(), acting.who
        await tx.outbox.audit(who.tenant, who.id, f"contact:{action}", subject=str(number), detail=detail, at=now)


def _faults(email: str | None, rest: ContactWish | Contact) -> Sequence[Fault]:
    """What is wrong with an address, unless it stays as it is (None), and with the rest."""
    found = [] if rest.name is None else [*name_faults("name", rest.name, required=False)]
    if email is not None and not is_email(email.strip()):
        found.append(Fault("email", "NOT_AN_ADDRESS", "must be an e-mail address of at most 320 characters"))
    if len(rest.extras) > MOST_EXTRAS:
        found.append(Fault("extras", "TOO_LONG", f"must not be longer than {MOST_EXTRAS} characters of JSON"))
    return found


async def _opt_out_faults(tx: Transaction, tenant: TenantId, wanted: Sequence[CategoryNumber]) -> Sequence[Fault]:
    """Every category among `wanted` that there is not, or that nobody may opt out of."""
    if not wanted:
        return []
    there = {category.number: category for category in await tx.categories.several(tenant, _once(wanted))}
    faults: list[Fault] = []
    for at, number in enumerate(wanted):
        if number not in there:
            faults.append(Fault(f"opt_outs[{at}]", "UNKNOWN_CATEGORY", "there is no such category"))
        elif not there[number].opt_out_allowed:
            faults.append(Fault(f"opt_outs[{at}]", "MANDATORY_CATEGORY", "is a category that nobody may opt out of"))
    return faults


async def _check_own(tx: Transaction, acting: Acting, contact: Contact) -> None:
    """Raises NotAllowed where a party that does not operate changes a contact that is none of its people."""
    if acting.party.kind is PartyKind.OPERATIONS:
        return
    people = () if contact.person is None else await tx.directory.people(acting.who.tenant, [contact.person])
    if not any(person.party == acting.party.number for person in people):
        raise NotAllowed("Only contacts of your own people may be changed")


async def _free(tx: Transaction, tenant: TenantId, key: str) -> bool:
    """Take the address off the list of whom not to reach, where bounces or complaints brought it there.

    Whoever blocked the contact: a message that was on its way by then may have come back later.
    """
    source = (await tx.suppressions.among(tenant, [key])).get(key)
    if source not in set(BlockReason):
        return False
    return bool(await tx.suppressions.remove(tenant, [key]))


async def _replace(tx: Transaction, tenant: TenantId, contact: Contact) -> None:
    try:
        changed = await tx.contacts.change(tenant, comparable(contact.email), contact)
    except NameTaken:
        raise BadInput("One or more validation errors occurred.", [_TAKEN]) from None
    if not changed:
        raise Conflict("The contact was changed by somebody else at the same moment")


def _once(numbers: Sequence[CategoryNumber]) -> tuple[CategoryNumber, ...]:
    return tuple(dict.fromkeys(numbers))
