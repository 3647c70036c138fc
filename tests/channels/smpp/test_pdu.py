"""PDUs: round trips, and bytes from an enemy."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.channels.smpp.pdu import (
    HEADER,
    MAX_PDU_BYTES,
    Bind,
    Command,
    MalformedPdu,
    Message,
    Tag,
    pack,
    read_bind,
    read_message,
    read_tlvs,
    split,
    write_bind,
    write_message,
    write_tlvs,
)

OCTET = st.integers(0, 255)
TLVS = st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=80), max_size=6)


def text(most: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=most)


MESSAGES = st.builds(
    Message,
    source=text(20),
    source_ton=OCTET,
    source_npi=OCTET,
    destination=text(20),
    destination_ton=OCTET,
    destination_npi=OCTET,
    esm_class=OCTET,
    protocol_id=OCTET,
    priority=OCTET,
    schedule=text(16),
    validity=text(16),
    registered_delivery=OCTET,
    replace_if_present=OCTET,
    data_coding=OCTET,
    default_message=OCTET,
    service_type=text(5),
    short_message=st.binary(max_size=254),
    tlvs=TLVS,
)
BINDS = st.builds(
    Bind,
    system_id=text(15),
    password=text(8),
    system_type=text(12),
    addr_ton=OCTET,
    addr_npi=OCTET,
    address_range=text(40),
)


@given(MESSAGES)
def test_a_message_reads_back_as_it_was_written(message: Message) -> None:
    assert read_message(write_message(message)) == message


@given(BINDS)
def test_a_bind_reads_back_as_it_was_written(bind: Bind) -> None:
    assert read_bind(write_bind(bind)) == bind


@given(TLVS)
def test_optional_parameters_read_back_as_they_were_written(tlvs: dict[int, bytes]) -> None:
    assert read_tlvs(write_tlvs(tlvs)) == tlvs


@given(st.lists(st.binary(max_size=60), max_size=8), st.lists(st.integers(0, 40), max_size=30))
def test_a_stream_cut_anywhere_gives_the_same_frames(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(pack(Command.DELIVER_SM, n, body) for n, body in enumerate(bodies))
    rest, frames = b"", list[bytes]()
    for cut in [*cuts, len(stream)]:
        found, rest = split(rest + stream[:cut])
        stream = stream[cut:]
        frames += [frame.body for frame in found]
    assert frames == bodies
    assert rest == b""


@given(st.binary(max_size=300))
def test_hostile_bytes_are_read_or_refused_and_nothing_else(body: bytes) -> None:
    for read in (split, read_message, read_bind, read_tlvs):
        with suppress(MalformedPdu):
            read(body)


@given(MESSAGES, st.integers(0, 600))
def test_a_message_cut_short_never_reads_as_another_text(message: Message, at: int) -> None:
    whole = write_message(message)
    try:
        read = read_message(whole[:at])
    except MalformedPdu:
        return
    assert read.short_message == message.short_message


@pytest.mark.parametrize("length", [0, 15, MAX_PDU_BYTES + 1, 0xFFFFFFFF])
def test_an_impossible_length_ends_the_conversation(length: int) -> None:
    with pytest.raises(MalformedPdu):
        split(HEADER.pack(length, Command.DELIVER_SM, 0, 1))


def test_a_text_in_message_payload_is_what_the_message_says() -> None:
    assert Message(tlvs={Tag.MESSAGE_PAYLOAD: b"long"}).content == b"long"


def test_more_than_254_octets_do_not_fit_a_short_message() -> None:
    with pytest.raises(MalformedPdu):
        write_message(Message(short_message=b"x" * 255))
