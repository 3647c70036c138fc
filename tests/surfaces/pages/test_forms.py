"""Reading forms."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.errors import MalformedBody
from muster.surfaces.pages.forms import MOST_FIELDS, decode

texts = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@given(st.dictionaries(texts.filter(bool), texts, max_size=5))
def test_what_a_browser_sends_is_what_is_read(form: dict[str, str]) -> None:
    assert decode(urlencode(form).encode()) == form


@given(st.binary(max_size=100))
def test_whatever_comes_is_read_or_refused(raw: bytes) -> None:
    try:
        fields = decode(raw)
    except MalformedBody:
        return
    assert all(isinstance(value, str) for value in fields.values())


@pytest.mark.parametrize("raw", [b"a=%00", b"a=%ff", b"a=\xc3\xa9", b"&".join([b"a=1"] * (MOST_FIELDS + 1))])
def test_a_form_no_browser_sends_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedBody):
        decode(raw)


def test_of_a_field_that_comes_twice_the_last_counts() -> None:
    assert decode(b"a=1&a=2&b=") == {"a": "2", "b": ""}
