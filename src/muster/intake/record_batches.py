"""Taking in batches of record operations."""

from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState, NewEntry
from muster.domain.errors import Conflict, TooManyBatches, WrongState
from muster.domain.ids import BatchId
from muster.domain.records.batch import RecordBatchEnd
from muster.domain.records.operation import Operation
from muster.domain.tenant import Principal
from muster.intake.control import Control
from muster.intake.keys import Claim, recall, take
from muster.intake.submit import Submit
from muster.kinds.record_batches.entries import address, written
from muster.kinds.record_batches.kind import NAME
from muster.kinds.record_batches.results import NO_RESULTS
from muster.ports.clock import Clock
from muster.ports.store.batches import NewBatch
from muster.ports.store.record_batches import NewRecordBatch
from muster.ports.store.unit import Store, Transaction

SCOPE = "record_batches:submit"
_QUEUE_FULL_S = 1.0
"""What a client is told to wait for when there are too many batches."""
_WAITING = (BatchState.SCHEDULED, BatchState.QUEUED)
_BEGUN = "The batch is no longer waiting: it cannot be cancelled."


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as a door hands it over."""

    method: str
    whole: bool
    """All of it is to be done, or nothing."""
    dry: bool = False
    """It is only to be tried, and undone again."""
    operations: Sequence[Operation]
    """In the order in which they are to be done."""
    groups: tuple[int, ...]
    """The char types they were asked under, in order; results are told so."""
    idempotency_key: str | None = None
    fingerprint: bytes = b""
    """Equal for two requests exactly when they ask for the same."""


class RecordBatchIntake:
    """Takes a batch in: its number, its entries, its job, all in one transaction."""

    def __init__(
        self, store: Store, submit: Submit, clock: Clock, *, new_uuid: Callable[[], UUID], most_open: int = 10
    ) -> None:
        """`most_open`: how many of a tenant's batches may wait or be worked on at once."""
        self._store = store
        self._submit = submit
        self._clock = clock
        self._new_uuid = new_uuid
        self._most_open = most_open

    @property
    def most_open(self) -> int:
        """How many of a tenant's batches may wait or be worked on at once."""
        return self._most_open

    async def submit(self, who: Principal, user: int, order: Order) -> int:
        """Keep the batch; its number. The same request again under the same idempotency key gets the same number.

        `user` is the caller's number in the record store. Raises TooManyBatches, IdempotencyConflict; nothing is kept
        then.
        """
        if order.idempotency_key is not None:
            async with self._store.read() as tx:
                earlier = await recall(tx, _claim(who, order, order.idempotency_key), now=self._clock.now())
            if earlier is not None:
                return int(earlier)
        batch = self._batch(who, order)
        async with self._store.begin() as tx:
            # Whoever takes a number waits for the tenant's others that did, so the count is exact.
            number = await tx.record_batches.take_number(who.tenant)
            if order.idempotency_key is not None:
                claim = _claim(who, order, order.idempotency_key)
                earlier = await take(tx, claim, answer=str(number), now=batch.created_at)
                if earlier is not None:
                    return int(earlier)
            if await tx.record_batches.open_count(who.tenant) >= self._most_open:
                raise TooManyBatches("Too many batches are waiting or being worked on", retry_after=_QUEUE_FULL_S)
            await self._keep(tx, who, batch, order=order, numbers=(number, user))
        self._submit.count(batch)
        return number

    async def _keep(
        self, tx: Transaction, who: Principal, batch: NewBatch, *, order: Order, numbers: tuple[int, int]
    ) -> None:
        entries = [
            NewEntry(position, EntryState.ACCEPTED, address(operation), written(operation))
            for position, operation in enumerate(order.operations)
        ]
        number, user = numbers
        # By its number clients know it, so people look for it by that.
        named = msgspec.structs.replace(batch, title=f"#{number} {batch.title}")
        kept = await self._submit.keep(tx, who.tenant, batch=named, entries=entries, by=who.id)
        known = NewRecordBatch(
            number=number,
            id=batch.id,
            batch=kept,
            method=order.method,
            whole=order.whole,
            dry=order.dry,
            user=user,
            role=who.role.value,
            groups=order.groups,
        )
        await tx.record_batches.add(who.tenant, known)

    def _batch(self, who: Principal, order: Order) -> NewBatch:
        total = len(order.operations)
        return NewBatch(
            id=BatchId(self._new_uuid()),
            kind=NAME,
            state=BatchState.QUEUED,
            title=f"{order.method} {total} {'record' if total == 1 else 'records'}",
            total=total,
            counts={EntryState.ACCEPTED: total},
            channel=None,
            template=None,
            template_version=None,
            template_number=None,
            template_title="",
            idempotency_key=order.idempotency_key or str(self._new_uuid()),
            created_by=who.id,
            created_at=self._clock.now(),
        )


class RecordBatchControl:
    """Calls batches off."""

    def __init__(self, store: Store, control: Control, clock: Clock) -> None:
        self._store = store
        self._control = control
        self._clock = clock

    async def cancel(self, who: Principal, number: int) -> None:
        """End a batch that still waits for its turn, without any results; its entries are put away soon after.

        Raises NotFound; Conflict when its turn has come.
        """
        async with self._store.begin() as tx:
            known = await tx.record_batches.get(who.tenant, number)
            batch = await tx.batches.get_numbered(who.tenant, known.batch)
            if known.end is not None or batch.state not in _WAITING:
                raise Conflict(_BEGUN)
            try:
                # Whoever would apply it asks for the state of the batch, which is locked from here: it is done wholly
                # before this or not at all.
                await self._control.call_off(tx, who, batch, withdraw=False)
            except WrongState:
                raise Conflict(_BEGUN) from None
            await tx.record_batches.finish(
                who.tenant, number, end=RecordBatchEnd.CANCELLED, results=NO_RESULTS, at=self._clock.now()
            )


def _claim(who: Principal, order: Order, key: str) -> Claim:
    return Claim(tenant=who.tenant, scope=SCOPE, key=key, fingerprint=order.fingerprint)
