"""What is announced. Whoever makes it true writes it to the outbox in the same transaction. Pure.

A body is JSON without personal data: ids, states, counts, positions and reason codes; never an address, a text or a
title.
"""

from collections.abc import Iterable, Mapping
from operator import attrgetter
from uuid import UUID

import msgspec

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.event import EventType, NewEvent
from muster.domain.ids import BatchId
from muster.ports.store.entries import Change

_Run = list[int]
"""The first and the last of neighbouring positions."""


def batch_event(
    happened: EventType, batch: BatchId, *, kind: str, state: BatchState, counts: Mapping[EntryState, int]
) -> NewEvent:
    """A batch as it stands after the step: its id, kind, state, total, and the counts that are not zero."""
    body = {
        "batch_id": str(batch),
        "kind": kind,
        "state": state.value,
        "total": sum(counts.values()),
        "counts": {entry_state.value: n for entry_state, n in counts.items() if n},
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


def endpoint_disabled(endpoint: UUID, reason: str) -> NewEvent:
    """A webhook endpoint was switched off, and why."""
    body = {"endpoint_id": str(endpoint), "reason": reason}
    return NewEvent(type=EventType.ENDPOINT_DISABLED, batch=None, body=_json(body))


def _json(body: Mapping[str, object]) -> str:
    return msgspec.json.encode(body).decode()
