"""Which entries of a batch are accepted, and what is said of the rest."""

import json
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.entry import EntryState
from muster.kinds.workflow_batches import entries
from muster.kinds.workflow_batches.definition import Definition, StepSetting, write
from muster.kinds.workflow_batches.entries import Checker, Draft
from tests.kinds.workflow_batches.samples import PAY, REFUND, a_template

OK = {"phoneNumber": "+16475550100"}
UUID = str(uuid4())
PAID = {
    **OK,
    "customerId": UUID,
    "customerFinancialAccountId": UUID,
    "baFinancialAccountId": UUID,
    "amount": "12.50",
}


def faults_of(draft: Draft, definition: Definition = REFUND) -> set[tuple[str, str, str]]:
    (entry,) = entries.validate([draft], a_template(definition))
    assert (entry.state is EntryState.ACCEPTED) == (entry.faults is None)
    return {(f["path"], f["code"], f["part"]) for f in json.loads(entry.faults or "[]")}


def test_a_sound_entry_keeps_all_that_was_sent() -> None:
    (entry,) = entries.validate([Draft("t", 2, "memo", OK)], a_template(REFUND))

    assert (entry.position, entry.state, entry.address) == (0, EntryState.ACCEPTED, "+16475550100")
    stored = entries.read(entry.payload)
    assert (stored.title, stored.hours, stored.memo, stored.parameters) == ("t", 2, "memo", OK)


@pytest.mark.parametrize(
    ("draft", "fault"),
    [
        (Draft(None, None, None, OK), ("title", "REQUIRED", "entry")),
        (Draft("", None, None, OK), ("title", "LENGTH_OUT_OF_RANGE", "entry")),
        (Draft("x" * 256, None, None, OK), ("title", "LENGTH_OUT_OF_RANGE", "entry")),
        (Draft("t", hours=True, parameters=OK), ("hours", "INVALID_TYPE", "entry")),
        (Draft("t", 8761, None, OK), ("hours", "OUT_OF_RANGE", "entry")),
        (Draft("t", None, "x" * 1001, OK), ("memo", "LENGTH_OUT_OF_RANGE", "entry")),
        (Draft("t", None, None, None), ("parameters", "REQUIRED", "entry")),
        (Draft("t", None, None, []), ("parameters", "INVALID_TYPE", "entry")),
        (Draft("t", None, None, {"phoneNumber": None}), ("phoneNumber", "REQUIRED", "parameters")),
        (Draft("t", None, None, {"phoneNumber": "0123"}), ("phoneNumber", "INVALID_FORMAT", "parameters")),
        (Draft("t", None, None, {**OK, "channel": "FAX"}), ("channel", "INVALID_VALUE", "parameters")),
        (Draft("t", None, None, {**OK, "documents": []}), ("documents", "NOT_OVERRIDABLE", "parameters")),
        (Draft("t", None, None, {**OK, "amount": "1"}), ("amount", "UNKNOWN_PARAMETER", "parameters")),
    ],
)
def test_a_fault_is_named_with_its_place(draft: Draft, fault: tuple[str, str, str]) -> None:
    assert faults_of(draft) == {fault}


@pytest.mark.parametrize("phone", ["+1 (647) 555-01.00", "16475550100", "4915112345678"])
def test_phone_numbers_are_taken_as_people_write_them(phone: str) -> None:
    (entry,) = entries.validate([Draft("t", None, None, {"phoneNumber": phone})], a_template(REFUND))

    assert (entry.state, entry.address) == (EntryState.ACCEPTED, phone)


