"""Reading what people send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.channels.smpp.pdu import EsmClass, Message, Tag
from muster.channels.smpp.replies import read_reply
from muster.channels.smpp.text import UCS2, Alphabet
from muster.domain.reply import Reply, Wish, wish_of
from muster.drill.smsc.people import Said, texted
from tests.channels.smpp.desk import NOON

UDHI = int(EsmClass.UDHI)


def read(message: Message, *, alphabet: Alphabet = Alphabet.GSM7) -> Reply | None:
    return read_reply(message, received_at=NOON, alphabet=alphabet)


def text_of(octets: bytes, *, data_coding: int = 0, esm_class: int = 0) -> str:
    reply = read(Message(short_message=octets, data_coding=data_coding, esm_class=esm_class))
    assert reply is not None
    return reply.text


def test_a_reply_names_its_sender_and_whom_it_is_for() -> None:
    reply = read(Message(source="34600000001", source_ton=1, destination="Muster", short_message=b"STOP"))
    assert reply == Reply(sender="+34600000001", recipient="Muster", text="STOP", received_at=NOON)


@pytest.mark.parametrize(("source", "ton"), [("600000001", 2), ("34600000001", 0), ("+34600000001", 1), ("Bank", 5)])
def test_only_an_international_number_gets_a_plus_sign(source: str, ton: int) -> None:
    reply = read(Message(source=source, source_ton=ton, short_message=b"STOP"))
    assert reply is not None
    assert reply.sender == source


@pytest.mark.parametrize(
    ("octets", "data_coding"),
    [
        (b"Desabonn\x05", 0),
        ("Desabonné".encode("latin-1"), 3),
        ("Desabonné".encode("utf-16-be"), UCS2),
        ("\ufeffDesabonné\0".encode("utf-16-be"), UCS2),
        ("Desabonné".encode("utf-16-be"), 0x18),
    ],
)
def test_every_alphabet_is_read(octets: bytes, data_coding: int) -> None:
    assert text_of(octets, data_coding=data_coding) == "Desabonné"


def test_a_nul_at_the_end_is_no_letter() -> None:
    assert text_of(b"STOP\0") == "STOP"
    assert text_of(b"ana\0example") == "ana@example"


def test_a_text_in_message_payload_is_read() -> None:
    reply = read(Message(tlvs={int(Tag.MESSAGE_PAYLOAD): b"STOP"}))
    assert reply is not None
    assert reply.text == "STOP"


def test_a_header_that_speaks_of_something_else_than_parts_is_left_out() -> None:
    assert text_of(bytes((4, 0x05, 2, 0, 0)) + b"STOP", esm_class=UDHI) == "STOP"
    assert text_of(bytes((5, 0x00, 3, 7, 1, 1)) + b"STOP", esm_class=UDHI) == "STOP"


def test_a_part_of_a_longer_text_is_no_reply() -> None:
    assert read(Message(short_message=bytes((5, 0x00, 3, 7, 2, 2)) + b"END", esm_class=UDHI)) is None
    assert read(Message(short_message=b"END", tlvs={int(Tag.SAR_TOTAL_SEGMENTS): b"\2"})) is None


def test_a_provider_that_speaks_latin_1_is_understood() -> None:
    reply = read(Message(short_message="Arrêt".encode("latin-1")), alphabet=Alphabet.LATIN1)
    assert reply is not None
    assert wish_of(reply.text) is Wish.STOP


@given(
    st.builds(
        Message,
        short_message=st.binary(max_size=254),
        esm_class=st.integers(0, 255),
        data_coding=st.integers(0, 255),
        tlvs=st.dictionaries(st.sampled_from([int(tag) for tag in Tag]), st.binary(max_size=300)),
    )
)
def test_whatever_comes_is_read_or_left_out(message: Message) -> None:
    reply = read(message)
    assert reply is None or reply.received_at == NOON


@given(st.text(st.characters(codec="utf-16-be"), min_size=1, max_size=70))
def test_what_fits_a_segment_is_read_as_it_was_sent(text: str) -> None:
    messages = texted(Said(sender="+34600000001", text=text), reference=1)
    if len(messages) == 1:
        reply = read(messages[0])
        assert reply is not None
        assert reply.text.strip("\ufeff\0@") == text.strip("\ufeff\0@")
    else:
        assert [read(message) for message in messages] == [None] * len(messages)
