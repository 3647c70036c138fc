"""That every benchmark runs; what it measures at this size means nothing."""

from pathlib import Path

import pytest

from benchmarks.__main__ import SCENARIOS
from benchmarks.figures import Bar, Figure, Result, Size, keep, told

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", sorted(SCENARIOS))
async def test_a_scenario_runs_and_tells_its_numbers(number: int) -> None:
    result = await SCENARIOS[number](Size("quick"))

    assert result.number == number
    assert result.bars
    assert all(bar.measured > 0 for bar in result.bars) or number == 6
    assert any("peak memory" in figure.name for figure in result.figures)


def test_the_page_of_results_shows_what_was_missed(tmp_path: Path) -> None:
    keep(_result(ratio=2.5), tmp_path)

    page = (tmp_path / "README.md").read_text()

    assert "| 1 | accept | against the insert | 2.5 | ≤ 2 | no |" in page


def test_a_new_result_replaces_the_old_one(tmp_path: Path) -> None:
    keep(_result(ratio=2.5), tmp_path)
    keep(_result(ratio=1.5), tmp_path)

    assert "2.5" not in (tmp_path / "README.md").read_text()
    assert "1.5" in "\n".join(told(_result(ratio=1.5)))


def _result(*, ratio: float) -> Result:
    bar = Bar(name="against the insert", measured=ratio, wanted=2, at_most=True)
    figures = (Figure("peak memory", 120, "MiB"),)
    return Result(number=1, name="accept", title="accept", size="normal", bars=(bar,), figures=figures)
