"""Which page was asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.errors import BadInput
from muster.surfaces.paging import PageRules

RULES = PageRules(fields={"createdAt": "created_at", "title": "title"}, default=("created_at", True))


def test_nothing_asked_is_the_first_page_newest_first() -> None:
    paging = RULES.read(None, None, [])

    assert (paging.number, paging.size, paging.order) == (1, 30, [("created_at", True)])


def test_page_0_is_page_1() -> None:
    assert RULES.read("0", None, []).number == 1


def test_a_direction_left_out_ascends_and_keys_keep_their_order() -> None:
    assert RULES.read(None, None, ["title", "createdAt,desc"]).order == [("title", False), ("created_at", True)]


@pytest.mark.parametrize("value", ["", "-1", "1.0", "x", "\uff11", " 1", "99999999999999999999", "1_0"])
def test_what_is_no_page_is_refused(value: str) -> None:
    with pytest.raises(BadInput):
        RULES.read(value, None, [])


def test_every_fault_is_named() -> None:
    with pytest.raises(BadInput) as refusal:
        RULES.read("x", "0", ["nothing", "title,UP"])

    assert [fault.path for fault in refusal.value.faults] == ["page", "size", "sort", "sort"]


@given(st.integers(0, 5000), st.integers(1, 1000))
def test_the_pages_hold_every_row_once(total: int, size: int) -> None:
    pages = RULES.read(None, str(size), []).pages(total)

    slices = [RULES.read(str(number), str(size), []).page for number in range(1, pages + 1)]
    rows = [row for one in slices for row in range(one.offset, min(one.offset + one.limit, total))]
    assert rows == list(range(total))
