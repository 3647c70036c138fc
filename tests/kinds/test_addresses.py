"""What is an address, and when two are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.kinds.addresses import LONGEST_EMAIL, comparable, is_email


@pytest.mark.parametrize(
    "text",
    [
        "a@b.co",
        "Ann.Lee+news@Mail.Example.COM",
        "o'brien!#$%&*/=?^_`{|}~-@example.com",
        "1@2.example",
        "ü@münchen.de",
        "ann@例え.jp",
        "ann@xn--mnchen-3ya.de",
        f"{'a' * 64}@{'b.' * 126}com",
    ],
)
def test_what_mail_could_go_to_is_an_address(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nope",
        "@",
        "@example.com",
        "ann@",
        "ann@localhost",
        "ann@example..com",
        ".ann@example.com",
        "ann.@example.com",
        "a..b@example.com",
        "ann@-example.com",
        "ann@example-.com",
        "ann@192.0.2.1",
        "ann@[192.0.2.1]",
        '"ann lee"@example.com',
        "Ann <ann@example.com>",
        "ann@example.com,bo@example.com",
        "ann@example.com\n",
        "ann@example.com\r\nBcc: bo@example.com",
        " ann@example.com",
        "ann\0@example.com",
        "ann@exam ple.com",
        "ann@xn--zzzzzz--.de",
        "ä@ünï",
        "ann@münchen\u202e.de",
        f"{'a' * 65}@example.com",
        f"a@{'b.' * 127}com",
        f"ü@{'b' * LONGEST_EMAIL}.com",
    ],
)
def test_what_mail_could_not_go_to_is_none(text: str) -> None:
    assert not is_email(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann@Example.com", "ann@example.COM"),
        (" ann@example.com\t", "ann@example.com"),
        ("ann@MÜNCHEN.de", "ann@xn--mnchen-3ya.de"),
        ("A\u0308nn@example.com", "\u00e4nn@example.com"),
        ("+1 (647) 555-0100", "16475550100"),
    ],
)
def test_two_spellings_of_one_address_compare_equal(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("straße@example.com", "strasse@example.com"),
        ("jo@faß.de", "jo@fass.de"),
        ("İ@example.com", "i@example.com"),
        ("\u0131@example.com", "I@example.com"),
        ("\ufb01@example.com", "fi@example.com"),
        ("\u0430nn@example.com", "ann@example.com"),
    ],
)
def test_addresses_that_only_look_alike_are_two(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


def test_what_is_no_address_is_compared_as_it_is() -> None:
    assert comparable("record-7") == "record-7"
    assert comparable("x@bad domain\u00fc") == "x@bad domain\u00fc"


@given(st.text(max_size=30) | st.emails() | st.from_regex(r"[A-Za-zäÖß.]{1,9}@[a-zäÖß.]{1,9}", fullmatch=True))
def test_comparing_once_more_changes_nothing(text: str) -> None:
    assert comparable(comparable(text)) == comparable(text)


@given(st.text(max_size=400))
def test_any_text_is_one_or_none(text: str) -> None:
    assert is_email(text) in {True, False}
