"""An entry's id is arithmetic on its batch's id."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from muster.domain.ids import EntryIds, entry_id, position_in, siblings

batches = st.uuids(version=4)
positions = st.integers(0, 10_000_000)


@given(batch=batches, position=positions)
def test_the_position_can_be_read_back_from_the_id(batch: UUID, position: int) -> None:
    assert position_in(batch, entry_id(batch, position)) == position


@given(batch=st.uuids(), position=positions)
def test_many_ids_of_a_batch_are_the_same_as_one_at_a_time(batch: UUID, position: int) -> None:
    ids, entry = EntryIds(batch), entry_id(batch, position)
    assert (ids.spelled(position), ids.octets(position)) == (str(entry), entry.bytes)


@given(batch=batches, one=positions, other=positions)
def test_two_entries_of_a_batch_never_share_an_id(batch: UUID, one: int, other: int) -> None:
    assert (entry_id(batch, one) == entry_id(batch, other)) == (one == other)


@given(batch=batches, position=positions)
def test_no_entry_has_its_batchs_own_id_and_all_are_version_4(batch: UUID, position: int) -> None:
    entry = entry_id(batch, position)
    assert entry != batch
    assert (entry.version, entry.variant) == (batch.version, batch.variant)


@given(batch=batches, position=positions)
def test_a_batch_is_found_between_the_siblings_of_its_entries(batch: UUID, position: int) -> None:
    lowest, highest = siblings(entry_id(batch, position))
    assert lowest <= batch <= highest


@given(batch=batches, stranger=batches, position=positions)
def test_an_entry_of_another_batch_has_no_position(batch: UUID, stranger: UUID, position: int) -> None:
    found = position_in(batch, entry_id(stranger, position))
    assert found is None or batch.int >> 32 == stranger.int >> 32
