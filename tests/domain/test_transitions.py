"""The laws every table of states keeps."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain import batch, category, chunk, contact, entry, subscriber, template

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)
Table = Mapping[StrEnum, Mapping[StrEnum, StrEnum]]


def any_table(table: Mapping[State, Mapping[Event, State]]) -> Table:
    """The same table, as one of states and events of any sort."""
    return {state: {event: target for event, target in exits.items()} for state, exits in table.items()}  # noqa: C416 - dict() would keep the narrower type


TABLES = {
    "batch": any_table(batch.TRANSITIONS),
    "entry": any_table(entry.TRANSITIONS),
    "chunk": any_table(chunk.TRANSITIONS),
    "category": any_table(category.TRANSITIONS),
    "contact": any_table(contact.TRANSITIONS),
    "subscriber": any_table(subscriber.TRANSITIONS),
    "template": any_table({state: {to: to for to in moves} for state, moves in template.MOVES.items()}),
}
STARTS: Mapping[str, Sequence[StrEnum]] = {
    "batch": [batch.BatchState.DRAFT, batch.BatchState.SCHEDULED, batch.BatchState.QUEUED],
    "entry": [
        entry.EntryState.ACCEPTED,
        entry.EntryState.REJECTED,
        entry.EntryState.SUPPRESSED,
        entry.EntryState.DUPLICATE,
    ],
    "chunk": [chunk.ChunkState.QUEUED],
    "category": [category.CategoryState.PUBLISHED],
    "contact": [contact.ContactState.ACTIVE],
    "subscriber": [subscriber.SubscriberState.ACTIVE],
    "template": [template.TemplateState.ACTIVE],
}
EVENTS = {
    "batch": batch.BatchEvent,
    "entry": entry.EntryEvent,
    "chunk": chunk.ChunkEvent,
    "category": category.CategoryEvent,
    "contact": contact.ContactEvent,
    "subscriber": subscriber.SubscriberEvent,
}
ENDLESS = {"subscriber"}
"""Tables of what stands as long as the things that it belongs to."""

every_table = pytest.mark.parametrize("name", TABLES)


@every_table
def test_the_table_names_every_state(name: str) -> None:
    assert set(TABLES[name]) == set(type(STARTS[name][0]))


@every_table
def test_a_step_leads_to_a_state_of_the_table(name: str) -> None:
    targets = {target for exits in TABLES[name].values() for target in exits.values()}
    assert targets <= set(TABLES[name])


@every_table
def test_every_state_can_be_reached(name: str) -> None:
    reached, edge = set(STARTS[name]), list(STARTS[name])
    while edge:
        found = set(TABLES[name][edge.pop()].values()) - reached
        reached |= found
        edge.extend(found)
    assert reached == set(TABLES[name])


@pytest.mark.parametrize("name", sorted(set(TABLES) - ENDLESS))
def test_from_every_state_an_end_can_be_reached(name: str) -> None:
    table = TABLES[name]
    ending = {state for state, exits in table.items() if not exits}
    while found := {state for state, exits in table.items() if set(exits.values()) & ending} - ending:
        ending |= found
    assert ending == set(table)


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_causes_some_step(name: str) -> None:
    used = {event for exits in TABLES[name].values() for event in exits}
    assert used == set(EVENTS[name])


@given(events=st.lists(st.sampled_from(entry.EntryEvent)), start=st.sampled_from(STARTS["entry"]))
def test_any_events_leave_an_entry_in_a_legal_state_and_an_end_for_good(
    events: list[entry.EntryEvent], start: entry.EntryState
) -> None:
    state = start
    for event in events:
        after = entry.TRANSITIONS[state].get(event, state)
        assert after == state or state not in entry.FINAL
        state = after
    assert state in entry.TRANSITIONS


@given(events=st.lists(st.sampled_from(batch.BatchEvent)), start=st.sampled_from(STARTS["batch"]))
def test_any_events_leave_a_batch_in_a_legal_state_and_an_end_for_good(
    events: list[batch.BatchEvent], start: batch.BatchState
) -> None:
    state = start
    for event in events:
        after = batch.TRANSITIONS[state].get(event, state)
        assert after == state or state not in batch.FINAL
        assert (after != state) <= (state in batch.states_before(event))
        state = after
    assert state in batch.TRANSITIONS


def test_an_entry_is_either_open_or_ended() -> None:
    assert set(entry.EntryState) == entry.OPEN | entry.ENDS
    assert not entry.OPEN & entry.ENDS


def test_what_has_still_to_be_dispatched_is_open() -> None:
    assert entry.AWAITING < entry.OPEN


def test_only_an_entry_that_is_unknown_or_counts_as_arrived_ends_and_may_still_move() -> None:
    assert {entry.EntryState.UNKNOWN, entry.EntryState.DELIVERED} == entry.ENDS - entry.FINAL


def test_an_entry_that_ended_never_opens_its_batch_again() -> None:
    for state in entry.ENDS:
        assert set(entry.TRANSITIONS[state].values()) <= entry.ENDS


def test_only_what_left_or_may_have_can_be_complained_about() -> None:
    before = {state for state, exits in entry.TRANSITIONS.items() if entry.EntryEvent.COMPLAINED in exits}
    # Held: for a repeat, as its first copy may have arrived.
    assert before == {
        entry.EntryState.SENT,
        entry.EntryState.DELIVERED,
        entry.EntryState.UNKNOWN,
        entry.EntryState.HELD,
    }


def test_an_unknown_entry_is_never_dispatched_again() -> None:
    assert not set(entry.TRANSITIONS[entry.EntryState.UNKNOWN].values()) & entry.OPEN


def test_nothing_that_was_handed_over_can_be_cancelled() -> None:
    cancellable = {state for state, exits in entry.TRANSITIONS.items() if entry.EntryEvent.CANCELLED in exits}
    assert cancellable == entry.AWAITING - {entry.EntryState.DISPATCHING}


def test_a_batch_that_is_being_cancelled_ends_cancelled_whatever_happens() -> None:
    assert set(batch.TRANSITIONS[batch.BatchState.CANCELLING].values()) == {batch.BatchState.CANCELLED}


def test_events_that_are_legal_nowhere_else_name_their_states() -> None:
    assert batch.states_before(batch.BatchEvent.RESUMED) == {batch.BatchState.PAUSED}
    assert batch.states_before(batch.BatchEvent.CANCELLED) == set(batch.BatchState) - batch.FINAL - {
        batch.BatchState.CANCELLING
    }
