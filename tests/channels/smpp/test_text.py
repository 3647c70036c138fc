"""Texts: the alphabets and the cutting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.channels.smpp.text import UCS2, Alphabet, Segments, Style, from_gsm7, gsm7, read, read_header, segment

GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€"
)
STYLES = st.builds(Style, alphabet=st.sampled_from(Alphabet), wide_reference=st.booleans())
TEXTS = st.one_of(
    st.text(st.sampled_from(GSM), max_size=900),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=500),
    st.text(st.sampled_from("aé€😀"), max_size=500),
)


def cut(text: str, style: Style | None = None) -> Segments:
    segments = segment(text, reference=0x1234, style=style or Style())
    assert segments is not None
    return segments


def air_octets(part: bytes, segments: Segments, style: Style) -> float:
    """What a part costs over the air: UCS-2 as it is, the default alphabet in septets behind its header."""
    header = part[0] + 1 if segments.headed else 0
    if segments.data_coding == UCS2:
        return len(part)
    octets = part[header:]
    septets = octets if style.alphabet is Alphabet.GSM7 else gsm7(octets.decode("latin-1"))
    assert septets is not None
    return -(-header * 8 // 7) * 7 / 8 + len(septets) * 7 / 8


@given(TEXTS, STYLES)
def test_the_segments_of_a_text_say_the_text(text: str, style: Style) -> None:
    segments = cut(text, style)
    said = ""
    for number, part in enumerate(segments.parts, 1):
        octets = part
        if segments.headed:
            header, octets = read_header(part)
            assert header is not None
            assert (header.total, header.part) == (len(segments.parts), number)
            assert header.reference == (0x1234 if style.wide_reference else 0x34)
        said += read(octets, segments.data_coding, style.alphabet)
    assert said == text


@given(TEXTS, STYLES)
def test_no_segment_is_longer_than_140_octets(text: str, style: Style) -> None:
    segments = cut(text, style)
    assert all(air_octets(part, segments, style) <= 140 for part in segments.parts)


@given(TEXTS)
def test_each_segment_is_readable_alone(text: str) -> None:
    segments = cut(text)
    for part in segments.parts:
        octets = read_header(part)[1] if segments.headed else part
        if segments.data_coding == UCS2:
            octets.decode("utf-16-be")
        else:
            assert not octets.endswith(b"\x1b")


@given(st.text(st.sampled_from(GSM), max_size=200))
def test_the_default_alphabet_reads_back(text: str) -> None:
    octets = gsm7(text)
    assert octets is not None
    assert from_gsm7(octets) == text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 8, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("ж" * 66 + "😀" + "ж" * 67, 3),
        ("a" * 153 * 255, 255),
    ],
)
def test_a_text_takes_as_many_segments_as_it_must(text: str, count: int) -> None:
    assert len(cut(text).parts) == count


def test_a_wide_reference_costs_one_character_a_segment() -> None:
    style = Style(wide_reference=True)
    assert len(cut("a" * 304, style).parts) == 2
    assert len(cut("a" * 305, style).parts) == 3
    assert len(cut("ж" * 132, style).parts) == 2
    assert len(cut("ж" * 133, style).parts) == 3


def test_a_text_beyond_255_segments_is_none() -> None:
    assert segment("a" * (153 * 255 + 1), reference=1, style=Style()) is None


def test_an_escape_of_the_author_is_not_an_escape_of_the_alphabet() -> None:
    assert gsm7("\x1be") is None


def test_half_a_surrogate_pair_becomes_the_replacement_character() -> None:
    assert read(cut("\ud83d").parts[0], UCS2) == "\ufffd"


def test_latin1_is_used_only_for_what_the_handset_can_show() -> None:
    style = Style(alphabet=Alphabet.LATIN1, data_coding=3)
    assert cut("señor", style) == Segments(("señor".encode("latin-1"),), 3)
    assert cut("©", style).data_coding == UCS2
    assert cut("5 €", style).data_coding == UCS2


@given(st.binary(max_size=60))
def test_a_hostile_header_is_read_without_harm(octets: bytes) -> None:
    header, rest = read_header(octets)
    assert len(rest) < max(len(octets), 1)
    assert header is None or 0 <= header.part <= 255
