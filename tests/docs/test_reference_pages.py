"""The reference says what the code says: its tables are held against the tables that the code works by."""

import re
import tomllib
from collections.abc import Iterable

from muster.domain.records.amortization import Method
from muster.domain.records.char_types import CHAR_TYPES
from muster.domain.records.operation import Denial, Done, Flaw, FlawKind, Result
from muster.lookup.record_batches import RecordBatchState
from muster.surfaces.record_batches.routes import HANDLERS, segments
from muster.surfaces.record_batches.translate.periods import TEXTS
from muster.surfaces.record_batches.translate.results import (
    STATES,
    flaw_text,
    refusal_of,
    render_results,
    verdict,
)
from muster.surfaces.record_batches.wire import batches, problems
from muster.surfaces.record_batches.wire.batches import METHODS
from muster.surfaces.record_batches.wire.periods import NO_SUCH
from tests.architecture.source import ROOT, SRC

REFERENCE = ROOT / "docs" / "reference"
_FENCED = re.compile(r"```.*?```", re.DOTALL)
PAGE = _FENCED.sub("", (REFERENCE / "record-batches.md").read_text(encoding="utf-8"))
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.splitlines() if line.startswith("|")]
QUOTED = set(re.findall(r"`([^`]+)`", PAGE))
"""Everything that stands there in the form of code."""
_LIMIT = 987_654


def test_every_setting_is_explained_on_its_page() -> None:
    settings = tomllib.loads((SRC / "app" / "defaults.toml").read_text(encoding="utf-8"))
    page = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    assert _missing(settings, set(re.findall(r"`([^`]+)`", page))) == []


def test_every_code_of_a_result_stands_on_the_page() -> None:
    told = [refusal_of(denial) for denial in Denial if denial is not Denial.FAULTY]
    told += [(200, _message(done)) for done in Done]
    codes = [(row[0], row[1].strip("`")) for row in ROWS if len(row) == 3]
    assert [one for one in told if (str(one[0]), one[1]) not in codes] == []


def test_every_rule_that_data_can_break_stands_on_the_page_with_its_key() -> None:
    rows = [(row[0].strip("`"), row[1].strip("`")) for row in ROWS if len(row) == 2]
    assert [kind for kind in FlawKind if _flaw(kind) not in rows] == []


def test_no_code_and_no_rule_stands_on_the_page_that_there_is_not() -> None:
    known = {text for _, text in map(_flaw, FlawKind)}
    assert [row for row in ROWS if row[0].endswith("Validation`") and row[1].strip("`") not in known] == []


def test_every_call_of_the_door_stands_on_the_page() -> None:
    there = {_plain(one) for one in QUOTED}
    calls = [
        _plain(f"{method} {path}")
        for handler in HANDLERS
        if handler not in segments.HANDLERS  # One path for many calls; they stand there one by one.
        for method in handler.http_methods
        for path in handler.paths
    ]
    assert _missing(calls, there) == []


def test_the_words_of_the_door_stand_on_the_page() -> None:
    sentences = [text for name, text in vars(problems).items() if name.isupper() and isinstance(text, str)]
    ends = {STATES[state] for state in RecordBatchState}
    assert _missing([*sentences, *TEXTS.values(), NO_SUCH, *METHODS, *ends, batches.INVALID_RECORD], QUOTED) == []


def test_the_char_types_and_methods_of_amortization_stand_on_the_page() -> None:
    named = {(row[at], row[at + 1]) for row in ROWS if len(row) > 5 for at in (0, 3)}
    assert [one for one in CHAR_TYPES.values() if (str(one.id), f"`{one.path}`") not in named] == []
    assert _missing(Method, QUOTED) == []


def _missing(wanted: Iterable[str], there: set[str]) -> list[str]:
    return sorted(set(wanted) - there)


def _message(done: Done) -> str:
    results = render_results([Result(group=1, number=1, done=done)], groups=(1,), state=RecordBatchState.COMPLETE)
    return results.records["1"][0].message


def _flaw(kind: FlawKind) -> tuple[str, str]:
    """The key and the text, with placeholders as the page has them."""
    flaw = Flaw(kind=kind, label="{label}", name="{name}", limit=_LIMIT)
    key = re.search(r'"Key":"(\w+)"', verdict(Result(group=1, number=0, denial=Denial.FAULTY, flaws=(flaw,))))
    assert key is not None
    return key[1], flaw_text(flaw).replace(str(_LIMIT), "{limit}")


def _plain(call: str) -> str:
    """A call without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", call)
