"""Who made a batch, in the vendor's words."""

from uuid import UUID

import pytest

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.surfaces.workflow_batches.translate.batches import batch_detail
from muster.surfaces.workflow_batches.wire import Actor
from tests.fakes.batch import a_batch

SOMEBODY = UUID("7b0e2f7a-0000-4000-8000-000000000001")


@pytest.mark.parametrize(
    ("who", "actor"),
    [
        (SOMEBODY, Actor(id=str(SOMEBODY), type="service-account")),
        (UUID(int=0), Actor(id="", type="internal")),
        (None, Actor(id="", type="internal")),
    ],
)
def test_the_operator_and_the_server_itself_have_no_id(who: UUID | None, actor: Actor) -> None:
    batch = a_batch(BatchState.QUEUED, {EntryState.ACCEPTED: 1}, created_by=who, updated_by=who)
    detail = batch_detail(batch)
    assert (detail.created_by, detail.updated_by) == (actor, actor)
