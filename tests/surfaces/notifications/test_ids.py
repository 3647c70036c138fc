"""The vendor's ids are our numbers, spelled."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from muster.surfaces.notifications.translate.ids import GROUPS, beginning, read, spell


@pytest.mark.parametrize(
    ("prefix", "number", "spelled"),
    [
        ("MST", 1, "MST-0000-0000-0001"),
        ("NTC", 6, "NTC-0000-0006"),
        ("MSG", 6_215_1019_0139, "MSG-0000-6215-1019-0139"),
        ("NTS", 829_7123_7123, "NTS-0829-7123-7123"),
    ],
)
def test_numbers_are_spelled_in_groups_of_four(prefix: str, number: int, spelled: str) -> None:
    assert spell(prefix, number) == spelled


@given(some.sampled_from(sorted(GROUPS)), some.data())
def test_what_is_spelled_reads_back(prefix: str, data: some.DataObject) -> None:
    number = data.draw(some.integers(0, 10 ** (4 * GROUPS[prefix]) - 1))

    assert read(prefix, spell(prefix, number)) == number


@pytest.mark.parametrize(
    "text", ["", "MST", "MST-1", "MST-000-000-000", "NTC-0000-0001", "mst-0000-0000-0001", "MST-0000-0000-0001 "]
)
def test_what_is_no_id_of_the_sort_is_no_number(text: str) -> None:
    assert read("MST", text) is None


def test_digits_of_other_scripts_are_none() -> None:
    assert read("NTC", "NTC-0000-000\N{ARABIC-INDIC DIGIT SIX}") is None


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("", (0, 9999_9999)),
        ("NTC-0", (0, 999_9999)),
        ("NTC-0000-0006", (6, 6)),
        ("NTC-12", (1200_0000, 1299_9999)),
        ("NTC-0000-00060", None),
        ("NTCX", None),
    ],
)
def test_the_beginning_of_an_id_is_a_span_of_numbers(text: str, span: tuple[int, int] | None) -> None:
    assert beginning("NTC", text) == span


@given(some.integers(0, 9999_9999), some.integers(0, 13))
def test_the_span_holds_every_number_that_begins_so(number: int, length: int) -> None:
    span = beginning("NTC", spell("NTC", number)[:length])

    assert span is not None
    assert span[0] <= number <= span[1]
