"""What a letter looks like on the wire."""

import email
import re
from collections.abc import Sequence
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.channels.smtp.address import Mailbox
from muster.channels.smtp.compose import Composed, Stationery, Wire
from muster.channels.smtp.header import clean
from muster.domain.letter import Enclosure, Letter
from muster.domain.parcel import Parcel
from tests.channels.smtp.post_office import LETTER, NOON, entry

STATIONERY = Stationery(Mailbox("news", "muster.example"), "Muster")
LINK = "https://muster.example/u/abc-DEF_123"
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
HOSTILE = st.text(st.sampled_from('a .\r\n\t:=?_<>"\\,;@é漢😀\u2028\x00\x85-'), max_size=200)
TEXTS = ANYTHING | HOSTILE


def composed(letter: Letter, contents: Sequence[bytes] = ()) -> Composed:
    return Composed(letter, contents, STATIONERY)


def wire(letter: Letter = LETTER, contents: Sequence[bytes] = (), *, name: str = "", opt_out: str = "") -> Wire:
    parcel = Parcel(entry(1), "someone@shop.example", "", letter=letter, name=name, opt_out=opt_out)
    made = composed(letter, contents).addressed(parcel, Mailbox("someone", "shop.example"), at=NOON)
    assert made is not None
    return made


def sent(made: Wire) -> bytes:
    """The octets of the message, as a server stores them."""
    octets = b"".join(made.pieces)
    assert octets.endswith(b"\r\n.\r\n")
    assert octets.find(b"\r\n.\r\n") == len(octets) - 5
    plain = octets[:-3].replace(b"\r\n..", b"\r\n.")
    assert made.size == len(plain)
    assert re.search(rb"(?<!\r)\n|\r(?!\n)|\0", plain) is None
    assert max(map(len, plain.split(b"\r\n"))) <= 998
    return plain


