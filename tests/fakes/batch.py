"""A batch as the store tells of it."""

from uuid import UUID

import msgspec

from muster.domain.batch import Batch, BatchState
from muster.domain.entry import EntryState
from muster.domain.ids import BatchId, BatchNumber, TenantId
from tests.fakes.clock import START


def a_batch(state: BatchState, counts: dict[EntryState, int], **changes: object) -> Batch:
    """A batch of `state` whose entries stand as `counts` says; `changes` replaces other fields."""
    batch = Batch(
        number=BatchNumber(1),
        id=BatchId(UUID(int=1)),
        tenant=TenantId(1),
        kind="workflow_batches",
        state=state,
        title="",
        total=sum(counts.values()),
        counts=counts,
        channel=None,
        template=None,
        template_version=None,
        template_number=None,
        template_title="",
        idempotency_key="",
        created_by=None,
        created_at=START,
        updated_by=None,
        updated_at=START,
        started_at=None,
        finished_at=None,
        withdrawn_at=None,
    )
    return msgspec.structs.replace(batch, **changes)
