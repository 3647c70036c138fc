"""What is announced. Whoever makes it true writes it to the outbox in the same transaction. Pure.

A body is JSON without personal data: ids, states, counts, positions and reason codes; never an address, a text or a
title.
"""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType
from uuid import UUID

import msgspec

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.event import Event, EventType, NewEvent
from muster.domain.ids import BatchId
from muster.domain.workflow import Workflow
from muster.kinds.workflow_batches.journey import StepStatus, StepView
from muster.ports.store.entries import Change

_Run = list[int]
"""The first and the last of neighbouring positions."""


def batch_event(
    happened: EventType,
    batch: BatchId,
    *,
    kind: str,
    state: BatchState,
    counts: Mapping[EntryState, int],
    more: Mapping[str, str | int | None] = MappingProxyType({}),
) -> NewEvent:
    """A batch as it stands after the step: its id, kind, state, total, and the counts that are not zero.

    `more`: what batches of its kind are told with besides.
    """
    body = {
        "batch_id": str(batch),
        "kind": kind,
        "state": state.value,
        "total": sum(counts.values()),
        "counts": {entry_state.value: n for entry_state, n in counts.items() if n},
        **more,
    }
    return NewEvent(type=happened, batch=batch, body=_json(body))


def entries_event(batch: BatchId, *, kind: str, changes: Iterable[Change]) -> NewEvent:
    """The steps of a window: each state and reason, with the runs of positions that came to it.

    Runs keep it short (a window that went well is one of them), because every window of every batch writes one.
    """
    runs: dict[tuple[EntryState, str | None], list[_Run]] = {}
    for change in sorted(changes, key=attrgetter("position")):
        came_to = runs.setdefault((change.after, change.reason), [])
        if came_to and came_to[-1][1] == change.position - 1:
            came_to[-1][1] = change.position
        else:
            came_to.append([change.position, change.position])
    body = {
        "batch_id": str(batch),
        "kind": kind,
        "changes": [
            {"state": state.value, "reason": reason, "positions": positions}
            for (state, reason), positions in runs.items()
        ],
    }
    return NewEvent(type=EventType.ENTRIES_CHANGED, batch=batch, body=_json(body))


def workflow_event(workflow: Workflow, steps: Sequence[StepView], *, current: int, status: StepStatus) -> NewEvent:
    """A step of a workflow came to `status`; its neighbours are told with it.

    The steps are as they stand now: the one before `current`, `current` itself, the one after. `workflow` is only asked
    for ids; its state is told by the status (a workflow that is over has no active step).
    """
    views = {
        "previous": steps[current - 1] if current > 0 else None,
        "current": msgspec.structs.replace(steps[current], status=status),
        "next": steps[current + 1] if current + 1 < len(steps) else None,
    }
    body = {
        "workflow_id": str(workflow.id),
        "batch_id": str(workflow.batch),
        "kind": workflow.kind,
        **{f"{place}_step": None if view is None else _step(view) for place, view in views.items()},
    }
    return NewEvent(type=EventType.WORKFLOW_UPDATED, batch=workflow.batch, body=_json(body))


def _step(view: StepView) -> dict[str, object]:
    return {
        "id": str(view.id),
        "name": view.name,
        "title": view.title,
        "status": view.status.value,
        "updated_at": None if view.updated_at is None else view.updated_at.isoformat(),
    }


def endpoint_disabled(endpoint: UUID, reason: str) -> NewEvent:
    """A webhook endpoint was switched off, and why."""
    body = {"endpoint_id": str(endpoint), "reason": reason}
    return NewEvent(type=EventType.ENDPOINT_DISABLED, batch=None, body=_json(body))


def endpoint_tested(endpoint: UUID) -> NewEvent:
    """A webhook endpoint is to be tried out."""
    return NewEvent(type=EventType.ENDPOINT_TESTED, batch=None, body=_json({"endpoint_id": str(endpoint)}))


def only_for(event: Event) -> UUID | None:
    """The one endpoint that the event is told to; None when it is told to all that want it."""
    if event.type is not EventType.ENDPOINT_TESTED:
        return None
    return UUID(msgspec.json.decode(event.body, type=dict[str, str])["endpoint_id"])


def _json(body: Mapping[str, object]) -> str:
    return msgspec.json.encode(body).decode()
