"""Reading JSON bodies."""

import json
import re
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muster.domain.errors import MalformedBody
from muster.surfaces.bodies import LONGEST_EXPLAINED, decode

texts = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8) | st.sampled_from(
    ['":', '" :', "\\", '\\":', "a :b", "\u00a0", '"', "é"]
)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | texts
)
jsons = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=15
)
objects = st.dictionaries(texts, jsons, max_size=4)
layouts = st.fixed_dictionaries(
    {
        "ensure_ascii": st.booleans(),
        "indent": st.none() | st.integers(0, 3),
        "separators": st.sampled_from([(",", ":"), (", ", ": "), (",", " : "), (",", "\t:\n")]),
        "sort_keys": st.booleans(),
    }
)


@given(objects, layouts, layouts)
def test_two_layouts_of_one_object_are_the_same_request(
    sent: dict[str, object], one: dict[str, object], other: dict[str, object]
) -> None:
    first, second = (decode(json.dumps(sent, **layout).encode()) for layout in (one, other))  # type: ignore[arg-type]

    assert first.content == second.content == sent
    assert first.fingerprint == second.fingerprint


@given(objects, objects)
def test_different_objects_are_different_requests(one: dict[str, object], other: dict[str, object]) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert (decode(json.dumps(one).encode()).fingerprint == decode(json.dumps(other).encode()).fingerprint) == same


@given(sent=objects, key=texts, one=scalars, other=scalars, layout=layouts)
@example(sent={}, key='":', one=1, other=2, layout={})
@example(sent={"a": " :"}, key="b", one=1, other=2, layout={})
def test_a_key_given_twice_is_always_found(
    *, sent: Mapping[str, object], key: str, one: object, other: object, layout: dict[str, object]
) -> None:
    rest = json.dumps({name: value for name, value in sent.items() if name != key}, **layout)[1:-1].strip()  # type: ignore[arg-type]
    colon = layout.get("separators", (",", ":"))[1]  # type: ignore[index]
    pairs = [f"{json.dumps(key)}{colon}{json.dumps(value)}" for value in (one, other)]
    body = "{" + ",".join([pairs[0], *([rest] if rest else []), pairs[1]]) + "}"

    with pytest.raises(MalformedBody, match="stands twice in one object"):
        decode(body.encode())


@given(st.binary(max_size=60))
def test_no_bytes_bring_it_down(raw: bytes) -> None:
    try:
        decode(raw)
    except MalformedBody as refusal:
        assert re.fullmatch(r"The (?:body|key) .+", refusal.message, re.DOTALL)  # noqa: PT017 - either outcome is fine


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b" \n", "It is empty."),
        (b'{"a": [1, {"b": 2', "it still lacks }]}"),
        (b'{"a": "b', "It ends inside a string."),
        (b'{"a": 01}', "line 1, column"),
        (b'{\n "a": 1,\n}', "trailing comma"),
        ("{\u200b}".encode(), "zero width space (U+200B) at line 1, column 2"),
        (b'{"a": "\\ud800"}', "incomplete \\u escape"),
    ],
)
def test_the_message_says_what_is_wrong(raw: bytes, words: str) -> None:
    with pytest.raises(MalformedBody) as refusal:
        decode(raw)

    assert words in refusal.value.message


def test_a_long_broken_body_is_refused_without_a_long_search() -> None:
    with pytest.raises(MalformedBody, match="not valid JSON"):
        decode(b'{"a": "' + b"x" * (LONGEST_EXPLAINED + 1))
