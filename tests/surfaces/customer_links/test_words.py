"""What the page says, in every language."""

import re
from datetime import UTC, datetime

import pytest

from muster.journey.answering import ACCOUNT_CODES
from muster.journey.guide import Standing
from muster.kinds.workflow_batches.journey import FAULT_CODES, AskKind, DeclineReason
from muster.surfaces.customer_links.pages import LANGUAGES as FOLDER
from muster.surfaces.pages.words import REGIONS, Voices, read

LANGUAGES = {file.stem: read(file) for file in FOLDER.glob("*.toml")}
NOON = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)


def places(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_says_the_same_things_with_the_same_places(language: str) -> None:
    english, other = LANGUAGES["en"], LANGUAGES[language]

    assert other.keys() == english.keys()
    assert {key for key in english if places(other[key]) != places(english[key])} == set()
    assert all(text.strip() == text != "" for text in other.values())


def test_there_are_words_for_every_fault_question_end_and_reason() -> None:
    english = LANGUAGES["en"]

    assert {f"faults.{code}" for code in (*FAULT_CODES, *ACCOUNT_CODES)} <= english.keys()
    assert {kind for kind in AskKind if not any(key.startswith(f"asks.{kind}.title") for key in english)} == set()
    assert {f"ends.{standing}_title" for standing in Standing if standing is not Standing.ASKING} <= english.keys()
    assert {f"decline.{reason}" for reason in DeclineReason} <= english.keys()


@pytest.mark.parametrize(
    ("wanted", "tag"),
    [
        ("", "en-US"),
        ("de-DE,de;q=0.9", "en-US"),
        ("fr", "fr-CA"),
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr-FR"),
        ("es-AR, en;q=0.5", "es-US"),
        ("de, es;q=0.3, fr;q=0.7", "fr-CA"),
        ("es;q=0, en-GB;q=0.1", "en-GB"),
        ("fr;q=nonsense, es;q=0.2", "es-US"),
        ("*", "en-US"),
        (",;=;,q", "en-US"),
    ],
)
def test_the_most_wanted_language_that_there_is_is_spoken(wanted: str, tag: str) -> None:
    assert Voices(FOLDER).of(wanted).tag == tag


def test_dates_and_money_are_written_as_the_region_does() -> None:
    voices = Voices(FOLDER)
    american, canadian, mexican = (voices.of(tag) for tag in ("en-US", "fr-CA", "es-MX"))

    assert american.moment(NOON).replace("\u202f", " ").replace("\xa0", " ") == "Monday, March 2, 2026, 12:30 PM UTC"
    assert canadian.moment(NOON).replace("\xa0", " ") == "lundi 2 mars 2026 à 12 h 30 UTC"
    assert american.money("1250.5", "USD") == "$1,250.50"
    assert american.money("89.90", "CAD") == "CA$89.90"
    assert canadian.money("1250.5", "CAD").replace("\xa0", " ") == "1 250,50 $"
    assert mexican.countries(("US", "??")) == [("US", "Estados Unidos"), ("??", "??")]


def test_every_region_has_its_language() -> None:
    assert {region[:2] for region in REGIONS.values()} == LANGUAGES.keys()
