"""What the nouns of the record store can tell by themselves."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from muster.domain.records.batch import RecordBatchEnd, end_of
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.money import FinancialPeriod, PeriodState, Rate, rate_on
from muster.domain.records.operation import Denial, Done, Result
from muster.domain.records.process import ACTIVE, Action, Process, Status
from muster.domain.records.template import Template

WELL = Result(group=1, number=1, done=Done.UPDATED)


def failed(denial: Denial) -> Result:
    """An operation that was denied."""
    return Result(group=1, number=2, denial=denial)


def test_a_batch_without_failures_is_complete() -> None:
    assert end_of([WELL, WELL], whole=True) is RecordBatchEnd.COMPLETE


def test_failures_stand_beside_successes_unless_all_or_nothing_was_asked() -> None:
    assert end_of([WELL, failed(Denial.FAULTY)], whole=False) is RecordBatchEnd.COMPLETE


@pytest.mark.parametrize("denial", [Denial.NOT_FOUND, Denial.LOCKED, Denial.NOT_ALLOWED, Denial.ACTION_NOT_AVAILABLE])
def test_what_lies_in_the_state_of_things_cancels_the_whole(denial: Denial) -> None:
    assert end_of([WELL, failed(denial)], whole=True) is RecordBatchEnd.CANCELLED


@pytest.mark.parametrize("denial", [Denial.FAULTY, Denial.UNUSABLE, Denial.BAD_LINK, Denial.BROKEN])
def test_one_operation_that_is_wrong_in_itself_makes_the_whole_errored(denial: Denial) -> None:
    assert end_of([failed(Denial.NOT_FOUND), failed(denial)], whole=True) is RecordBatchEnd.ERRORED


def a_rate(rate: str, since: date, transaction: str = "EUR") -> Rate:
    """A rate to US dollars."""
    return Rate(id=UUID(int=1), company="USD", transaction=transaction, rate=Decimal(rate), since=since)


def test_the_latest_rate_in_force_on_a_day_counts() -> None:
    rates = [a_rate("1.2", date(2024, 3, 1)), a_rate("1.1", date(2024, 1, 1)), a_rate("9", date(2024, 1, 5), "GBP")]
    assert rate_on(rates, company="USD", transaction="EUR", day=date(2024, 2, 29)) == Decimal("1.1")
    assert rate_on(rates, company="USD", transaction="EUR", day=date(2024, 3, 1)) == Decimal("1.2")
    assert rate_on(rates, company="USD", transaction="EUR", day=date(2023, 12, 31)) is None


def test_within_one_currency_the_rate_is_one() -> None:
    assert rate_on([], company="USD", transaction="USD", day=date(2024, 1, 1)) == 1


def test_a_period_is_in_the_future_then_open_and_closed_for_good() -> None:
    period = FinancialPeriod(id=1, year=2024, period=2, start=date(2024, 2, 1), end=date(2024, 2, 29))
    assert period.state(date(2024, 1, 31)) is PeriodState.FUTURE
    assert period.state(date(2024, 2, 1)) is PeriodState.OPEN
    assert period.state(date(2025, 1, 1)) is PeriodState.OPEN
    closed = FinancialPeriod(id=1, year=2024, period=2, start=date(2024, 2, 1), end=date(2024, 2, 29), closed=True)
    assert closed.state(date(2024, 1, 1)) is PeriodState.CLOSED


def test_records_begin_where_the_first_initial_action_leads() -> None:
    statuses = (Status(id=1, name="Draft"), Status(id=2, name="Open"))
    actions = (
        Action(id=1, name="Nowhere", initial=True, sequence=0),
        Action(id=2, name="Late", initial=True, sequence=2, status=1),
        Action(id=3, name="Early", initial=True, sequence=1, status=2),
    )
    assert Process(id=4, name="P", statuses=statuses, actions=actions).initial_status.name == "Open"


def test_records_of_a_process_without_statuses_are_active() -> None:
    assert Process(id=4, name="P").initial_status == ACTIVE


def test_a_status_that_the_process_knows_no_more_has_no_name() -> None:
    blueprint = Blueprint(
        templates=(Template(char_type=1, id=1, name="Film", process=4),),
        processes=(Process(id=4, name="P", statuses=(Status(id=1, name="Draft"),)),),
    )
    film = blueprint.template_of(1, 1)
    assert blueprint.status_of(film, 1).name == "Draft"
    assert blueprint.status_of(film, 9) == Status(id=9, name="")
    assert blueprint.status_of(None, 1) == ACTIVE
