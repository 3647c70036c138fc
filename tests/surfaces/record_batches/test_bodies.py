"""Reading bodies as leniently as the vendor does, and no more."""

import json
from contextlib import suppress
from decimal import Decimal
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.errors import MalformedBody
from muster.surfaces.bodies import is_array, is_object
from muster.surfaces.record_batches.translate.bodies import Fields
from muster.surfaces.record_batches.translate.lenient import DEEPEST, LARGEST_INTEGER, LONGEST_ODD, decode

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
NUMBERS = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | st.decimals(-(10**20), 10**20, places=6)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS | st.sampled_from(["//", "/*", "*/", ",]", ',}"', "\\", '\\"']),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
FILLERS = st.lists(
    st.sampled_from([" ", "\n", "\t", "\r\n", "/**/", '/* "*, */', '// ,]"\n', "/***/", "//\r", "// /*\n", "/* // */"]),
    max_size=3,
).map("".join)


def written(value: object, fill: st.DataObject) -> str:
    """`value` as odd JSON."""

    def gap() -> str:
        return fill.draw(FILLERS)

    def closing(some: object) -> str:
        return fill.draw(st.sampled_from([gap(), f"{gap()},{gap()}"])) if some else gap()

    def rendered(one: object) -> str:
        if is_object(one):
            pairs = [f"{gap()}{text(key)}{gap()}:{rendered(inner)}" for key, inner in one.items()]
            whole = f"{{{','.join(pairs)}{closing(one)}}}"
        elif is_array(one):
            whole = f"[{','.join(rendered(inner) for inner in one)}{closing(one)}]"
        elif isinstance(one, Decimal):
            whole = str(one) if "." in str(one) or "E" in str(one) else f"{one}.0"
        else:
            whole = text(one)
        return f"{gap()}{whole}{gap()}"

    def text(one: object) -> str:
        return json.dumps(one, ensure_ascii=fill.draw(st.booleans()))

    return fill.draw(st.sampled_from(["", "\ufeff"])) + rendered(value)


@given(VALUES, st.data())
def test_comments_trailing_commas_and_spaces_change_nothing(value: object, fill: st.DataObject) -> None:
    assert decode(written(value, fill).encode()) == value


@given(st.binary(max_size=60) | st.text('[]{}",:/*1\\ \n', max_size=40).map(str.encode))
def test_any_bytes_are_either_read_or_refused(raw: bytes) -> None:
    with suppress(MalformedBody):
        decode(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" // nothing",
        b"[,]",
        b"{,}",
        b"[1,,]",
        b"[1,,2]",
        b'{"a":,}',
        b'{"a":1,/**/,}',
        b"1,",
        b"[1 2]",
        b"[1/**/2]",
        b"[1/2]",
        b"[1,\x0c]",
        b"[1,\xc2\xa0]",
        b"/*",
        b"/*/ 1",
        b"1 /* *",
        b'{"a": "b',
        b'"a\\',
        b"{'a': 1}",
        b"{a: 1}",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"01",
        b"1.",
        b"+1",
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\xed\xa0\x80"',
        b'"\\u0000"',
        b'{"\\u0000": 1}',
        b'"\x00"',
        b'"\xff"',
        b"\xff\xfe1\x00",
        b"\xef\xbb\xbf\xef\xbb\xbf1",
        b"1e400",
        b"1e-400",
        b"1e99999999999999999999",
        b"9223372036854775808",
        b"-9223372036854775808",
        b"18446744073709551616",
        b"1" * 5000,
        b"0." + b"1" * 5000,
    ],
)
def test_what_no_reading_makes_sense_of_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedBody, match=r"^Invalid JSON in request body\.$"):
        decode(raw)


def test_of_two_equal_keys_the_last_one_counts() -> None:
    assert decode(b'{"a": 1, "a": 2}') == {"a": 2}


def test_fractions_stay_exact() -> None:
    assert decode(b"[0.1, 10.00, 1e2]") == [Decimal("0.1"), Decimal("10.00"), Decimal("1E+2")]


def test_towers_of_brackets_are_refused() -> None:
    assert decode(b"[" * DEEPEST + b"]" * DEEPEST) is not None

    for depth in (DEEPEST + 2, 500, 100_000):
        with pytest.raises(MalformedBody):
            decode(b"[" * depth + b"]" * depth)


@pytest.mark.parametrize(
    "piece", [b'"\\"', b"/*", b"/**", b"//", b"[", b",", b'""', b"[],", b"\\", b"*/", b'"', b"{\n", b"/"]
)
def test_hostile_text_takes_no_longer_the_more_there_is_of_it(piece: bytes) -> None:
    began = process_time()
    for ending in (b"", b'"', b"\n", b"*/"):
        with pytest.raises(MalformedBody):
            decode(b"[" + piece * (200_000 // len(piece)) + ending)
    assert process_time() - began < 5


def test_a_very_long_body_is_to_be_strict() -> None:
    long = b'["' + b"a" * LONGEST_ODD + b'"]'

    assert decode(long)
    with pytest.raises(MalformedBody):
        decode(long + b"//")


def test_properties_are_found_in_any_case() -> None:
    fields = Fields({"Title": "x", "TEMPLATE": {"TemplateId": "12"}, "title": "y"})

    inner = fields.inner("template")
    assert fields.text("title") == "y"
    assert inner is not None
    assert inner.number("templateId") == 12
