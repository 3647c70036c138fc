"""Values that the tests of events start from."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import msgspec

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.event import EventType, NewEvent
from muster.domain.ids import BatchId, TenantId
from muster.events.outbox import batch_event
from muster.events.signing import secret_of
from muster.ports.store.endpoints import Endpoint, EndpointState, SigningSecret
from muster.ports.store.unit import Store


class Tally:
    """Fulfils ports.meter and remembers the counters."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to the counter."""
        self.counts[" ".join([name, *labels.values()])] += int(amount)

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Nothing here observes."""

    def level(self, name: str, value: float, **labels: str) -> None:
        """Nothing here has a level."""


def an_event(type_: EventType = EventType.BATCH_COMPLETED, counts: int = 1) -> NewEvent:
    """One that a batch of `counts` delivered entries would make."""
    return batch_event(
        type_, BatchId(uuid4()), kind="sample", state=BatchState.COMPLETED, counts={EntryState.DELIVERED: counts}
    )


async def an_endpoint(
    store: Store,
    tenant: TenantId,
    url: str,
    *,
    at: datetime,
    types: Sequence[EventType] = (),
    secrets: Sequence[SigningSecret] = (SigningSecret(secret_of(b"k" * 32)),),
) -> Endpoint:
    """An active endpoint, kept."""
    endpoint = Endpoint(
        id=uuid4(),
        tenant=tenant,
        url=url,
        description="",
        types=tuple(types),
        secrets=tuple(secrets),
        state=EndpointState.ACTIVE,
        created_at=at,
    )
    async with store.begin() as tx:
        await tx.endpoints.add(tenant, endpoint)
    return endpoint


async def happen(store: Store, tenant: TenantId, events: Sequence[NewEvent], *, at: datetime) -> None:
    """Write `events` to the outbox."""
    async with store.begin() as tx:
        await tx.outbox.add(tenant, events, at=at)


def total_in(body: bytes) -> int:
    """The batch's total in an envelope: tells events apart."""
    data = msgspec.json.decode(body, type=dict[str, msgspec.Raw])["data"]
    return int(str(msgspec.json.decode(data, type=dict[str, object])["total"]))
