"""The rules a template must follow."""

import pytest

from muster.kinds.workflow_batches.definition import Draft, Paths, check

PATHS = Paths(steps="steps", memo="memo", days="days", user="user", preset="preset")
NOTIFY, NEW, KNOWN = {"name": "notification"}, {"name": "customer-account"}, {"name": "lookup-profile"}
CARD, OLD_CARD = {"name": "financial-account"}, {"name": "lookup-financial-account"}
PROFILE = {"name": "enhance-profile", "input": {"user": {"addresses": ["MAILING"]}}}
PAPERS = {
    "name": "document-acceptance",
    "input": {"user": {"documents": [{"documentId": "policy", "documentGroup": "ours"}]}},
}
MONEY = {"name": "move-money"}


@pytest.mark.parametrize(
    "steps", [[NOTIFY, NEW], [NOTIFY, KNOWN, OLD_CARD, MONEY], [NOTIFY, NEW, PROFILE, CARD, PAPERS, MONEY]]
)
def test_steps_in_their_order_are_taken(steps: list[object]) -> None:
    definition, faults = check(Draft(steps=steps), PATHS)

    assert not faults
    assert definition is not None
    assert [step.name for step in definition.steps] == [step["name"] for step in steps]  # type: ignore[index]


@pytest.mark.parametrize(
    ("steps", "path", "code"),
    [
        ([NEW], "steps[0].name", "INVALID_VALUE"),
        ([NOTIFY], "steps", "REQUIRED"),
        ([NOTIFY, NEW, KNOWN], "steps[2].name", "MUTUALLY_EXCLUSIVE"),
        ([NOTIFY, NEW, NEW], "steps[2].name", "MUTUALLY_EXCLUSIVE"),
        ([NOTIFY, KNOWN, CARD, OLD_CARD], "steps[3].name", "MUTUALLY_EXCLUSIVE"),
        ([NOTIFY, KNOWN, MONEY, CARD], "steps[3].name", "INVALID_VALUE"),
        ([NOTIFY, NEW, MONEY], "steps", "REQUIRED"),
        ([NOTIFY, NEW, OLD_CARD], "steps", "MUTUALLY_EXCLUSIVE"),
    ],
)
def test_steps_that_exclude_need_or_precede_each_other(steps: list[object], path: str, code: str) -> None:
    _, faults = check(Draft(steps=steps), PATHS)

    assert (path, code) in {(fault.path, fault.code) for fault in faults}


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({"preset": {"amount": "1"}}, "preset.amount", "INVALID_VALUE"),
        ({"preset": {"documents": []}}, "preset.documents", "UNKNOWN_PARAMETER"),
        ({"preset": {"currency": "XXX"}}, "preset.currency", "INVALID_VALUE"),
        ({"preset": {"solution": "ach", "memo": "m"}}, "preset.memo", "INVALID_VALUE"),
        ({"preset": []}, "preset", "INVALID_TYPE"),
        ({"user": {"solution": "ach"}}, "user.solution", "INVALID_VALUE"),
    ],
)
def test_a_template_fixes_only_what_may_be_fixed(given: object, path: str, code: str) -> None:
    _, faults = check(Draft(steps=[NOTIFY, KNOWN, CARD, {**MONEY, "input": given}]), PATHS)

    assert [(fault.path, fault.code) for fault in faults] == [(f"steps[3].input.{path}", code)]


@pytest.mark.parametrize("name", ["enhance-profile", "document-acceptance"])
def test_steps_that_ask_the_customer_say_what(name: str) -> None:
    _, faults = check(Draft(steps=[NOTIFY, NEW, {"name": name}]), PATHS)

    assert [(fault.path, fault.code) for fault in faults] == [("steps[2].input.user", "REQUIRED")]


def test_the_old_spelling_of_addresses_is_understood_and_the_proper_one_kept() -> None:
    old = {"name": "enhance-profile", "input": {"user": {"address": ["MAILING"]}}}

    definition, _ = check(Draft(steps=[NOTIFY, NEW, old]), PATHS)

    assert definition is not None
    assert definition.steps[2].user == {"addresses": ["MAILING"]}


def test_both_spellings_of_addresses_at_once_are_refused() -> None:
    both = {"name": "enhance-profile", "input": {"user": {"address": ["MAILING"], "addresses": ["PHYSICAL"]}}}

    _, faults = check(Draft(steps=[NOTIFY, NEW, both]), PATHS)

    assert [(fault.path, fault.code) for fault in faults] == [("steps[2].input.user.address", "MUTUALLY_EXCLUSIVE")]


def test_memo_and_days_have_bounds() -> None:
    _, faults = check(Draft(steps=[NOTIFY, NEW], memo=1, days=0), PATHS)

    assert [(fault.path, fault.code) for fault in faults] == [("memo", "INVALID_TYPE"), ("days", "OUT_OF_RANGE")]


@pytest.mark.parametrize(
    ("documents", "code"),
    [
        ([], "INVALID_VALUE"),
        ([{"documentId": "a"}], "INVALID_VALUE"),
        ([{"documentId": "a", "documentGroup": "x" * 256}], "INVALID_VALUE"),
        ([{"documentId": "a", "documentGroup": "b"}] * 51, "LENGTH_OUT_OF_RANGE"),
    ],
)
def test_documents_are_named_and_few_enough_to_be_read(documents: object, code: str) -> None:
    papers = {**PAPERS, "input": {"user": {"documents": documents}}}

    _, faults = check(Draft(steps=[NOTIFY, NEW, papers]), PATHS)

    assert [(fault.path, fault.code) for fault in faults] == [("steps[2].input.user.documents", code)]
