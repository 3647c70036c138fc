"""Tokens in links that take a contact off a category."""

from hypothesis import given
from hypothesis import strategies as st

from muster.domain.ids import CategoryNumber, ContactNumber, TenantId
from muster.kinds.notifications.opt_out import Tokens, Wish

KEY = b"a key for links"
WISH = Wish(TenantId(3), ContactNumber(5), CategoryNumber(6))
_numbers = st.integers(0, (1 << 40) - 1)


@given(st.integers(0, (1 << 32) - 1), _numbers, _numbers)
def test_a_token_says_what_it_was_made_of(tenant: int, contact: int, category: int) -> None:
    wish = Wish(TenantId(tenant), ContactNumber(contact), CategoryNumber(category))
    token = Tokens(KEY).of(wish)
    assert len(token) == 40
    assert Tokens(KEY).read(token) == wish


def test_a_token_that_was_changed_anywhere_is_none() -> None:
    token = Tokens(KEY).of(WISH)
    for at, letter in enumerate(token):
        other = "A" if letter != "A" else "B"
        assert Tokens(KEY).read(token[:at] + other + token[at + 1 :]) is None


def test_a_token_under_another_key_is_none() -> None:
    assert Tokens(b"another").read(Tokens(KEY).of(WISH)) is None


@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{40}\n?", fullmatch=True))
def test_what_nobody_was_given_is_none(text: str) -> None:
    assert Tokens(KEY).read(text) is None
