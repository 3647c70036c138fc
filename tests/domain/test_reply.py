"""What a reply asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.reply import Wish, wish_of


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop",
        " Stop. ",
        "\u201cSTOP\u201d!",
        "STOP\r\n",
        "Unsubscribe",
        "opt-out",
        "ARRÊT",
        "arre\u0302t",
        "désabonner",
        "Baja",
        "\uff33\uff34\uff2f\uff30",
    ],
)
def test_a_word_that_says_stop_is_a_wish_to_hear_nothing_more(text: str) -> None:
    assert wish_of(text) is Wish.STOP


@pytest.mark.parametrize("text", ["START", "unstop", "Alta", "reprendre", "démarrer", "¡START!"])
def test_a_word_that_says_start_is_a_wish_to_hear_again(text: str) -> None:
    assert wish_of(text) is Wish.START


@pytest.mark.parametrize(
    "text", ["", " ", "...", "Thank you", "stop it", "please STOP", "STOPP", "non-stop", "the end", "s t o p", "停止"]
)
def test_anything_but_exactly_one_word_is_no_wish(text: str) -> None:
    assert wish_of(text) is None


@given(st.text(st.characters(categories=["L"]), min_size=1), st.sampled_from(["STOP", "START"]))
def test_a_word_in_a_sentence_is_no_wish(other: str, word: str) -> None:
    assert wish_of(f"x{other} {word}") is None
    assert wish_of(f"{word} {other}x") is None


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert wish_of(text) in {None, Wish.STOP, Wish.START}
