"""The vendor's messages: JSON as its webhooks have it."""

import msgspec

WORKFLOW_UPDATED = "linx.workflow-updated"
BATCH_UPDATED = "linx.batch-updated"
"""Ours: the vendor has no message about batches in public."""
ENDPOINT_TESTED = "linx.endpoint-tested"
"""Ours: sent on request only."""


class _Camel(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A struct whose fields the vendor writes in camel case."""


class StepStatus(_Camel, frozen=True, kw_only=True):
    """Where one step stands: ACTIVE, COMPLETED, DECLINED, CREATED or FAILED. `updateAt` is spelled as published."""

    id: str
    status: str
    name: str
    display_name: str
    update_at: str | None


class WorkflowUpdate(_Camel, frozen=True, kw_only=True):
    """A step came to a new status. A neighbour that there is not is null."""

    workflow_id: str
    previous_step_status: StepStatus | None
    current_step_status: StepStatus | None
    next_step_status: StepStatus | None


class BatchUpdate(_Camel, frozen=True, kw_only=True):
    """A batch ended. The status and the counts are those of the entries as they were then."""

    batch_id: str
    status: str
    total_requests_count: int
    rejected_requests_count: int
    failed_requests_count: int


class EndpointTest(_Camel, frozen=True, kw_only=True):
    """Somebody wants to see whether messages arrive."""

    endpoint_id: str


class Message(_Camel, frozen=True, kw_only=True):
    """What stands around every message."""

    id: str
    type: str
    created_at: str
    data: WorkflowUpdate | BatchUpdate | EndpointTest
