"""What answers mean, and how they are read."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.channels.smtp.codes import BASIC, ENHANCED, failure
from muster.channels.smtp.reply import MalformedReply, Reader, Reply
from muster.domain.outcome import Deferred, Refused


def of(text: str) -> Reply:
    """The answer in one line."""
    return Reader().feed(text.encode() + b"\r\n")[0]


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ("421 4.3.2 Shutting down", Deferred, "service_closing"),
        ("450 4.7.1 Greylisted for 5 minutes", Deferred, "greylisted"),
        ("451 4.7.1 Please try again later (graylisting)", Deferred, "greylisted"),
        ("450 4.2.0 Greylisted, see http://postgrey.example", Deferred, "greylisted"),
        ("450 4.7.1 Too much", Deferred, "policy_refused"),
        ("451 Local error", Deferred, "provider_error"),
        ("452 4.2.2 Over quota", Deferred, "mailbox_full"),
        ("452 4.5.3 Too many recipients", Deferred, "too_many_recipients"),
        ("452 Disk", Deferred, "system_full"),
        ("499 ?", Deferred, "provider_error"),
        ("550 5.1.1 No such user", Refused, "unknown_mailbox"),
        ("550 No such user", Refused, "mailbox_unavailable"),
        ("550 5.7.26 Unauthenticated", Refused, "sender_not_authorised"),
        ("550 5.99.99 Something new", Refused, "mailbox_unavailable"),
        ("552 5.2.2 Over quota", Refused, "mailbox_full"),
        ("552 5.3.4 Too big", Refused, "message_too_large"),
        ("553 Name not allowed", Refused, "invalid_address"),
        ("554 5.7.1 Spam", Refused, "policy_refused"),
        ("554 No", Refused, "provider_refused"),
        ("556 5.1.10 Null MX", Refused, "domain_takes_no_mail"),
        ("599 ?", Refused, "provider_refused"),
    ],
)
def test_an_answer_has_one_meaning(answer: str, kind: type[Deferred | Refused], code: str) -> None:
    outcome = failure(of(answer))
    assert isinstance(outcome, kind)
    assert outcome.code == code
    assert answer[:3] in outcome.detail


@pytest.mark.parametrize(
    ("answer", "gone"),
    [
        *((f"550 {status} No", True) for status in ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")),
        ("551 Not here", True),
        ("556 5.1.10 Null MX", True),
        ("550 No such user", False),
        ("550 5.1.0 Sender rejected", False),
        ("550 5.2.0 Your account has been disabled", False),
        ("551 5.7.1 Not here", False),
        *((f"550 {status} No", False) for status in ("5.1.7", "5.1.8", "5.2.2", "5.3.4", "5.7.1", "5.7.26")),
    ],
)
def test_by_its_codes_alone_an_answer_says_that_nobody_is_there(answer: str, *, gone: bool) -> None:
    outcome = failure(of(answer))
    assert isinstance(outcome, Refused)
    assert outcome.gone is gone


def test_an_answer_for_now_or_about_the_sender_says_nothing_of_the_address() -> None:
    assert isinstance(failure(of("450 4.1.1 No such user")), Deferred)
    of_sender = failure(of("550 5.1.1 No such user"), of_sender=True)
    assert isinstance(of_sender, Refused)
    assert not of_sender.gone


def test_an_answer_to_mail_speaks_of_the_sender() -> None:
    assert failure(of("550 Not you"), of_sender=True).code == "sender_refused"


def test_greylisting_waits_minutes() -> None:
    outcome = failure(of("450 4.7.1 Greylisted"))
    assert isinstance(outcome, Deferred)
    assert outcome.after is not None
    assert timedelta(minutes=1) <= outcome.after <= timedelta(minutes=30)


def test_the_servers_own_words_stay_out_of_the_detail() -> None:
    assert "jane@shop.example" not in failure(of("550 5.1.1 <jane@shop.example>: no such user")).detail


def test_every_row_has_a_permanent_word_and_a_sentence() -> None:
    for row in (*ENHANCED.values(), *BASIC.values()):
        assert row.code.replace("_", "").isalnum()
        assert row.code.islower()
        assert row.sentence.endswith(".")
        assert 0 <= row.wait <= 3600


@given(st.lists(st.integers(200, 599), max_size=10), st.integers(1, 7))
def test_answers_are_read_however_they_are_cut(codes: list[int], step: int) -> None:
    stream = b"".join(b"%d-first\r\n%d 2.0.0 last\r\n" % (code, code) for code in codes)
    reader = Reader()
    found = [reply for at in range(0, len(stream), step) for reply in reader.feed(stream[at : at + step])]
    assert [reply.code for reply in found] == codes
    assert all(reply.text == "2.0.0 last" for reply in found)


@pytest.mark.parametrize("line", [b"HTTP/1.1 400\r\n", b"\r\n", b"25\r\n", b"999 x\r\n", b"250_x\r\n"])
def test_what_is_no_answer_is_not_taken_for_one(line: bytes) -> None:
    with pytest.raises(MalformedReply):
        Reader().feed(line)


def test_an_answer_without_an_end_is_given_up() -> None:
    with pytest.raises(MalformedReply):
        Reader().feed((b"250-" + b"x" * 1000 + b"\r\n") * 100)


@given(st.binary(max_size=200))
def test_any_octets_are_answers_or_malformed(octets: bytes) -> None:
    try:
        replies = Reader().feed(octets)
    except MalformedReply:
        return
    assert all(200 <= reply.code <= 599 and isinstance(reply.text, str) for reply in replies)
