"""Values that the tests of events start from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID, uuid4, uuid5

import msgspec

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.event import Event, EventType, NewEvent
from muster.domain.ids import BatchId, BatchNumber, TenantId, WorkflowId, entry_id
from muster.domain.workflow import Workflow, WorkflowRef, WorkflowState
from muster.events.outbox import batch_event
from muster.events.signing import secret_of
from muster.kinds.workflow_batches.courses import StepStatus
from muster.kinds.workflow_batches.views import StepView
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


def a_workflow(*, batch: BatchId | None = None, position: int = 0, at: datetime) -> Workflow:
    """A workflow with a customer's data in it."""
    of = batch or BatchId(uuid4())
    return Workflow(
        id=WorkflowId(entry_id(of, position)),
        ref=WorkflowRef(BatchNumber(1), position),
        tenant=TenantId(1),
        account="Acme",
        kind="workflow_batches",
        batch=of,
        channel=None,
        template=None,
        template_version=None,
        state=WorkflowState.ACTIVE,
        ended_as=None,
        address="+16475550100",
        payload="",
        step=1,
        answers="",
        customer_name="Ada Lovelace",
        email="ada@example.com",
        decline_reason=None,
        payment=None,
        payment_at=None,
        created_by=None,
        created_at=at,
        updated_at=at,
        expires_at=at,
        notice_at=None,
        ended_at=None,
        revision=1,
    )


def a_step(name: str, title: str, status: StepStatus, *, at: datetime | None = None) -> StepView:
    """A step with what a customer answered in it; its id is made from its name."""
    return StepView(
        id=uuid5(UUID(int=0), name),
        name=name,
        title=title,
        about="",
        status=status,
        data={"phone": "+16475550100"},
        updated_at=at,
    )


class Clockwork:
    """Fulfils ports.push.Style: tells pauses, as ticks."""

    names: Mapping[str, Sequence[EventType]] = MappingProxyType({"tick": (EventType.BATCH_PAUSED,)})
    default: Sequence[EventType] = (EventType.BATCH_PAUSED,)

    def wants(self, event: Event) -> bool:
        """Pauses."""
        return event.type is EventType.BATCH_PAUSED

    def envelope(self, event: Event, message: str) -> bytes:
        """Which tick it is."""
        return msgspec.json.encode({"type": "tick", "number": event.sequence, "id": message})


def an_event(type_: EventType = EventType.BATCH_COMPLETED, counts: int = 1) -> NewEvent:
    """One that a batch of `counts` delivered entries would make."""
    return batch_event(
        type_, BatchId(uuid4()), kind="sample", state=BatchState.COMPLETED, counts={EntryState.DELIVERED: counts}
    )


async def an_endpoint(  # noqa: PLR0913 - what a test may want to be different
    store: Store,
    tenant: TenantId,
    url: str,
    *,
    at: datetime,
    types: Sequence[EventType] = (),
    style: str = "standard",
    secrets: Sequence[SigningSecret] = (SigningSecret(secret_of(b"k" * 32)),),
) -> Endpoint:
    """An active endpoint, kept."""
    endpoint = Endpoint(
        id=uuid4(),
        tenant=tenant,
        url=url,
        description="",
        types=tuple(types),
        style=style,
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
