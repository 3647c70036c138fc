"""A customer's whole way: asked, answered, kept, shown."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.ids import WorkflowId
from muster.kinds.workflow_batches import journey
from muster.kinds.workflow_batches.definition import Definition, StepSetting, write
from muster.kinds.workflow_batches.journey import FAULT_CODES, Answers, Ask, AskKind, Course, StepStatus
from tests.kinds.workflow_batches.samples import EVERYTHING, PAY, REFUND

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TODAY = AT.date()
WORKFLOW = WorkflowId(UUID("5b0e2f7a-0000-4000-8000-000000000001"))
BUSINESS = "0d0c0000-0000-4000-8000-000000000000"
PARAMETERS: Mapping[str, object] = {
    "phoneNumber": "+16475550100",
    "financialAccountSubType": "CHECKING",
    "solution": "ach",
    "priority": "SAME_DAY",
    "baFinancialAccountId": BUSINESS,
    "amount": 12.5,
    "description": "Refund",
}
FORMS: Mapping[AskKind, Mapping[str, str]] = {
    AskKind.CUSTOMER: {"first_name": " Zoë ", "last_name": "Doe", "email": "zoe@Example.com"},
    AskKind.PROFILE: {
        "salutation": "Dr",
        "date_of_birth": "1990-02-28",
        "mailing.line1": "1 Main St",
        "mailing.city": "Toronto",
        "mailing.region": "ON",
        "mailing.postal_code": "M5V 2T6",
        "mailing.country": "CA",
        "work.phone": "+1 647 555 0101",
    },
    AskKind.BANK: {"routing": "12345-003", "number": "9876-54321", "holder": "Zoë Doe"},
    AskKind.CARD: {"number": "4242 4242 4242 4242", "expires": "12/29", "holder": "Zoë Doe"},
    AskKind.DOCUMENT: {"accepted": "yes"},
    AskKind.PAYMENT: {},
    AskKind.CONFIRMATION: {},
}


def a_course(definition: Definition = EVERYTHING, **parameters: object) -> Course:
    payload = {"title": "t", "parameters": {**PARAMETERS, **parameters}}
    return journey.course_of(write(definition), json.dumps(payload))


def go_on(course: Course, answers: Answers, step: int) -> Answers:
    """`answers` after the customer did what `step` asks, as a room above would keep it."""
    ask = journey.ask_of(course, answers, step)
    answer, faults = journey.read_form(ask, FORMS[ask.kind], today=TODAY)
    assert not faults
    assert answer is not None
    if ask.kind in {AskKind.BANK, AskKind.CARD}:
        return journey.with_account(answers, step, workflow=WORKFLOW, label="Bank •••• 4321", at=AT)
    if ask.kind is AskKind.PAYMENT:
        ordered = journey.with_order(answers, step, at=AT)
        return journey.with_payment(ordered, step, reference="ref-1", at=AT)
    return journey.answered(answers, ask, answer, workflow=WORKFLOW, at=AT)


def faults_of(ask: Ask, form: Mapping[str, str]) -> set[tuple[str, str]]:
    answer, faults = journey.read_form(ask, form, today=TODAY)
    assert (answer is None) == bool(faults)
    return {(fault.path, fault.code) for fault in faults}


def test_a_customer_is_asked_each_step_once_and_each_document_singly() -> None:
    course, answers = a_course(), Answers()
    step, asked = journey.first_step(course), list[tuple[AskKind, int]]()
    while step < len(course.steps):
        asked.append((journey.ask_of(course, answers, step).kind, step))
        answers = go_on(course, answers, step)
        step = journey.step_after(course, answers, step)

    kinds = [AskKind.CUSTOMER, AskKind.PROFILE, AskKind.BANK, AskKind.DOCUMENT, AskKind.DOCUMENT, AskKind.PAYMENT]
    assert asked == list(zip(kinds, [1, 2, 3, 4, 4, 5], strict=True))


def test_every_step_shows_what_it_takes_and_what_came_of_it() -> None:
    course, answers = a_course(), Answers()
    for step in (1, 2, 3, 4, 4, 5):
        answers = go_on(course, answers, step)

    views = journey.step_views(course, answers, workflow=WORKFLOW, step=6, declined=False)

    assert [view.status for view in views] == [StepStatus.COMPLETED] * 6
    shown = {view.name: view.data for view in views}
    assert shown["notification"] == {"phoneNumber": "+16475550100", "channel": "SMS"}
    assert shown["customer-account"] == {
        "customer": str(journey.customer_id(WORKFLOW)),
        "first_name": "Zoë",
        "last_name": "Doe",
        "email": "zoe@example.com",
    }
    assert shown["enhance-profile"]["asked"] == EVERYTHING.steps[2].user
    assert shown["enhance-profile"]["answers"] == {
        "salutation": "Dr",
        "date_of_birth": "1990-02-28",
        "mailing": {
            "line1": "1 Main St",
            "city": "Toronto",
            "region": "ON",
            "postal_code": "M5V 2T6",
            "country": "CA",
        },
        "work": {"phone": "+16475550101"},
    }
    assert shown["financial-account"] == {
        "financialAccountSubType": "CHECKING",
        "account": str(journey.account_id(WORKFLOW)),
        "label": "Bank •••• 4321",
    }
    at = AT.isoformat()
    assert shown["document-acceptance"] == {
        "documents": [
            {"documentId": "terms", "documentGroup": "ours", "accepted": True, "respondedAt": at},
            {"documentId": "privacy", "documentGroup": "theirs", "accepted": True, "respondedAt": at},
        ]
    }
    assert shown["move-money"] == {
        "transactionType": "SEND",
        "solution": "ach",
        "baFinancialAccountId": BUSINESS,
        "currency": "USD",
        "amount": "12.5",
        "priority": "SAME_DAY",
        "description": "Refund",
        "reference": "ref-1",
    }


def test_steps_before_are_completed_the_one_at_hand_is_active_the_others_wait() -> None:
    statuses = {
        declined: [
            view.status.value
            for view in journey.step_views(a_course(REFUND), Answers(), workflow=WORKFLOW, step=1, declined=declined)
        ]
        for declined in (False, True)
    }

    assert statuses == {False: ["completed", "active", "created"], True: ["completed", "declined", "created"]}


def test_steps_that_look_something_up_show_what() -> None:
    course = a_course(PAY, customerId=BUSINESS, customerFinancialAccountId=BUSINESS)

    views = journey.step_views(course, Answers(), workflow=WORKFLOW, step=3, declined=False)

    assert [view.data for view in views[1:3]] == [{"customerId": BUSINESS}, {"customerFinancialAccountId": BUSINESS}]
    assert len({view.id for view in views}) == 4
    again = journey.step_views(course, Answers(), workflow=WORKFLOW, step=4, declined=False)
    assert [view.id for view in again] == [view.id for view in views]


def test_documents_not_yet_asked_about_are_shown_without_an_answer() -> None:
    answers = go_on(a_course(), Answers(), 4)

    view = journey.step_views(a_course(), answers, workflow=WORKFLOW, step=4, declined=False)[4]

    documents = view.data["documents"]
    assert isinstance(documents, list)
    assert [document["accepted"] for document in documents] == [True, None]
    assert journey.ask_of(a_course(), answers, 4).facts == {
        "document_id": "privacy",
        "document_group": "theirs",
        "number": "2",
        "total": "2",
    }


def test_a_document_that_is_refused_is_a_refusal() -> None:
    ask = journey.ask_of(a_course(), Answers(), 4)
    answer, _ = journey.read_form(ask, {"accepted": "no"}, today=TODAY)
    assert answer is not None

    answers = journey.answered(Answers(), ask, answer, workflow=WORKFLOW, at=AT)

    assert journey.is_refusal(ask, answer)
    assert answers.records[4].status is StepStatus.DECLINED


def test_a_form_for_a_document_that_was_answered_is_late() -> None:
    course = a_course()
    second = journey.ask_of(course, go_on(course, Answers(), 4), 4)

    assert journey.is_late(second, {"accepted": "yes", "number": "1"})
    assert not journey.is_late(second, {"accepted": "yes", "number": "2"})
    assert not journey.is_late(second, {"accepted": "yes"})
    assert not journey.is_late(journey.ask_of(course, Answers(), 3), {"number": "1"})


@pytest.mark.parametrize(
    ("subtype", "kind"),
    [("CHECKING", AskKind.BANK), ("SAVING", AskKind.BANK), ("CREDIT", AskKind.CARD), ("DEBIT", AskKind.CARD)],
)
def test_the_subtype_decides_between_card_and_bank(subtype: str, kind: AskKind) -> None:
    ask = journey.ask_of(a_course(financialAccountSubType=subtype), Answers(), 3)

    assert (ask.kind, ask.facts) == (kind, {"subtype": subtype})
    assert next(field.name for field in ask.fields if field.secret) == "number"


def test_a_payment_is_summed_up_before_it_is_confirmed() -> None:
    course = a_course()
    answers = go_on(course, Answers(), 3)

    assert journey.ask_of(course, answers, 5).facts == {
        "amount": "12.50",
        "currency": "USD",
        "direction": "SEND",
        "account": "Bank •••• 4321",
        "description": "Refund",
        "priority": "SAME_DAY",
        "number": "1",
    }


def test_each_try_of_a_payment_has_a_key_of_its_own() -> None:
    course = a_course()
    first = journey.with_order(go_on(course, Answers(), 3), 5, at=AT)
    declined = journey.with_decline(first, 5, code="insufficient_funds", at=AT)
    second = journey.with_order(declined, 5, at=AT)

    orders = [journey.order_of(course, answers, WORKFLOW) for answers in (first, declined, second)]

    assert [order and order.key for order in orders] == [f"{WORKFLOW}.1", f"{WORKFLOW}.1", f"{WORKFLOW}.2"]
    assert journey.ask_of(course, declined, 5).facts["declined"] == "insufficient_funds"
    assert second.declined_code is None


def test_another_account_is_not_blamed_for_the_payment_that_was_declined() -> None:
    course = a_course()
    ordered = journey.with_order(go_on(course, Answers(), 3), 5, at=AT)
    declined = journey.with_decline(ordered, 5, code="insufficient_funds", at=AT)

    assert "declined" not in journey.ask_of(course, go_on(course, declined, 3), 5).facts


def test_what_goes_to_a_card_is_there_at_once_whatever_the_request_says() -> None:
    course = a_course(solution="push-to-card", priority="NEXT_DAY")
    answers = go_on(course, Answers(), 3)

    order = journey.order_of(course, answers, WORKFLOW)
    assert (order and order.priority, journey.ask_of(course, answers, 5).facts["priority"]) == ("IMMEDIATE",) * 2


def test_an_answer_that_was_not_offered_is_a_choice_to_be_made_however_long_it_is() -> None:
    ask = journey.ask_of(a_course(), Answers(), 4)

    assert faults_of(ask, {"accepted": "perhaps"}) == {("accepted", "choice")}


def test_an_order_names_both_accounts_and_the_sum_in_full() -> None:
    course = a_course(solution="push-to-card")

    order = journey.order_of(course, journey.with_order(go_on(course, Answers(), 3), 5, at=AT), WORKFLOW)

    assert order is not None
    assert (order.account, order.business_account) == (journey.account_id(WORKFLOW), BUSINESS)
    assert (order.amount, order.currency, order.direction, order.priority) == ("12.50", "USD", "SEND", "IMMEDIATE")
    assert journey.order_of(a_course(REFUND), Answers(), WORKFLOW) is None


def test_every_fault_of_a_form_is_named_with_its_field() -> None:
    course = a_course()
    customer, profile, bank = (journey.ask_of(course, Answers(), step) for step in (1, 2, 3))

    assert faults_of(customer, {"first_name": "x" * 101, "last_name": " ", "email": "zoe"}) == {
        ("first_name", "too_long"),
        ("last_name", "required"),
        ("email", "email"),
    }
    form = {**FORMS[AskKind.PROFILE], "mailing.country": "XX", "date_of_birth": "soon", "work.phone": "1"}
    assert faults_of(profile, form) == {
        ("mailing.country", "choice"),
        ("date_of_birth", "date"),
        ("work.phone", "phone"),
    }
    assert faults_of(bank, {"routing": "1", "number": "1", "holder": "a\0"}) == {
        ("routing", "routing_number"),
        ("number", "account_number"),
        ("holder", "characters"),
    }


@pytest.mark.parametrize(("country", "complete"), [("CA", False), ("US", False), ("FR", True), ("GB", True)])
def test_a_region_is_needed_where_addresses_have_one(country: str, complete: bool) -> None:  # noqa: FBT001
    ask = journey.ask_of(a_course(), Answers(), 2)
    form = {**FORMS[AskKind.PROFILE], "mailing.country": country, "mailing.region": ""}

    assert faults_of(ask, form) == (set() if complete else {("mailing.region", "required")})


def test_name_and_profile_are_ready_for_the_register() -> None:
    course = a_course()
    customer, _ = journey.read_form(journey.ask_of(course, Answers(), 1), FORMS[AskKind.CUSTOMER], today=TODAY)
    profile, _ = journey.read_form(journey.ask_of(course, Answers(), 2), FORMS[AskKind.PROFILE], today=TODAY)
    assert customer is not None
    assert profile is not None

    assert journey.full_name(customer) == "Zoë Doe"
    assert json.loads(journey.profile_of(profile))["mailing"]["city"] == "Toronto"


def test_a_course_without_questions_asks_for_a_yes() -> None:
    course = a_course(Definition(steps=(StepSetting(name="notification"), StepSetting(name="lookup-profile"))))
    ask = journey.ask_of(course, Answers(), 2)

    assert ask == Ask(kind=AskKind.CONFIRMATION, step=2)
    answer, faults = journey.read_form(ask, {}, today=TODAY)
    assert answer is not None
    assert not faults
    assert journey.answered(Answers(), ask, answer, workflow=WORKFLOW, at=AT) == Answers()


fields = st.sampled_from(sorted({name for form in FORMS.values() for name in form} | {"foo"}))


@given(st.sampled_from([1, 2, 3, 4, 5, 6]), st.dictionaries(fields, st.text()), st.dates(date(2000, 1, 1)))
def test_whatever_comes_back_is_an_answer_or_faults_with_known_codes(
    step: int, form: dict[str, str], today: date
) -> None:
    ask = journey.ask_of(a_course(), Answers(), step)

    answer, faults = journey.read_form(ask, form, today=today)

    assert (answer is None) == bool(faults)
    assert {fault.path for fault in faults} <= {field.name for field in ask.fields}
    assert {fault.code for fault in faults} <= set(FAULT_CODES)
    if answer is not None:
        assert journey.read_form(ask, answer.values, today=today) == (answer, ())


# Long, and without zeros: an id may hold a short run of digits by chance.
accounts = st.from_regex(r"[1-9]{12,17}", fullmatch=True)


@given(st.sampled_from(["CHECKING", "DEBIT"]), accounts, st.sampled_from(["4242424242424242", "378282246310005"]))
def test_nothing_kept_shown_or_printed_holds_what_was_typed_in_secret(subtype: str, account: str, card: str) -> None:
    course = a_course(financialAccountSubType=subtype)
    ask = journey.ask_of(course, Answers(), 3)
    form = {**FORMS[ask.kind], "number": card if ask.kind is AskKind.CARD else account}
    answer, _ = journey.read_form(ask, form, today=TODAY)
    assert answer is not None

    answers = journey.answered(Answers(), ask, answer, workflow=WORKFLOW, at=AT)
    answers = journey.with_account(answers, 3, workflow=WORKFLOW, label=f"•••• {account[-4:]}", at=AT)

    views = journey.step_views(course, answers, workflow=WORKFLOW, step=4, declined=False)
    seen = journey.write_answers(answers) + repr(views) + repr(answer)
    for field in ask.fields:
        if field.secret:
            assert form[field.name] not in seen
            assert answer.values[field.name] not in seen