@pytest.mark.parametrize("amount", ["0.01", "999999999999999.99", 5, 5.5, 1.0])
def test_amounts_may_be_texts_or_numbers(amount: object) -> None:
    assert faults_of(Draft("t", None, None, {**PAID, "amount": amount}), PAY) == set()


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("-1", "OUT_OF_RANGE"),
        ("0.00", "OUT_OF_RANGE"),
        (-0.0, "OUT_OF_RANGE"),
        ("1.234", "INVALID_FORMAT"),
        ("1e3", "INVALID_FORMAT"),
        (10**4000, "INVALID_FORMAT"),
        (True, "INVALID_TYPE"),
        ("\uff11", "INVALID_FORMAT"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_other_amounts_are_not(amount: object, code: str) -> None:
    try:
        draft = Draft("t", None, None, {**PAID, "amount": amount})
        assert [f.code for f in Checker(PAY).faults(draft)] == [code]
    except ValueError:
        pytest.fail("a large number must not break the check")


def test_a_wire_needs_a_priority_and_a_description_and_may_have_a_memo() -> None:
    steps = tuple(StepSetting(name=step.name) for step in PAY.steps)
    wire = {**PAID, "transactionType": "SEND", "currency": "USD", "solution": "wire", "memo": "m"}

    assert faults_of(Draft("t", None, None, wire), Definition(steps=steps)) == {
        ("priority", "REQUIRED", "parameters"),
        ("description", "REQUIRED", "parameters"),
    }
    card = {**wire, "solution": "push-to-card"}
    assert faults_of(Draft("t", None, None, card), Definition(steps=steps)) == {("memo", "INVALID_VALUE", "parameters")}


def test_null_is_the_same_as_nothing() -> None:
    given = {"phoneNumber": "+16475550100", "channel": None, "introductoryMessage": None}

    assert faults_of(Draft("t", None, None, given)) == set()


def test_a_memo_that_the_template_sets_leaves_no_solution_but_wire() -> None:
    made_from = Definition(steps=(*PAY.steps[:3], StepSetting(name="move-money", preset={"memo": "m"})))
    given = {**PAID, "transactionType": "SEND", "currency": "USD", "priority": "SAME_DAY", "solution": "ach"}

    assert faults_of(Draft("t", None, None, given), made_from) == {("solution", "INVALID_VALUE", "parameters")}


values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just("+16475550100")
names = st.sampled_from(["phoneNumber", "channel", "amount", "customerId", "memo", "solution", "documents", "foo"])


@given(
    st.lists(st.builds(Draft, values, values, values, values | st.dictionaries(names, values)), max_size=5),
    st.sampled_from([REFUND, PAY]),
)
def test_the_fast_way_and_the_slow_way_agree_and_no_position_is_lost(
    drafts: list[Draft], made_from: Definition
) -> None:
    checker = Checker(made_from)

    found = entries.validate(drafts, a_template(made_from))

    assert [entry.position for entry in found] == list(range(len(drafts)))
    for draft, entry in zip(drafts, found, strict=True):
        assert (checker.phone_if_sound(draft) is not None) == (not checker.faults(draft))
        assert (entry.state is EntryState.ACCEPTED) == (not checker.faults(draft))


def test_a_definition_is_kept_whole() -> None:
    assert json.loads(write(REFUND))["steps"][2]["preset"] == {"financialAccountSubType": "DEBIT"}


@pytest.mark.parametrize("draft", [Draft("a\0", None, None, OK), Draft("t", None, "\0", OK)])
def test_the_character_nul_is_no_part_of_a_text(draft: Draft) -> None:
    assert {code for _, code, _ in faults_of(draft)} == {"INVALID_FORMAT"}


def test_what_is_kept_of_a_rejected_entry_holds_no_nul_for_the_store_to_fall_over() -> None:
    parameters: dict[str, object] = {"phoneNumber": "\0", "a\0": "\0\\u0000\\\0"}

    (entry,) = entries.validate([Draft("t\0", None, None, parameters)], a_template(REFUND))

    assert entry.address == "\ufffd"
    assert "\0" not in entry.address + str(json.loads(entry.payload)) + str(json.loads(entry.faults or ""))
    assert json.loads(entry.payload)["parameters"]["a\ufffd"] == "\ufffd\\u0000\\\ufffd"


def test_an_entry_with_a_thousand_faults_tells_a_hundred() -> None:
    strange: dict[str, object] = {f"p{n}": n for n in range(1000)}

    assert len(faults_of(Draft("t", None, None, {**OK, **strange}))) == 100
