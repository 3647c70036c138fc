"""Reading bounces, as servers really write them and as somebody hostile does."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muster.channels.smtp.bounces import Bounce, read_bounce, verdict_of
from muster.channels.smtp.complaints import Complaint, read_complaint
from muster.channels.smtp.incoming_parts import read_message
from muster.domain.receipt import Verdict
from tests.channels.smtp.returned_mail import (
    AWAY,
    EXCHANGE,
    EXIM,
    EXIM_FULL,
    GMAIL,
    QMAIL,
    WARNING,
    a_complaint,
    a_dsn,
)


def read(content: bytes) -> Bounce | None:
    return read_bounce(read_message(content), content)


def verdict(content: bytes) -> Verdict | None:
    bounce = read(content)
    return bounce.verdict if bounce else None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(a_dsn(), Verdict.GONE, id="postfix"),
        pytest.param(a_dsn().replace(b"\n", b"\r\n"), Verdict.GONE, id="with the line ends of the wire"),
        pytest.param(EXIM, Verdict.GONE, id="exim"),
        pytest.param(EXIM_FULL, Verdict.RETURNED, id="exim, mailbox full"),
        pytest.param(QMAIL, Verdict.GONE, id="qmail"),
        pytest.param(EXCHANGE, Verdict.GONE, id="exchange"),
        pytest.param(GMAIL, Verdict.RETURNED, id="gmail, mailbox full"),
        pytest.param(WARNING, Verdict.ON_ITS_WAY, id="a warning of no standard form"),
        pytest.param(AWAY, None, id="somebody is away"),
        pytest.param(b"Subject: hello\n\nThank you for your mail.\n", None, id="a letter"),
    ],
)
def test_servers_say_it_in_many_ways(content: bytes, expected: Verdict | None) -> None:
    assert verdict(content) is expected


@pytest.mark.parametrize(
    ("action", "status", "expected"),
    [
        ("failed", "5.1.1", Verdict.GONE),
        ("Failed (permanent)", "5.2.1", Verdict.GONE),
        ("error", "5.1.2", Verdict.GONE),
        ("failed", "5.4.4", Verdict.GONE),
        ("failed", "5.1.10", Verdict.GONE),
        ("failed", "5.2.2", Verdict.RETURNED),
        ("failed", "5.3.4", Verdict.RETURNED),
        ("failed", "5.7.1", Verdict.RETURNED),
        ("failed", "5.1.8 (the sender's domain)", Verdict.RETURNED),
        ("failed", "4.4.7", Verdict.RETURNED),
        ("delayed", "4.4.1", Verdict.ON_ITS_WAY),
        ("relayed", "2.0.0", Verdict.ON_ITS_WAY),
        ("expanded", "2.0.0", Verdict.ON_ITS_WAY),
        ("delivered", "2.0.0", Verdict.ARRIVED),
        ("wrapped in paper", "5.1.1", None),
    ],
)
def test_what_was_done_and_its_status_decide(action: str, status: str, expected: Verdict | None) -> None:
    assert verdict(a_dsn(action=action, status=status, diagnostic="")) is expected


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        ("5.0.0", "550 5.1.1 User unknown", Verdict.GONE),
        ("", "550 Requested action not taken: mailbox unavailable", Verdict.GONE),
        ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable", Verdict.GONE),
        ("5.0.0", "550 blocked because of its reputation", Verdict.RETURNED),
        ("5.0.0", "554 something else", Verdict.RETURNED),
        ("5.2.0", "552 over quota", Verdict.RETURNED),
        ("4.4.7", "550 user unknown", Verdict.RETURNED),
    ],
)
def test_where_the_status_says_nothing_the_words_do(status: str, words: str, expected: Verdict) -> None:
    assert verdict(a_dsn(status=status, diagnostic=f"smtp; {words}")) is expected


def test_what_a_bounce_says_is_kept_in_few_printable_words() -> None:
    bounce = read(a_dsn(diagnostic="smtp; 550 5.1.1 \x1b[31mno\x00 such user " + "x" * 1000))
    assert bounce is not None
    assert bounce.code.startswith("550 5.1.1 [31mno such user xxx")
    assert len(bounce.code) <= 200
    assert bounce.code.isprintable()


def test_a_status_without_words_is_the_code() -> None:
    assert read(a_dsn(diagnostic="")) == Bounce(Verdict.GONE, "5.1.1")


def test_an_address_behind_which_one_of_many_is_gone_is_not_gone() -> None:
    more = b"\nFinal-Recipient: rfc822; ben@example.com\nAction: failed\nStatus: 5.2.2\n\nRemote-MTA"
    assert verdict(a_dsn().replace(b"\nRemote-MTA", b"\n" + more, 1)) is Verdict.RETURNED


def test_the_returned_message_is_not_read_for_reasons() -> None:
    bounce = read(QMAIL)
    assert bounce is not None
    assert bounce.code == "Sorry, no mailbox here by that name. (#5.1.1)"


def test_a_status_in_base64_is_read() -> None:
    import base64  # noqa: PLC0415

    head, marker, rest = a_dsn().partition(b"Content-Type: message/delivery-status\n\n")
    status, end, tail = rest.partition(b"\n--4B1C")
    packed = b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(
        status
    )
    assert marker
    assert verdict(head + packed + end + tail) is Verdict.GONE


@pytest.mark.parametrize("code", ["5.1.1", "5.2.2", "5.7.1", "4.4.7", "9.9.9", "", "5.999.999"])
def test_only_what_is_for_good_is_gone(code: str) -> None:
    assert (verdict_of(code, "") is Verdict.GONE) == (code == "5.1.1")


def _nested(depth: int) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(depth)
    )
    return opened + b"Subject: x\n\n" + b"y\n" * 200_000


HOSTILE = {
    "nothing": b"",
    "no headers": b"\n\nhello",
    "headers only": b"Subject: x",
    "ten megabytes in one line": b"Subject: " + b"x" * (10 << 20),
    "ten megabytes of empty lines": b"Subject: x\n\n" + b"\r\n" * (5 << 20),
    "ten megabytes of headers": b"A: b\n" * (2 << 20),
    "parts in parts": _nested(5_000),
    "few parts in parts": _nested(9),
    "a boundary for each line": b"Content-Type: multipart/report; boundary=a\n\n" + b"--a\n" * 100_000,
    "an empty boundary": b'Content-Type: multipart/mixed; boundary=""\n\n--\n--\n',
    "a boundary in two charsets": b"Content-Type: multipart/mixed; boundary*=utf-8''%C3%A4; boundary*0=a\n\n--a\n\nx",
    "a charset that is slow": b"Content-Type: text/plain; charset=punycode\n\n" + b"\xffa-" * 200_000,
    "a charset that is none": b'Content-Type: text/plain; charset="\x00none"\n\n\xff\xfe',
    "base64 that is none": b"Content-Transfer-Encoding: base64\n\n@@@@a",
    "a name that is none": b"Subject: =?nope?q?=ff?=\nFrom: =?x?b?@?=\n\n",
    "nul": b"\x00" * 1000,
    "addresses without an end": b"From: MAILER-DAEMON\n\nHi. This is the\n\n" + b"<a" * 100_000,
    "a status of many recipients": a_dsn().replace(
        b"Remote-MTA", b"\n" + b"Final-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.1.1\n\n" * 20_000
    ),
    "dots and digits": a_dsn(diagnostic="smtp; " + "5.1" * 1000 + "." * 1000, status="5.0.0"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_comes_is_read_in_a_moment(name: str) -> None:
    begun = time.process_time()
    content = HOSTILE[name]
    message = read_message(content)
    read_bounce(message, content)
    read_complaint(message, content)
    # A bound, not a measurement: work that grows with the square of the size would take minutes.
    assert time.process_time() - begun < 5


@given(st.binary(max_size=2_000))
@example(b"Content-Type: multipart/report; boundary=*\n\n--*\nContent-Type: message/delivery-status\n\nAction:failed")
def test_any_bytes_are_read_without_an_error(content: bytes) -> None:
    message = read_message(content)
    assert isinstance(read_bounce(message, content), Bounce | None)
    assert isinstance(read_complaint(message, content), Complaint | None)


@given(st.data())
def test_a_report_that_was_damaged_is_read_without_an_error(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([a_dsn(), a_complaint(), EXIM, QMAIL, EXCHANGE, GMAIL]))
    at = data.draw(st.integers(0, len(whole)))
    content = whole[:at] + data.draw(st.binary(max_size=20)) + whole[at + data.draw(st.integers(0, 50)) :]
    message = read_message(content)
    assert isinstance(read_bounce(message, content), Bounce | None)
    assert isinstance(read_complaint(message, content), Complaint | None)
