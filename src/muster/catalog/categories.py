"""What messages are about."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from muster.catalog.faults import name_faults, note_faults, refuse, text_faults
from muster.catalog.parties import check_operates, marking, take_more_subscribers, take_subscribers
from muster.domain.category import TRANSITIONS, Category, CategoryEvent
from muster.domain.directory import Acting
from muster.domain.errors import Conflict, WrongState
from muster.domain.fault import Fault
from muster.domain.ids import CategoryNumber, TenantId
from muster.domain.mark import Mark, marked
from muster.ports.clock import Clock
from muster.ports.store.directory import Counter
from muster.ports.store.unit import Store, Transaction


class CategoryWish(msgspec.Struct, frozen=True, kw_only=True):
    """A category as its author wants it."""

    name: str
    description: str | None = None
    short_description: str | None = None
    opt_out_allowed: bool = True
    delete_allowed: bool = True
    note: str | None = None


class CategoryChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different; what is not set stays as it is."""

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    short_description: str | UnsetType | None = UNSET
    opt_out_allowed: bool | UnsetType = UNSET
    delete_allowed: bool | UnsetType = UNSET
    note: str | UnsetType | None = UNSET


class CategoryCatalog:
    """What the operating party does with the categories of its tenant. Every change is in the audit log.

    All raise NotAllowed for another party, NotFound, and Conflict where somebody else was faster.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def add(self, acting: Acting, wish: CategoryWish, *, faults: Sequence[Fault] = ()) -> Category:
        """A new category, published at once, in which every party takes part. Raises BadInput.

        `faults` were found in the request already: they are told together with what is found here.
        """
        check_operates(acting)
        refuse(faults, _faults(wish))
        tenant, mark = acting.who.tenant, marking(acting, self._clock)
        async with self._store.begin() as tx:
            category = Category(
                number=CategoryNumber(await tx.directory.next(tenant, Counter.CATEGORY)),
                marks=marked({"created": mark}, mark, CategoryEvent.PUBLISHED),
                **msgspec.structs.asdict(wish),
            )
            await keep_category(tx, tenant, category, mark=mark)
            await self._note(tx, acting, action="add", number=category.number)
        return category

    async def change(
        self, acting: Acting, number: CategoryNumber, change: CategoryChange, *, faults: Sequence[Fault] = ()
    ) -> Category:
        """The category with the change. Raises BadInput; `faults` are as in `add`."""
        check_operates(acting)
        given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
        async with self._store.begin() as tx:
            old = await tx.categories.get(acting.who.tenant, number)
            marks = marked(old.marks, marking(acting, self._clock))
            new = msgspec.structs.replace(old, **given, marks=marks, revision=old.revision + 1)
            refuse(faults, _faults(new))
            await _replace(tx, acting.who.tenant, new)
            await self._note(tx, acting, action="update", number=number)
        return new

    async def publish(
        self,
        acting: Acting,
        number: CategoryNumber,
        *,
        note: str | UnsetType | None = UNSET,
        faults: Sequence[Fault] = (),
    ) -> Category:
        """Let messages about it go out; `note` says why. Raises WrongState when it is published, BadInput.

        `faults` are as in `add`.
        """
        refuse(faults, note_faults(note))
        return await self._move(acting, number, CategoryEvent.PUBLISHED, note=note)

    async def unpublish(
        self,
        acting: Acting,
        number: CategoryNumber,
        *,
        note: str | UnsetType | None = UNSET,
        faults: Sequence[Fault] = (),
    ) -> Category:
        """Let no more messages about it go out; `note` says why. Raises WrongState when it is not published, BadInput.

        `faults` are as in `add`.
        """
        refuse(faults, note_faults(note))
        return await self._move(acting, number, CategoryEvent.UNPUBLISHED, note=note)

    async def delete(self, acting: Acting, number: CategoryNumber) -> None:
        """Delete it; nobody takes part in it any more. Raises WrongState where its author does not allow that."""
        check_operates(acting)
        tenant = acting.who.tenant
        async with self._store.begin() as tx:
            # Whoever adds a party waits: it must not take part in what is being deleted.
            await take_subscribers(tx, tenant)
            old = await tx.categories.get(tenant, number)
            if not old.delete_allowed:
                raise WrongState("The category must not be deleted")
            await _replace(tx, tenant, self._moved(acting, old, CategoryEvent.DELETED))
            await tx.subscribers.drop_category(tenant, number)
            await self._note(tx, acting, action="delete", number=number)

    async def _move(
        self, acting: Acting, number: CategoryNumber, event: CategoryEvent, *, note: str | UnsetType | None
    ) -> Category:
        check_operates(acting)
        async with self._store.begin() as tx:
            new = self._moved(acting, await tx.categories.get(acting.who.tenant, number), event)
            if note is not UNSET:
                new = msgspec.structs.replace(new, note=note)
            await _replace(tx, acting.who.tenant, new)
            await self._note(tx, acting, action=event.value, number=number)
        return new

    def _moved(self, acting: Acting, old: Category, event: CategoryEvent) -> Category:
        state = TRANSITIONS[old.state].get(event)
        if state is None:
            raise WrongState(f"The category is {old.state.value} already")
        marks = marked(old.marks, marking(acting, self._clock), event)
        return msgspec.structs.replace(old, state=state, marks=marks, revision=old.revision + 1)

    async def _note(self, tx: Transaction, acting: Acting, *, action: str, number: CategoryNumber) -> None:
        now, who = self._clock.now(), acting.who
        await tx.outbox.audit(who.tenant, who.id, f"category:{action}", subject=str(number), detail="", at=now)


async def keep_category(tx: Transaction, tenant: TenantId, category: Category, *, mark: Mark) -> None:
    """Keep a new category under its number, and let every party take part in it."""
    first = await take_subscribers(tx, tenant)
    await tx.categories.add(tenant, category)
    parties = await tx.directory.every_party(tenant)
    await take_more_subscribers(tx, tenant, len(parties) - 1)
    if parties:
        await tx.subscribers.open(tenant, first, parties=parties, categories=[category.number], mark=mark)


def _faults(category: CategoryWish | Category) -> Sequence[Fault]:
    return [
        *name_faults("name", category.name),
        *text_faults("description", category.description),
        *text_faults("short_description", category.short_description),
        *text_faults("note", category.note),
    ]


async def _replace(tx: Transaction, tenant: TenantId, category: Category) -> None:
    if not await tx.categories.change(tenant, category):
        raise Conflict("The category was changed by somebody else at the same moment")
