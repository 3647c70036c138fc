"""Chunks as payloads."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.chunk import ChunkRef
from muster.domain.ids import BatchNumber, TenantId
from muster.queues.job import chunk_in, payload_of

numbers = st.integers(min_value=0, max_value=2**62)


@given(numbers, numbers, numbers)
def test_a_chunk_comes_back_from_its_payload(tenant: int, batch: int, first: int) -> None:
    chunk = ChunkRef(TenantId(tenant), BatchNumber(batch), first)
    assert chunk_in(payload_of(chunk)) == chunk


@pytest.mark.parametrize("payload", [b"", b"{}", b"[1,2]", b'["1",2,3]', b"\xff"])
def test_what_is_no_chunk_is_refused(payload: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        chunk_in(payload)
