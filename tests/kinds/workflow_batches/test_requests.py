"""Single requests."""

from collections.abc import Mapping

import pytest

from muster.domain.entry import EntryState, NewEntry
from muster.domain.errors import BadInput
from muster.kinds.workflow_batches import entries
from muster.kinds.workflow_batches.definition import Definition
from muster.kinds.workflow_batches.entries import Draft
from muster.kinds.workflow_batches.journey import course_of
from muster.kinds.workflow_batches.requests import Paths, plain, templated
from tests.kinds.workflow_batches.samples import PAY, REFUND, a_template

PATHS = Paths(hours="expireInHours", memo="customerMemo", input="inputs")
OK = {"phoneNumber": "+16475550100"}
UUID = "0d0c0000-0000-4000-8000-000000000000"
NOTIFY, NEW, CARD = {"name": "notification"}, {"name": "customer-account"}, {"name": "financial-account"}
PROFILE = {"name": "enhance-profile", "inputs": {"user": {"address": ["MAILING"]}}}
PAYS = [NOTIFY, {"name": "lookup-profile"}, {"name": "lookup-financial-account"}, {"name": "move-money"}]
MONEY = {
    "customerId": UUID,
    "customerFinancialAccountId": UUID,
    "baFinancialAccountId": UUID,
    "amount": "1.00",
    "currency": "USD",
    "transactionType": "SEND",
    "solution": "push-to-card",
}


def faults_of_plain(steps: object, parameters: object, title: object = "t") -> set[tuple[str, str]]:
    with pytest.raises(BadInput) as refused:
        plain(Draft(title, None, None, parameters), steps, PATHS)
    return {(fault.path, fault.code) for fault in refused.value.faults}


def kept(entry: NewEntry) -> entries.Stored:
    assert (entry.position, entry.state, entry.address, entry.faults) == (0, EntryState.ACCEPTED, "+16475550100", None)
    return entries.read(entry.payload)


def test_a_request_that_follows_a_template_is_one_entry() -> None:
    stored = kept(templated(Draft("t", 4, "memo", OK), a_template(REFUND), PATHS))

    assert (stored.title, stored.hours, stored.memo, stored.parameters, stored.definition) == ("t", 4, "memo", OK, None)


def test_every_fault_of_a_request_is_named_as_its_author_calls_the_fields() -> None:
    with pytest.raises(BadInput) as refused:
        templated(Draft(None, 0, 1, {**OK, "amount": "-1", "solution": "wire"}), a_template(PAY), PATHS)

    assert {(fault.path, fault.code) for fault in refused.value.faults} == {
        ("title", "REQUIRED"),
        ("expireInHours", "OUT_OF_RANGE"),
        ("customerMemo", "INVALID_TYPE"),
        ("parameters.solution", "NOT_OVERRIDABLE"),
        ("parameters.amount", "OUT_OF_RANGE"),
        *((f"parameters.{name}", "REQUIRED") for name in list(MONEY)[:3]),
    }


def test_a_plain_request_keeps_its_steps_with_it() -> None:
    steps: list[dict[str, object]] = [{**NOTIFY}, {**NEW}, {**PROFILE}, {**CARD}]
    parameters = {**OK, "financialAccountSubType": "DEBIT"}

    entry = plain(Draft("t", None, None, parameters), steps, PATHS)

    assert kept(entry).parameters == parameters
    course = course_of(None, entry.payload)
    assert [step.name for step in course.steps] == [step["name"] for step in steps]
    assert course.steps[2].user == {"addresses": ["MAILING"]}


def test_a_plain_request_that_moves_money_brings_all_of_it() -> None:
    assert kept(plain(Draft("t", None, None, {**OK, **MONEY}), PAYS, PATHS)).parameters == {**OK, **MONEY}
    assert faults_of_plain(PAYS, OK) == {(f"parameters.{name}", "REQUIRED") for name in MONEY}
    assert faults_of_plain(PAYS, {**OK, **MONEY, "solution": "ach"}) == {("parameters.priority", "REQUIRED")}


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        (None, ("steps", "REQUIRED")),
        ({}, ("steps", "INVALID_TYPE")),
        ([], ("steps", "LENGTH_OUT_OF_RANGE")),
        ([NOTIFY, {"name": "dance"}], ("steps[1].name", "INVALID_VALUE")),
        ([NOTIFY, 5, NEW], ("steps[1]", "INVALID_TYPE")),
        ([NEW, NOTIFY], ("steps[0].name", "INVALID_VALUE")),
        ([NOTIFY, NEW, {"name": "enhance-profile"}], ("steps[2].inputs.user", "REQUIRED")),
        ([NOTIFY, NEW, {**PROFILE, "inputs": 1}], ("steps[2].inputs", "INVALID_TYPE")),
        (
            [NOTIFY, NEW, {"name": "document-acceptance", "inputs": {"user": {"foo": 1}}}],
            ("steps[2].inputs.user.foo", "UNKNOWN_PARAMETER"),
        ),
    ],
)
def test_faults_of_the_steps_are_named_together_with_the_others(steps: object, fault: tuple[str, str]) -> None:
    found = faults_of_plain(steps, {**OK, "foo": 1}, title="")

    assert {fault, ("title", "LENGTH_OUT_OF_RANGE")} <= found
    assert not any(path.startswith("parameters") for path, _ in found)


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"documents": []}, ("parameters.documents", "INVALID_VALUE")),
        ({"amount": "1"}, ("parameters.amount", "UNKNOWN_PARAMETER")),
        ({"phoneNumber": "x"}, ("parameters.phoneNumber", "INVALID_FORMAT")),
        ({"channel": "FAX"}, ("parameters.channel", "INVALID_VALUE")),
    ],
)
def test_a_plain_request_brings_only_parameters_of_its_steps(
    more: Mapping[str, object], fault: tuple[str, str]
) -> None:
    assert faults_of_plain([NOTIFY, NEW], {**OK, **more}) == {fault}


@pytest.mark.parametrize("parameters", [None, [], "x"])
def test_parameters_are_an_object(parameters: object) -> None:
    assert {path for path, _ in faults_of_plain([NOTIFY, NEW], parameters)} == {"parameters"}


def test_no_more_than_a_hundred_faults_are_told() -> None:
    strange: dict[str, object] = {f"p{n}": n for n in range(1000)}

    assert len(faults_of_plain([NOTIFY, NEW], {**OK, **strange})) == 100
    with pytest.raises(BadInput) as refused:
        templated(Draft("t", None, None, strange), a_template(Definition(steps=REFUND.steps)), PATHS)
    assert len(refused.value.faults) == 100
