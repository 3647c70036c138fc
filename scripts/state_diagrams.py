"""Writes docs/reference/states.md from the tables of states: `make docs`. A test compares the page with the tables."""

import textwrap
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, TypeVar

from muster.domain import batch, category, chunk, contact, entry, subscriber, template, workflow

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "states.md"

_HEAD = """\
# States

Generated from the tables in `src/muster/domain/` by `make docs`; do not edit. An arrow's words are the events that
cause the step. A step that has no arrow does not exist: in SQL each one is an `UPDATE … WHERE state = <expected>`, so
whoever comes second changes nothing.
"""


_State = TypeVar("_State", bound=StrEnum)
_Event = TypeVar("_Event", bound=StrEnum)
Steps = Mapping[StrEnum, Mapping[StrEnum, tuple[str, ...]]]
"""From state to state, and the events (possibly none) that cause the step."""


class Machine(NamedTuple):
    """One table of states, and what a reader should know beside it."""

    title: str
    module: str
    starts: tuple[StrEnum, ...]
    steps: Steps
    note: str


def _by_target(table: Mapping[_State, Mapping[_Event, _State]]) -> Steps:
    """`state → event → state` turned into `state → state → events`."""
    turned: dict[StrEnum, dict[StrEnum, tuple[str, ...]]] = {}
    for state, exits in table.items():
        targets = turned.setdefault(state, {})
        for event, target in exits.items():
            targets[target] = (*targets.get(target, ()), event.value)
    return turned


_OPEN = ", ".join(f"`{state}`" for state in entry.EntryState if state in entry.OPEN)

MACHINES = (
    Machine(
        "A batch",
        "domain/batch.py",
        (batch.BatchState.DRAFT, batch.BatchState.SCHEDULED, batch.BatchState.QUEUED),
        _by_target(batch.TRANSITIONS),
        "Ends when no entry is open: `failed` when not one could be processed, `cancelled` when it was being "
        "cancelled, else `completed`.",
    ),
    Machine(
        "An entry",
        "domain/entry.py",
        (entry.EntryState.ACCEPTED, entry.EntryState.REJECTED, entry.EntryState.SUPPRESSED, entry.EntryState.DUPLICATE),
        _by_target(entry.TRANSITIONS),
        f"Open, and so keeping its batch open: {_OPEN}. `unknown` does not keep it open, and a late "
        "receipt may still settle it; nor does `delivered`, which an e-mail that comes back or is complained about "
        "leaves once more.",
    ),
    Machine(
        "A chunk",
        "domain/chunk.py",
        (chunk.ChunkState.QUEUED,),
        _by_target(chunk.TRANSITIONS),
        "A batch's work waits and is leased in chunks. `lost` means that the lease ran out.",
    ),
    Machine(
        "A workflow",
        "domain/workflow.py",
        (workflow.WorkflowState.CREATED, workflow.WorkflowState.ACTIVE),
        _by_target(workflow.TRANSITIONS),
        "Opened by its entry's message; one that stands alone is created with its batch and waits for that. Put away "
        "(`archived`), it stays counted under the end it came to.",
    ),
    Machine(
        "A category",
        "domain/category.py",
        (category.CategoryState.PUBLISHED,),
        _by_target(category.TRANSITIONS),
        "Only a published category may be used for a new mailing, and its messages leave only while it is published. "
        "A deleted one is never found again.",
    ),
    Machine(
        "A contact",
        "domain/contact.py",
        (contact.ContactState.ACTIVE,),
        _by_target(contact.TRANSITIONS),
        "A blocked contact gets no message. The server itself blocks those whose address takes none, or who complain. "
        "A deleted one is never found again, and another may have its address.",
    ),
    Machine(
        "A subscriber",
        "domain/subscriber.py",
        (subscriber.SubscriberState.ACTIVE,),
        _by_target(subscriber.TRANSITIONS),
        "It stands as long as its party and its category. While it is disabled, no message of the category leaves in "
        "the party's name.",
    ),
    Machine(
        "A template",
        "domain/template.py",
        (template.TemplateState.ACTIVE,),
        {state: dict.fromkeys(sorted(moves), ()) for state, moves in template.MOVES.items()},
        "Only an active template may be used for a new batch. Batches that run keep the version they began with.",
    ),
)


def page() -> str:
    """The whole page, as it should stand in the file."""
    return "\n".join((_HEAD, *(section(machine) for machine in MACHINES)))


def section(machine: Machine) -> str:
    """One machine: heading, note, diagram."""
    note = textwrap.fill(f"`{machine.module}`. {machine.note}", 120, break_on_hyphens=False)
    return "\n".join((f"## {machine.title}", "", note, "", "```mermaid", *_diagram(machine), "```", ""))


def _diagram(machine: Machine) -> Iterator[str]:
    yield "stateDiagram-v2"
    for state in machine.starts:
        yield f"    [*] --> {state}"
    for state, targets in machine.steps.items():
        for target, events in targets.items():
            yield f"    {state} --> {target}" + (f": {', '.join(events)}" if events else "")
    for state, targets in machine.steps.items():
        if not targets:
            yield f"    {state} --> [*]"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(PAGE.parents[2])}")
