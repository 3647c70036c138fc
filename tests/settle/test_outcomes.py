"""From a channel's answers to steps of entries."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.entry import EntryState as S
from muster.domain.entry import QueuedEntry
from muster.domain.outcome import Carried, Deferred, Outcome, Refused, Unknown, Unsent
from muster.domain.retry import RetryPolicy, UnknownPolicy
from muster.ports.store.entries import Change
from muster.ports.store.receipts import Handover
from muster.settle.outcomes import UNSENT_WAIT, Rules, Settlement, lost, settle
from tests.fakes.clock import START

STEPS = (timedelta(seconds=1), timedelta(seconds=5))
ONCE = UnknownPolicy()
ARRIVAL = UnknownPolicy(prefer_arrival=True)


def an_entry(position: int = 0, *, attempts: int = 0, repeats: int = 0) -> QueuedEntry:
    return QueuedEntry(position, S.ACCEPTED, "R0", "hello", attempts, repeats)


def settled(outcome: Outcome, entry: QueuedEntry | None = None, *, unknown: UnknownPolicy = ONCE) -> Settlement:
    rules = Rules(retry=RetryPolicy(steps=STEPS), unknown=unknown)
    return settle([entry or an_entry()], [outcome], rules=rules, at=START)


def change(outcome: Outcome, entry: QueuedEntry | None = None, *, unknown: UnknownPolicy = ONCE) -> Change:
    return settled(outcome, entry, unknown=unknown).changes[0]


def test_what_was_carried_is_sent_and_its_references_are_kept() -> None:
    came_to = settled(Carried(("a", "b"), segments=2))
    assert came_to.changes == (Change(0, S.DISPATCHING, S.SENT, segments=2),)
    assert came_to.handovers == (Handover(0, "a", 0, 2), Handover(0, "b", 1, 2))


def test_what_the_channel_confirms_is_delivered() -> None:
    came_to = settled(Carried(("a",), confirmed=True))
    assert came_to.changes[0].after is S.DELIVERED
    # No receipt will speak of it, so nobody has to find it by its references.
    assert came_to.handovers == ()


def test_what_was_refused_fails_with_its_reason() -> None:
    assert change(Refused("blocked", "no")) == Change(0, S.DISPATCHING, S.FAILED, "blocked", "no")
    assert change(Refused("blocked")).detail is None


@pytest.mark.parametrize(("attempts", "wait"), [(0, 1), (1, 5)])
def test_what_was_deferred_waits_for_the_next_step(attempts: int, wait: int) -> None:
    held = change(Deferred("busy", "later"), an_entry(attempts=attempts))
    assert (held.after, held.reason, held.detail) == (S.HELD, "busy", "later")
    assert held.due_at == START + timedelta(seconds=wait)


def test_a_provider_can_make_the_wait_longer_and_not_shorter() -> None:
    assert change(Deferred("busy", after=timedelta(minutes=1))).due_at == START + timedelta(minutes=1)
    assert change(Deferred("busy", after=timedelta(0))).due_at == START + STEPS[0]


def test_when_the_steps_are_used_up_the_entry_fails_and_says_after_how_many() -> None:
    failed = change(Deferred("busy", "later"), an_entry(attempts=2))
    assert (failed.after, failed.reason, failed.due_at) == (S.FAILED, "busy", None)
    assert failed.detail == "given up after 3 attempts: later"
    assert change(Deferred("busy"), an_entry(attempts=2)).detail == "given up after 3 attempts: busy"


@given(attempts=st.integers(0, 10_000))
def test_what_never_left_is_tried_again_however_often_that_was(attempts: int) -> None:
    held = change(Unsent("connection_lost"), an_entry(attempts=attempts))
    assert held.after is S.HELD
    assert held.due_at == START + UNSENT_WAIT
    assert held.unsent
    assert not held.repeat


def test_what_is_unknown_is_left_alone_by_default() -> None:
    came_to = settled(Unknown("answer_lost", "gone", ("a",)))
    assert came_to.changes == (Change(0, S.DISPATCHING, S.UNKNOWN, "answer_lost", "gone"),)
    assert came_to.handovers == (Handover(0, "a", 0, 1),)


def test_what_is_unknown_is_repeated_once_where_arrival_is_preferred() -> None:
    again = change(Unknown("answer_lost"), unknown=ARRIVAL)
    assert (again.after, again.repeat, again.due_at) == (S.HELD, True, START)
    assert change(Unknown("answer_lost"), an_entry(repeats=1), unknown=ARRIVAL).after is S.UNKNOWN


def test_intents_without_a_result_follow_the_same_policy() -> None:
    left = [an_entry(0), an_entry(1, repeats=1)]
    assert [one.after for one in lost(left, unknown=ONCE, at=START)] == [S.UNKNOWN, S.UNKNOWN]
    assert [(one.after, one.repeat) for one in lost(left, unknown=ARRIVAL, at=START)] == [
        (S.HELD, True),
        (S.UNKNOWN, False),
    ]
    assert {one.reason for one in lost(left, unknown=ONCE, at=START)} == {"result_lost"}


def test_a_channel_that_answers_for_fewer_than_it_was_given_is_a_bug() -> None:
    with pytest.raises(ValueError, match="zip"):
        settle([an_entry()], [], rules=Rules(retry=RetryPolicy(steps=()), unknown=ONCE), at=START)


OUTCOMES = st.one_of(
    st.builds(Carried, st.tuples(st.text(max_size=3)), confirmed=st.booleans()),
    st.builds(Deferred, st.just("busy"), after=st.none() | st.timedeltas(min_value=timedelta(0), max_value=STEPS[1])),
    st.builds(Refused, st.just("blocked")),
    st.builds(Unknown, st.just("answer_lost")),
    st.builds(Unsent, st.just("connection_lost")),
)


@given(outcomes=st.lists(OUTCOMES, max_size=20), attempts=st.integers(0, 3), unknown=st.sampled_from([ONCE, ARRIVAL]))
def test_every_entry_gets_exactly_one_step_and_only_held_ones_a_time(
    outcomes: list[Outcome], attempts: int, unknown: UnknownPolicy
) -> None:
    entries = [an_entry(position, attempts=attempts) for position in range(len(outcomes))]
    rules = Rules(retry=RetryPolicy(steps=STEPS), unknown=unknown)
    changes = settle(entries, outcomes, rules=rules, at=START).changes
    assert [one.position for one in changes] == list(range(len(outcomes)))
    assert all((one.after is S.HELD) == (one.due_at is not None) for one in changes)
    assert all(one.repeat <= (one.after is S.HELD) for one in changes)


def test_a_repeat_that_is_not_taken_leaves_it_unknown_whether_the_first_one_arrived() -> None:
    again = an_entry(repeats=1)
    refused = change(Refused("blocked"), again, unknown=ARRIVAL)
    assert (refused.after, refused.reason) == (S.UNKNOWN, "blocked")
    tired = an_entry(attempts=99, repeats=1)
    assert change(Deferred("busy"), tired, unknown=ARRIVAL).after is S.UNKNOWN
