"""Reading delivery receipts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.channels.smpp.pdu import Message, Tag
from muster.channels.smpp.receipts import Spelling, alternates, is_receipt, read_receipt
from muster.domain.receipt import Receipt, Verdict
from tests.channels.smpp.desk import NOON


def read(text: str = "", *, esm_class: int = 0x04, **tlvs: bytes) -> Receipt | None:
    tags = {int(Tag[name]): value for name, value in tlvs.items()}
    message = Message(short_message=text.encode("latin-1"), esm_class=esm_class, tlvs=tags)
    return read_receipt(message, received_at=NOON)


FULL = (
    "id:0123456789 sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:{} err:{} text:Hello id:9 stat:X"
)


@pytest.mark.parametrize(
    ("stat", "err", "verdict", "code"),
    [
        ("DELIVRD", "000", Verdict.ARRIVED, "DELIVRD"),
        ("EXPIRED", "000", Verdict.EXPIRED, "EXPIRED"),
        ("UNDELIV", "034", Verdict.BOUNCED, "UNDELIV err:034"),
        ("DELETED", "0", Verdict.BOUNCED, "DELETED"),
        ("REJECTD", "0A1", Verdict.BOUNCED, "REJECTD err:0A1"),
        ("UNKNOWN", "000", Verdict.BOUNCED, "UNKNOWN"),
        ("ACCEPTD", "000", Verdict.ON_ITS_WAY, "ACCEPTD"),
        ("ENROUTE", "000", Verdict.ON_ITS_WAY, "ENROUTE"),
        ("undelivered", "034", Verdict.BOUNCED, "UNDELIVERED err:034"),
        ("DELIVERED", "000", Verdict.ARRIVED, "DELIVERED"),
        ("BUFFERED", "000", Verdict.ON_ITS_WAY, "BUFFERED"),
    ],
)
def test_a_text_tells_what_became_of_the_message(stat: str, err: str, *, verdict: Verdict, code: str) -> None:
    receipt = read(FULL.format(stat, err))
    assert receipt is not None
    assert (receipt.ref, receipt.verdict, receipt.code) == ("0123456789", verdict, code)


@pytest.mark.parametrize(
    "text",
    ["ID:7f STAT:delivrd", "stat:DELIVRD id:7f", "id: 7f stat: DELIVRD err:", "id:7f sub:001 stat:DELIVRD text:"],
)
def test_letter_case_order_and_missing_fields_do_not_matter(text: str) -> None:
    receipt = read(text)
    assert receipt is not None
    assert (receipt.ref, receipt.verdict) == ("7f", Verdict.ARRIVED)


def test_optional_parameters_win_over_the_text() -> None:
    receipt = read(
        FULL.format("DELIVRD", "000"),
        RECEIPTED_MESSAGE_ID=b"abc-1\0",
        MESSAGE_STATE=b"\x05",
        NETWORK_ERROR_CODE=b"\x03\x00\x22",
    )
    assert receipt is not None
    assert (receipt.ref, receipt.verdict, receipt.code) == ("abc-1", Verdict.BOUNCED, "UNDELIV err:034")


def test_optional_parameters_alone_are_enough() -> None:
    receipt = read(RECEIPTED_MESSAGE_ID=b"1", MESSAGE_STATE=b"\x02")
    assert receipt is not None
    assert receipt.verdict is Verdict.ARRIVED


def test_an_intermediate_notification_settles_nothing() -> None:
    receipt = read("id:1 stat:UNDELIV", esm_class=0x20)
    assert receipt is not None
    assert receipt.verdict is Verdict.ON_ITS_WAY


@pytest.mark.parametrize("text", ["", "Hello", "id:5", "stat:DELIVRD"])
def test_a_receipt_without_an_id_or_a_state_is_none(text: str) -> None:
    assert read(text) is None


def test_what_a_person_wrote_is_no_receipt_whatever_it_says() -> None:
    assert not is_receipt(Message(short_message=b"id:1 stat:DELIVRD"))
    assert is_receipt(Message(esm_class=0x04))
    assert is_receipt(Message(tlvs={Tag.RECEIPTED_MESSAGE_ID: b"1"}))


def test_a_text_in_message_payload_is_read_too() -> None:
    receipt = read(MESSAGE_PAYLOAD=b"id:1 stat:DELIVRD")
    assert receipt is not None
    assert receipt.ref == "1"


@given(st.integers(0, 2**64 - 1))
def test_hexadecimal_and_decimal_spellings_find_each_other(number: int) -> None:
    assert f"{number:x}" in {*alternates(str(number)), str(number)}
    assert f"{number:X}" in {*alternates(str(number)), str(number)}
    assert str(number) in {*alternates(f"{number:X}"), f"{number:X}"}
    assert str(number) in {*alternates(f"{number:010d}"), f"{number:010d}"}


def test_a_spelling_that_is_known_offers_nothing_else() -> None:
    assert alternates("1288211094", Spelling.SAME) == ()
    assert "4cc88a96" in alternates("1288211094", Spelling.DECIMAL)
    assert alternates("4CC88A96", Spelling.HEX)[0] == "1288211094"


def test_a_name_is_no_number() -> None:
    assert alternates("9f1c2d3e-AAAA-4e5f-8a9b-000000000001") == (
        "9f1c2d3e-aaaa-4e5f-8a9b-000000000001",
        "9F1C2D3E-AAAA-4E5F-8A9B-000000000001",
    )


@given(st.binary(max_size=254), st.integers(0, 255), st.dictionaries(st.sampled_from(Tag), st.binary(max_size=70)))
def test_a_hostile_receipt_is_read_without_harm(octets: bytes, esm_class: int, tlvs: dict[int, bytes]) -> None:
    message = Message(short_message=octets, esm_class=esm_class, tlvs=tlvs)
    receipt = read_receipt(message, received_at=NOON)
    assert receipt is None or receipt.ref not in receipt.alternates
