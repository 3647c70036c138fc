"""How batches and entries look, to people and to scripts."""

from collections.abc import Mapping, Sequence

import msgspec
from rich.table import Table

from muster.cli.frame import moment, table
from muster.domain.batch import Batch
from muster.domain.entry import Entry, EntryState
from muster.domain.ids import entry_id
from muster.domain.progress import awaiting, is_conserved, still_open
from muster.domain.workflow import ENDS, WorkflowState
from muster.kinds.record_batches.kind import NAME as RECORDS
from muster.kinds.workflow_batches import NAME
from muster.kinds.workflow_batches.kind import SINGLE
from muster.surfaces.workflow_batches.translate.batches import made

Rows = tuple[Sequence[str], Sequence[Sequence[object]]]

_MEANINGS = {
    EntryState.ACCEPTED: "waits to be dispatched",
    EntryState.HELD: "deferred, tried again later",
    EntryState.DISPATCHING: "is being handed over now",
    EntryState.SENT: "handed over, receipt awaited",
    EntryState.DELIVERED: "arrived",
    EntryState.UNDELIVERED: "handed over, did not arrive",
    EntryState.COMPLAINED: "arrived, and was reported as unwanted",
    EntryState.APPLIED: "applied",
    EntryState.REJECTED: "not valid, never sent",
    EntryState.SUPPRESSED: "on the opt-out list, never sent",
    EntryState.DUPLICATE: "a second one for the same recipient, never sent",
    EntryState.FAILED: "refused, or all tries used up",
    EntryState.EXPIRED: "ran out of time",
    EntryState.CANCELLED: "cancelled before it was sent",
    EntryState.UNKNOWN: "left the machine, the answer was lost",
}
_OF_RECORDS = {
    EntryState.APPLIED: "done, and kept",
    EntryState.FAILED: "could not be done",
    EntryState.CANCELLED: "not done, or undone with the rest of its batch",
}
"""What these states mean in a batch of record operations."""
_STANDINGS = {
    WorkflowState.ACTIVE: "the customer's answers are awaited",
    WorkflowState.COMPLETED: "the customer finished every step",
    WorkflowState.DECLINED: "the customer would not",
    WorkflowState.CANCELLED: "cancelled here",
    WorkflowState.EXPIRED: "time ran out",
}


def as_json_batch(batch: Batch) -> dict[str, object]:
    """A batch for scripts."""
    return {
        "batch": str(batch.id),
        "kind": batch.kind,
        "state": batch.state.value,
        "title": batch.title,
        "template": batch.template_title,
        "template_version": batch.template_number,
        "idempotency_key": batch.idempotency_key,
        "total": batch.total,
        "counts": {state.value: batch.counts.get(state, 0) for state in EntryState},
        "workflows": {state.value: number for state, number in workflow_counts(batch).items()},
        "awaiting": awaiting(batch.counts),
        "open": still_open(batch.counts),
        "conserved": is_conserved(batch.total, batch.counts),
        "created_at": batch.created_at,
        "updated_at": batch.updated_at,
        "started_at": batch.started_at,
        "finished_at": batch.finished_at,
        "withdrawn_at": batch.withdrawn_at,
    }


def as_json_entry(batch: Batch, entry: Entry) -> dict[str, object]:
    """An entry for scripts."""
    return {
        "position": entry.position,
        "entry": str(entry_id(batch.id, entry.position)),
        "state": entry.state.value,
        "address": entry.address,
        "reason": entry.reason,
        "detail": entry.detail,
        "faults": [msgspec.to_builtins(fault) for fault in entry.faults],
        "attempts": entry.attempts,
        "repeats": entry.repeats,
        "segments": entry.segments,
        "due_at": entry.due_at,
        "updated_at": entry.updated_at,
    }


def batch_rows(batches: Sequence[Batch]) -> Rows:
    """Columns and rows of a list of batches."""
    columns = ("Batch", "State", "About", "Entries", "Open", "Done well", "Created (UTC)")
    return columns, [
        (str(b.id), b.state.value, _about(b), b.total, still_open(b.counts), _went_well(b), moment(b.created_at))
        for b in batches
    ]


def entry_rows(entries: Sequence[Entry]) -> Rows:
    """Columns and rows of a list of entries, each with its reason."""
    columns = ("Position", "Recipient", "State", "Tries", "Reason")
    return columns, [(str(e.position), e.address, e.state.value, e.attempts, reason(e)) for e in entries]


def reason(entry: Entry) -> str:
    """Why an entry stands where it stands, for people."""
    if entry.faults:
        return "; ".join(f"{fault.path} {fault.message}" for fault in entry.faults)
    repeated = f"sent again {entry.repeats} times" if entry.repeats else ""
    due = f"next try {moment(entry.due_at)}" if entry.due_at is not None and entry.state is EntryState.HELD else ""
    why = ": ".join(part for part in (entry.reason, entry.detail) if part)
    return ", ".join(part for part in (why, repeated, due) if part)


def headline(batch: Batch) -> Table:
    """What a batch is."""
    rows = [
        ("State", batch.state.value + (" (withdrawn)" if batch.withdrawn_at else "")),
        (
            "About",
            f"{_about(batch)}, version {batch.template_number}" if batch.template_number else _about(batch) or "-",
        ),
        ("Idempotency key", batch.idempotency_key),
        ("Created", moment(batch.created_at)),
        ("Started", moment(batch.started_at)),
        ("Finished", moment(batch.finished_at)),
    ]
    return table(("Batch", str(batch.id)), rows)


def counts_table(batch: Batch) -> Table:
    """How many entries stand where, and that they add up."""
    meanings = {**_MEANINGS, **_OF_RECORDS} if batch.kind == RECORDS else _MEANINGS
    rows: list[tuple[str, int, str]] = [
        (state.value, batch.counts[state], meanings[state]) for state in EntryState if batch.counts.get(state)
    ]
    made = table(("State", "Entries", "Which means"), rows)
    adds_up = "adds up" if is_conserved(batch.total, batch.counts) else "DOES NOT ADD UP: run muster doctor"
    made.add_section()
    made.add_row("[bold]in all[/]", f"[bold]{batch.total:,}[/]", adds_up)
    return made


def workflow_counts(batch: Batch) -> Mapping[WorkflowState, int]:
    """How many of its workflows are active, and how many came to each end; all nought before a message has left."""
    ended = {end: batch.ended.get(end, 0) for end in ENDS}
    # Texts sent again open nothing. A customer may be done before the carrier has answered that it took the message.
    opened = made(batch.counts) if batch.kind in {NAME, SINGLE} else 0
    active = max(0, opened - sum(ended.values()))
    if batch.withdrawn_at is not None:
        active, ended[WorkflowState.CANCELLED] = 0, ended[WorkflowState.CANCELLED] + active
    return {WorkflowState.ACTIVE: active, **ended}


def workflows_table(batch: Batch) -> Table:
    """How many workflows stand where, of those whose message was handed over."""
    counts = workflow_counts(batch)
    return table(
        ("Workflows", "Number", "Which means"),
        [(state.value, number, _STANDINGS[state]) for state, number in counts.items() if number],
    )


def _about(batch: Batch) -> str:
    """The template it is made from, or what it was called when it was handed over."""
    return batch.template_title or batch.title


def _went_well(batch: Batch) -> int:
    return sum(batch.counts.get(state, 0) for state in (EntryState.SENT, EntryState.DELIVERED, EntryState.APPLIED))
