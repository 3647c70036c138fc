"""From the steps of entries to the state of their batch."""

from muster.domain.entry import EntryState as S
from muster.ports.store.entries import Applied
from muster.settle.rollup import total_of


def test_deltas_of_several_sets_add_up() -> None:
    sets = [Applied((0,), {S.ACCEPTED: -1, S.DISPATCHING: 1}), Applied((0,), {S.DISPATCHING: -1, S.SENT: 1})]
    assert total_of(sets) == {S.ACCEPTED: -1, S.DISPATCHING: 0, S.SENT: 1}
    assert total_of([]) == {}
