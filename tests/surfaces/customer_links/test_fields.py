"""How fields are shown, and how the parts of a date come together."""

from types import MappingProxyType

import pytest

from muster.domain.fault import Fault
from muster.kinds.workflow_batches.journey import Answers, Ask, AskKind, Field, ask_of
from muster.surfaces.customer_links.fields import Control, Entered, groups_of, with_dates
from muster.surfaces.customer_links.pages import LANGUAGES
from muster.surfaces.pages.words import Voices
from tests.fakes.guide import EVERYTHING

ENGLISH = Voices(LANGUAGES).fallback
PROFILE = ask_of(EVERYTHING, Answers(), 2)
CARD = ask_of(EVERYTHING, Answers(), 3)
BIRTHDAY = Ask(kind=AskKind.PROFILE, step=1, fields=(Field(name="date_of_birth", longest=10),))


def controls(ask: Ask, entered: Entered | None = None) -> dict[str, Control]:
    groups = groups_of(ask, ENGLISH, entered or Entered())
    return {control.name: control for group in groups for control in group.controls}


def test_fields_are_grouped_and_the_browser_may_fill_them_in() -> None:
    groups, found = groups_of(PROFILE, ENGLISH), controls(PROFILE)

    assert [group.title for group in groups] == ["", "Mailing address", "At work"]
    assert found["mailing.line1"].autocomplete == "section-mailing address-line1"
    assert found["work.phone"].autocomplete == "work tel"
    assert found["mailing.country"].shape == "list"
    assert ("CA", "Canada") in found["mailing.country"].choices


def test_a_card_is_typed_on_a_keyboard_of_digits() -> None:
    number = controls(CARD)["number"]

    assert (number.label, number.autocomplete, number.keyboard) == ("Card number", "cc-number", "numeric")


def test_what_was_entered_is_shown_again_unless_it_is_secret() -> None:
    form = {"number": "4111", "holder": "Ann"}
    found = controls(CARD, Entered(form=form, faults=[Fault("number", "card_number", "")]))

    assert found["holder"].value == "Ann"
    assert found["number"].value == ""
    assert found["number"].described_by == "f-number-hint f-number-error"


def test_a_fault_nobody_foresaw_still_has_a_sentence() -> None:
    found = controls(CARD, Entered(faults=[Fault("number", "brand_new", "")]))

    assert found["number"].error == "Card number: please check this"


@pytest.mark.parametrize(
    ("day", "month", "year", "expected"),
    [("7", "3", "1985", "1985-03-07"), ("07", "12", "2001", "2001-12-07"), (" 7 ", "3", "", "-03-07")],
)
def test_the_parts_of_a_date_come_together(*, day: str, month: str, year: str, expected: str) -> None:
    form = {"date_of_birth.day": day, "date_of_birth.month": month, "date_of_birth.year": year}

    assert with_dates(BIRTHDAY, form)["date_of_birth"] == expected


def test_a_date_left_empty_stays_empty() -> None:
    form = MappingProxyType({"date_of_birth.day": "", "date_of_birth.month": "", "date_of_birth.year": ""})

    assert "date_of_birth" not in with_dates(BIRTHDAY, form)
