"""Which step is at hand."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.ids import WorkflowId
from muster.kinds.workflow_batches.definition import Definition, write
from muster.kinds.workflow_batches.journey import (
    Answers,
    Record,
    StepStatus,
    account_id,
    account_of,
    course_of,
    customer_id,
    customer_of,
    first_step,
    next_step,
    read_answers,
    step_after,
    write_answers,
)
from tests.kinds.workflow_batches.samples import EVERYTHING, PAY, REFUND

AT = datetime(2026, 3, 2, tzinfo=UTC)
WORKFLOW = WorkflowId(UUID("5b0e2f7a-0000-4000-8000-000000000001"))
KNOWN = "0d0c0000-0000-4000-8000-000000000000"

plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
values = st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
records = st.builds(
    Record,
    status=st.sampled_from(StepStatus),
    at=st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1)),  # noqa: DTZ001
    data=st.dictionaries(st.text(), values),
)


def test_request_and_template_together_make_the_course() -> None:
    payload = '{"title":"t","parameters":{"phoneNumber":"+16475550100","solution":"ach","memo":null}}'

    course = course_of(write(EVERYTHING), payload)

    assert (course.title, course.memo, course.steps) == ("t", "Hello from us.", EVERYTHING.steps)
    assert course.parameters == {
        "phoneNumber": "+16475550100",
        "solution": "ach",
        "transactionType": "SEND",
        "currency": "USD",
    }


def test_the_memo_of_a_request_wins_even_when_it_is_empty() -> None:
    assert course_of(write(EVERYTHING), '{"title":"t","memo":""}').memo == ""
    assert course_of(write(EVERYTHING), '{"title":"t","memo":"Mine"}').memo == "Mine"


def test_a_plain_workflow_brings_its_course() -> None:
    payload = f'{{"title":"t","definition":{write(REFUND)}}}'

    assert course_of(None, payload).steps == REFUND.steps


@pytest.mark.parametrize(
    ("definition", "stops"), [(REFUND, [1, 2, 3]), (PAY, [3, 4]), (EVERYTHING, [1, 2, 3, 4, 5, 6])]
)
def test_the_customer_is_led_from_question_to_question(definition: Definition, stops: list[int]) -> None:
    course = course_of(write(definition), '{"title":"t"}')
    seen = [first_step(course)]
    while seen[-1] < len(course.steps):
        seen.append(next_step(course, seen[-1]))

    assert seen == stops


def test_a_course_that_asks_nothing_ends_in_a_confirmation() -> None:
    course = course_of(write(Definition(steps=PAY.steps[:3])), '{"title":"t"}')

    assert first_step(course) == 3
    assert step_after(course, Answers(), 3) == 3


def test_a_step_is_left_when_it_is_done() -> None:
    course = course_of(write(REFUND), '{"title":"t"}')
    begun = Answers(records={1: Record(status=StepStatus.ACTIVE, at=AT)})
    done = Answers(records={1: Record(status=StepStatus.COMPLETED, at=AT)})

    assert [step_after(course, answers, 1) for answers in (Answers(), begun, done)] == [1, 1, 2]


@given(st.builds(Answers, records=st.dictionaries(st.integers(0, 20), records), tries=st.integers(0, 99)))
def test_answers_are_read_as_they_were_written(answers: Answers) -> None:
    assert read_answers(write_answers(answers)) == answers


def test_nothing_written_is_nothing_answered() -> None:
    assert read_answers("") == Answers()


def test_customer_and_account_are_those_named_or_those_made_on_the_way() -> None:
    named = course_of(
        write(PAY),
        f'{{"title":"t","parameters":{{"customerId":"{KNOWN}","customerFinancialAccountId":"{KNOWN}"}}}}',
    )
    made = course_of(write(REFUND), '{"title":"t"}')
    done = Answers(records={n: Record(status=StepStatus.COMPLETED, at=AT) for n in (1, 2)})

    assert (customer_of(named, Answers(), WORKFLOW), account_of(named, Answers(), WORKFLOW)) == (UUID(KNOWN),) * 2
    assert (customer_of(made, Answers(), WORKFLOW), account_of(made, Answers(), WORKFLOW)) == (None, None)
    assert customer_of(made, done, WORKFLOW) == customer_id(WORKFLOW)
    assert account_of(made, done, WORKFLOW) == account_id(WORKFLOW)
    assert customer_id(WORKFLOW) != account_id(WORKFLOW)