def read(octets: bytes) -> EmailMessage:
    message = email.message_from_bytes(octets, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    assert not part.defects
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(TEXTS, TEXTS)
def test_any_text_and_html_come_back_as_they_were(text: str, html: str) -> None:
    message = read(sent(wire(Letter(key="k", subject="s", html=html, text=text))))
    assert body(message, "plain") == lines(text)
    page = body(message, "html")
    assert page.partition("<body>\n")[2].removesuffix("\n</body></html>") == lines(html)


@given(TEXTS, st.sampled_from(["", LINK]))
def test_any_subject_comes_back_in_one_line_and_begins_no_header(subject: str, link: str) -> None:
    message = read(sent(wire(Letter(key="k", subject=subject, html="h", text="t"), opt_out=link)))
    assert message["subject"] == clean(subject)
    expected = {"From", "Subject", "MIME-Version", "Content-Type", "Auto-Submitted", "To", "Date", "Message-ID"}
    assert set(message.keys()) == expected | ({"List-Unsubscribe", "List-Unsubscribe-Post"} if link else set())


@given(TEXTS)
def test_any_name_comes_back_and_the_address_stays_alone(name: str) -> None:
    octets = sent(wire(Letter(key="k", subject="s", html="h", text="t", sender_name=name), name=name))
    message = read(octets)
    for field, spec in (("to", "someone@shop.example"), ("from", "news@muster.example")):
        assert [one.addr_spec for one in message[field].addresses] == [spec]
        assert shown(octets, field) == clean(name) or not clean(name).strip()


def shown(octets: bytes, field: str) -> str:
    """The display name. The newer parser of the standard library sets blanks between encoded words that have none."""
    value = str(email.message_from_bytes(octets)[field]).replace("\r\n", "")
    return str(make_header(decode_header(parseaddr(value)[0])))


@given(TEXTS.filter(lambda name: bool(clean(name).strip())), st.binary(max_size=3000))
def test_any_file_comes_back_under_its_name(name: str, content: bytes) -> None:
    enclosure = Enclosure(file_name=name, content_type="application/pdf", size=len(content), key="f")
    letter = Letter(key="k", subject="s", html="h", text="t", enclosures=(enclosure, enclosure))
    message = read(sent(wire(letter, [content, content], opt_out=LINK)))
    files = list(message.iter_attachments())
    assert [file.get_content() for file in files] == [content, content]
    # get_filename() takes quotes off that are part of the name.
    assert [file["content-disposition"].params["filename"] for file in files] == [clean(name).strip()] * 2
    assert {file.get_content_type() for file in files} == {"application/pdf"}
    assert body(message, "plain").startswith("t\n")


@pytest.mark.parametrize(
    ("given_type", "sent_type"),
    [
        ("image/png", "image/png"),
        ("TEXT/CSV; charset=utf-8", "text/csv"),
        ("image/png\r\nBcc: x@y.example", "image/png"),
        ("message/rfc822", "application/octet-stream"),
        ("multipart/mixed", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
    ],
)
def test_the_type_of_a_file_is_one_that_can_be_sent(given_type: str, sent_type: str) -> None:
    enclosure = Enclosure(file_name="f", content_type=given_type, size=1, key="f")
    message = read(sent(wire(Letter(key="k", subject="s", html="h", text="t", enclosures=(enclosure,)), [b"1"])))
    file = next(iter(message.iter_attachments()))
    assert file.get_content_type() == sent_type
    assert "Bcc" not in message
    assert "Bcc" not in file


def test_the_way_to_opt_out_stands_in_the_headers_in_the_text_and_in_the_page() -> None:
    letter = Letter(key="k", subject="s", html="<p>h</p>", text="t", footer="You get this as a customer.")
    message = read(sent(wire(letter, opt_out=LINK)))
    assert message["List-Unsubscribe"] == f"<{LINK}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert body(message, "plain") == f"t\n-- \nYou get this as a customer.\nUnsubscribe: {LINK}"
    assert f'<a href="{LINK}">Unsubscribe</a>' in body(message, "html")
    assert "You get this as a customer." in body(message, "html")


def test_without_a_way_to_opt_out_there_is_no_word_of_it() -> None:
    octets = sent(wire(Letter(key="k", subject="s", html="h", text="t", footer="Why you got it.")))
    assert b"nsubscribe" not in octets
    assert body(read(octets), "plain") == "t\n-- \nWhy you got it."


@given(st.text(st.sampled_from("abc.&=%?-/_~"), min_size=1, max_size=800))
def test_any_link_comes_back_whole(path: str) -> None:
    link = f"https://muster.example/u/{path}"
    message = read(sent(wire(opt_out=link)))
    assert message["List-Unsubscribe"] == f"<{link}>"
    assert f"Unsubscribe: {link}" in body(message, "plain").split("\n")
    assert f'href="{link.replace("&", "&amp;")}"' in body(message, "html")


def test_one_composition_serves_many_recipients() -> None:
    letter = composed(LETTER)
    to = Mailbox("a", "b.example")
    first, second = (letter.addressed(Parcel(entry(n), "a@b.example", ""), to, at=NOON) for n in (1, 2))
    assert first is not None
    assert second is not None
    assert all(a is b for a, b in zip(first.pieces[1:], second.pieces[1:], strict=True))


def test_the_message_id_names_the_entry_and_the_attempt() -> None:
    made = composed(LETTER).addressed(
        Parcel(entry(1), "a@b.example", "", attempt=3), Mailbox("a", "b.example"), at=NOON
    )
    assert made is not None
    message = read(sent(made))
    assert message["Message-ID"] == f"<{entry(1)}.3@muster.example>"
    assert message["Date"].datetime == NOON


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "https://a.example/\r\nBcc: x@y.example",
        "https://a.example/<b>",
        "https://ä.example/",
        'https://a/"',
    ],
)
def test_what_is_no_link_makes_no_message(link: str) -> None:
    parcel = Parcel(entry(1), "a@b.example", "", opt_out=link)
    assert composed(LETTER).addressed(parcel, Mailbox("a", "b.example"), at=NOON) is None
