"""A field's type becomes a sentence for whoever fills it in."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from muster.domain.rule import rules_of


class Colour(StrEnum):
    """Two of them."""

    RED = "red"
    BLUE = "blue"


class Shape(msgspec.Struct, kw_only=True):
    """One field of each sort."""

    name: Annotated[str, Meta(min_length=1, max_length=9)]
    note: str | None = None
    memo: Annotated[str, Meta(max_length=2000)] = ""
    corners: Annotated[int, Meta(ge=0, le=1000)] = 4
    bits: Annotated[int, Meta(ge=8, le=16, multiple_of=8)] = 8
    weight: Annotated[float, Meta(gt=0, le=5000)] | None = None
    least: Annotated[int, Meta(ge=1)] = 1
    filled: bool = False
    colour: Colour = Colour.RED


def test_every_sort_of_field_is_told_in_words() -> None:
    assert {name: rule.takes for name, rule in rules_of(Shape).items()} == {
        "name": "a text of 1 to 9 characters",
        "note": "a text",
        "memo": "a text of 2,000 characters at most",
        "corners": "a whole number from 0 to 1,000",
        "bits": "a whole number from 8 to 16, a multiple of 8",
        "weight": "a number above 0, at most 5,000",
        "least": "a whole number of at least 1",
        "filled": "yes or no",
        "colour": "one of red, blue",
    }


def test_what_is_needed_has_no_default() -> None:
    rules = rules_of(Shape)
    assert [name for name, rule in rules.items() if rule.needed] == ["name"]
    assert (rules["name"].default, rules["corners"].default) == (None, 4)
