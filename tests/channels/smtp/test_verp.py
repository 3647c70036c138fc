"""Return paths and back."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from muster.channels.smtp.verp import Returned, make, read
from muster.domain.ids import ChannelId, TenantId

KEY = b"k" * 32
NUMBERS = st.integers(0, 2**32 - 1)
RETURNED = st.builds(
    Returned,
    tenant=NUMBERS.map(TenantId),
    channel=NUMBERS.map(ChannelId),
    entry=st.uuids(),
    attempt=st.integers(0, 255),
)
ONE = Returned(tenant=TenantId(1), channel=ChannelId(2), entry=UUID(int=3), attempt=1)


@given(RETURNED)
def test_every_return_path_leads_back_in_any_letter_case(returned: Returned) -> None:
    local = make(KEY, returned)
    assert local is not None
    assert len(local) <= 64
    assert read(KEY, local) == read(KEY, local.upper()) == returned


@given(RETURNED, st.integers(2, 53), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_return_path_with_another_letter_leads_nowhere(returned: Returned, at: int, letter: str) -> None:
    local = make(KEY, returned)
    assert local is not None
    changed = local[:at] + letter + local[at + 1 :]
    # The last letter has spare bits, which say nothing.
    assert changed == local or read(KEY, changed) in ({None, returned} if at == len(local) - 1 else {None})


def test_another_key_makes_and_reads_nothing_of_it() -> None:
    local = make(KEY, ONE)
    assert local is not None
    assert read(b"x" * 32, local) is None


@given(st.text(max_size=80))
def test_any_other_local_part_leads_nowhere(local: str) -> None:
    assert read(KEY, local) is None
    assert read(KEY, f"b-{local}") is None


def test_numbers_that_cannot_be_written_make_no_return_path() -> None:
    assert make(KEY, Returned(tenant=TenantId(2**32), channel=ChannelId(1), entry=UUID(int=1), attempt=1)) is None
    assert make(KEY, Returned(tenant=TenantId(1), channel=ChannelId(1), entry=UUID(int=1), attempt=256)) is None


def test_the_ref_of_what_returned_is_the_one_it_left_with() -> None:
    assert ONE.ref == "00000000-0000-0000-0000-000000000003/1"
