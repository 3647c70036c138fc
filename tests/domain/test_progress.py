"""From counts to the state of a batch."""

from collections import Counter
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from muster.domain.batch import BatchEvent
from muster.domain.entry import ENDS, OPEN, TRANSITIONS, EntryState
from muster.domain.progress import awaiting, ending, is_conserved, still_open

Step = tuple[EntryState, EntryState]

states = st.sampled_from(EntryState)
STEPS: list[Step] = [(state, target) for state, exits in TRANSITIONS.items() for target in exits.values()]


@given(entries=st.lists(states), steps=st.lists(st.sampled_from(STEPS)))
def test_legal_steps_conserve_the_number_of_entries(entries: list[EntryState], steps: list[Step]) -> None:
    counts = Counter(entries)
    for before, after in steps:
        if counts[before]:
            counts[before] -= 1
            counts[after] += 1
        assert is_conserved(len(entries), counts)


@given(entries=st.lists(states, min_size=1), state=states)
def test_an_entry_too_many_or_too_few_is_noticed(entries: list[EntryState], state: EntryState) -> None:
    counts = Counter(entries)
    counts[state] += 1
    assert not is_conserved(len(entries), counts)


def test_a_negative_count_is_noticed_though_the_sum_is_right() -> None:
    assert not is_conserved(1, {EntryState.SENT: 2, EntryState.FAILED: -1})


@given(entries=st.lists(states))
def test_a_batch_is_never_finished_while_one_entry_is_open(entries: list[EntryState]) -> None:
    counts = Counter(entries)
    assert (ending(counts) is None) == any(state in OPEN for state in entries)
    assert 0 <= awaiting(counts) <= still_open(counts) <= len(entries)


@given(entries=st.lists(st.sampled_from(sorted(ENDS)), min_size=1))
def test_a_batch_fails_only_when_not_one_entry_could_be_processed(entries: list[EntryState]) -> None:
    wasted = {EntryState.REJECTED, EntryState.FAILED, EntryState.DUPLICATE}
    assert (ending(Counter(entries)) is BatchEvent.FAILED) == (set(entries) <= wasted)


def test_a_batch_without_entries_simply_ends() -> None:
    nothing: Mapping[EntryState, int] = {}
    assert ending(nothing) is BatchEvent.ENDED
