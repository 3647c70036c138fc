"""Documents as text: what can be read, and every fault with its place."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from muster.domain.document import MOST_BYTES, form_of, parse
from muster.domain.errors import BadInput, MalformedBody, TooLarge


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"title = 'x'", "a.toml"),
        (b'{"title": "x"}', "a.json"),
        (b'\xef\xbb\xbf {"title": "x"}', "a"),
        (b"\xef\xbb\xbftitle = 'x'", ""),
    ],
)
def test_a_file_is_known_by_its_ending_or_by_how_it_begins(raw: bytes, name: str) -> None:
    assert parse(raw, form_of(name, raw)) == {"title": "x"}


@pytest.mark.parametrize(
    ("raw", "name", "place"),
    [
        (b"a = 1\nb = = 2\n", "a.toml", "line 2, column 5"),
        (b'{"a": 1,\n "b": }', "a.json", "line 2, column 7"),
        (b'{"a": 1, "a": 2}', "a.json", "'a' twice"),
        (b"a = 1\na = 2\n", "a.toml", "line 2"),
        (b"[]", "a.json", "one JSON object"),
        (b'{"a": NaN}', "a.json", "NaN"),
        (b"a = nan", "a.toml", "nan"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "a.json", "cannot be read"),
        (b"\xff\xfea\x00", "a.toml", "byte 0"),
        (b"a = '\xe9'", "a.toml", "byte 5"),
        (b'{"a":' * 100_000, "a.json", "nested too deeply"),
        (b"a = " + b"[" * 100_000, "a.toml", "nested too deeply"),
    ],
)
def test_text_that_cannot_be_read_is_told_with_its_place(raw: bytes, name: str, place: str) -> None:
    with pytest.raises(MalformedBody) as refused:
        parse(raw, form_of(name, raw))
    assert place in refused.value.message


def test_a_huge_file_is_not_even_looked_at() -> None:
    with pytest.raises(TooLarge):
        parse(b"#" * (MOST_BYTES + 1), "toml")


def test_numbers_are_exact() -> None:
    assert parse(b"a = 0.1\nb = 1", "toml") == parse(b'{"a": 0.1, "b": 1}', "json") == {"a": Decimal("0.1"), "b": 1}


def test_faults_call_a_document_what_it_is() -> None:
    with pytest.raises(MalformedBody, match="The blueprint is not JSON"):
        parse(b"{", "json", what="blueprint")


@given(some.binary(max_size=200), some.sampled_from(["a.toml", "a.json", ""]))
def test_whatever_bytes_are_parsed_or_refused(raw: bytes, name: str) -> None:
    with suppress(BadInput):
        parse(raw, form_of(name, raw))
