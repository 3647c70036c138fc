"""What a page asks of a customer, and what the form they send back means."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

import msgspec

from muster.domain.fault import Fault
from muster.kinds.workflow_batches import rules, typed
from muster.kinds.workflow_batches.courses import Answers, Course, record_of
from muster.kinds.workflow_batches.definition import StepSetting
from muster.kinds.workflow_batches.typed import Checked


class AskKind(StrEnum):
    """What a page asks for."""

    CUSTOMER = "customer"
    PROFILE = "profile"
    CARD = "card"
    BANK = "bank"
    DOCUMENT = "document"
    """One document at a time: accept it or not."""
    PAYMENT = "payment"
    """The summary of the payment, to be confirmed."""
    CONFIRMATION = "confirmation"
    """Nothing but a yes: the course asks for nothing else."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a form. The page finds label, hint and autocomplete by `name` without its group."""

    name: str
    """Such as `first_name`; with its group in front where one is asked several times: `mailing.city`, `work.phone`."""
    required: bool = True
    longest: int = 100
    secret: bool = False
    """Never shown again once sent."""
    choices: tuple[str, ...] = ()


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What the step at hand asks. `facts` are what the page shows beside it (document id and group, amount, …).

    DOCUMENT: `document_id document_group number total`. CARD, BANK: `subtype`. PAYMENT: `amount currency direction
    number`, and where known `account description memo priority declined`. A `number` counts from 1 what one step asks
    several times; the page sends it back with the form, as the hidden field `number` (see `is_late`).
    """

    kind: AskKind
    step: int
    fields: tuple[Field, ...] = ()
    facts: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A form that is in order: its values, tidied (`card` numbers without spaces, dates as ISO, e-mail trimmed)."""

    values: dict[str, str]

    def __repr__(self) -> str:
        """Nothing of it: it may hold the number of a card."""
        return "Answer(…)"


FAULT_CODES = (
    "required",
    "too_long",
    "email",
    "date",
    "date_of_birth",
    "phone",
    "choice",
    "card_number",
    "card_expiry",
    "card_expired",
    "routing_number",
    "account_number",
    "characters",
)
"""Every code a form's fault may have; the page has a sentence for each in each language."""

COUNTRIES = (
    *("US", "CA", "MX"),
    *("AR", "AU", "BE", "BR", "CH", "DE", "ES", "FR", "GB", "IE", "IN", "IT", "JP", "NL", "NZ", "PH", "PT", "SE"),
)
"""Countries an address may lie in (ISO 3166-1 alpha-2), the likeliest first."""
WITH_REGION = frozenset({"US", "CA", "MX", "AU", "BR"})
"""Countries whose addresses are not complete without a region."""
CARDS = frozenset({"CREDIT", "DEBIT"})
YES, NO = "yes", "no"

_NAMES = (Field(name="first_name"), Field(name="last_name"), Field(name="email", longest=typed.LONGEST_EMAIL))
_CARD = (
    Field(name="number", longest=40, secret=True),
    Field(name="expires", longest=10, secret=True),
    Field(name="holder"),
)
_BANK = (Field(name="routing", longest=20), Field(name="number", longest=40, secret=True), Field(name="holder"))
_ACCEPTED = (Field(name="accepted", longest=3, choices=(YES, NO)),)
_PERSONAL: Mapping[str, Field] = MappingProxyType(
    {
        "salutation": Field(name="salutation", longest=30),
        "dateOfBirth": Field(name="date_of_birth", longest=10),
    }
)

_Check = Callable[[str, date], Checked]
_CHECKS: Mapping[tuple[AskKind, str], _Check] = MappingProxyType(
    {
        (AskKind.CUSTOMER, "email"): lambda value, _: typed.email(value),
        (AskKind.PROFILE, "date_of_birth"): typed.date_of_birth,
        (AskKind.PROFILE, "phone"): lambda value, _: typed.phone(value),
        (AskKind.CARD, "number"): lambda value, _: typed.card_number(value),
        (AskKind.CARD, "expires"): typed.card_expiry,
        (AskKind.BANK, "routing"): lambda value, _: typed.routing_number(value),
        (AskKind.BANK, "number"): lambda value, _: typed.account_number(value),
    }
)
"""What a field must look like beyond being a text; by kind, and name without its group."""


def ask_of(course: Course, answers: Answers, step: int) -> Ask:
    """What the page asks at `step`, with prefilled nothing: what was answered stands in `answers`."""
    if step >= len(course.steps) or course.steps[step].name not in _ASKS:
        return Ask(kind=AskKind.CONFIRMATION, step=step)
    return _ASKS[course.steps[step].name](course, answers, step)


def read_form(ask: Ask, form: Mapping[str, str], *, today: date) -> tuple[Answer | None, Sequence[Fault]]:
    """The answer a form means, or every fault; a fault's path is the field's name, its code one of FAULT_CODES."""
    values: dict[str, str] = {}
    faults: list[Fault] = []
    for field in ask.fields:
        value, code = _read(ask.kind, field, form.get(field.name, ""), today=today)
        if code is not None:
            faults.append(_fault(field.name, code))
        elif value:
            values[field.name] = value
    faults.extend(_missing_regions(ask, values))
    return (None, faults) if faults else (Answer(values=values), ())


def is_late(ask: Ask, form: Mapping[str, str]) -> bool:
    """Whether the form belongs to an earlier question of the same step (sent twice, or from an old page)."""
    number = form.get("number")
    if ask.kind not in {AskKind.DOCUMENT, AskKind.PAYMENT} or number is None:
        return False
    return number != ask.facts["number"]


def is_refusal(ask: Ask, answer: Answer) -> bool:
    """Whether the answer refuses a document: the customer declines the workflow by it."""
    return ask.kind is AskKind.DOCUMENT and answer.values.get("accepted") != YES


def documents_of(setting: StepSetting) -> Sequence[tuple[str, str]]:
    """Id and group of each document a document-acceptance step asks about, in order."""
    documents = setting.user.get("documents")
    if not rules.is_array(documents):
        return ()
    return [(str(d["documentId"]), str(d["documentGroup"])) for d in documents if rules.is_object(d)]


def responses_to(answers: Answers, step: int) -> Sequence[dict[str, object]]:
    """What was said to the documents of `step` so far, in their order."""
    record = answers.records.get(step)
    responses = record.data.get("documents") if record else None
    return [response for response in responses if rules.is_object(response)] if rules.is_array(responses) else ()


def sum_of(amount: object) -> str:
    """An amount as entries may give it, in full: `5`, `5.5` and `"5.50"` are `5.00`, `5.50` and `5.50`."""
    return f"{Decimal(str(amount)):.2f}"


def priority_of(given: Mapping[str, object]) -> object:
    """How fast the payment with these parameters is; None where they do not say."""
    # A card is always credited at once.
    return "IMMEDIATE" if given.get("solution") == "push-to-card" else given.get("priority")


def _read(kind: AskKind, field: Field, raw: str, *, today: date) -> Checked:
    value, code = typed.text(raw, longest=field.longest)
    if field.choices and value:
        return value, None if value in field.choices else "choice"
    if code is not None:
        return value, code
    if not value:
        return value, "required" if field.required else None
    check = _CHECKS.get((kind, field.name.rpartition(".")[2]))
    return check(value, today) if check else (value, None)


def _missing_regions(ask: Ask, values: Mapping[str, str]) -> Iterator[Fault]:
    for field in ask.fields:
        group, _, name = field.name.rpartition(".")
        if name == "region" and not values.get(field.name) and values.get(f"{group}.country") in WITH_REGION:
            yield _fault(field.name, "required")


def _customer(_course: Course, _answers: Answers, step: int) -> Ask:
    return Ask(kind=AskKind.CUSTOMER, step=step, fields=_NAMES)


def _profile(course: Course, _answers: Answers, step: int) -> Ask:
    return Ask(kind=AskKind.PROFILE, step=step, fields=tuple(_profile_fields(course.steps[step])))


def _profile_fields(setting: StepSetting) -> Iterator[Field]:
    asked = {name: _texts(setting.user.get(name)) for name in ("personalInfo", "addresses", "phoneNumber")}
    yield from (_PERSONAL[name] for name in asked["personalInfo"] if name in _PERSONAL)
    for group in asked["addresses"]:
        yield from _address(group.lower())
    for group in asked["phoneNumber"]:
        yield Field(name=f"{group.lower()}.phone", longest=30)


def _address(group: str) -> Iterator[Field]:
    yield Field(name=f"{group}.line1")
    yield Field(name=f"{group}.line2", required=False)
    yield Field(name=f"{group}.city")
    yield Field(name=f"{group}.region", required=False)
    yield Field(name=f"{group}.postal_code", longest=12)
    yield Field(name=f"{group}.country", longest=2, choices=COUNTRIES)


def _account(course: Course, _answers: Answers, step: int) -> Ask:
    subtype = str(course.parameters.get("financialAccountSubType", ""))
    facts = {"subtype": subtype}
    if subtype in CARDS:
        return Ask(kind=AskKind.CARD, step=step, fields=_CARD, facts=facts)
    return Ask(kind=AskKind.BANK, step=step, fields=_BANK, facts=facts)


def _document(course: Course, answers: Answers, step: int) -> Ask:
    documents = documents_of(course.steps[step])
    done = min(len(responses_to(answers, step)), len(documents) - 1)
    identity, group = documents[done]
    facts = {
        "document_id": identity,
        "document_group": group,
        "number": str(done + 1),
        "total": str(len(documents)),
    }
    return Ask(kind=AskKind.DOCUMENT, step=step, fields=_ACCEPTED, facts=facts)


def _payment(course: Course, answers: Answers, step: int) -> Ask:
    given = course.parameters
    account = record_of(course, answers, "financial-account")
    facts = {
        "amount": sum_of(given["amount"]),
        "currency": given.get("currency"),
        "direction": given.get("transactionType"),
        "account": account.data.get("label") if account else None,
        "description": given.get("description"),
        "memo": given.get("memo"),
        "priority": priority_of(given),
        "declined": answers.declined_code,
        "number": str(answers.tries + 1),
    }
    known = {name: str(fact) for name, fact in facts.items() if fact is not None}
    return Ask(kind=AskKind.PAYMENT, step=step, facts=known)


_ASKS: Mapping[str, Callable[[Course, Answers, int], Ask]] = MappingProxyType(
    {
        "customer-account": _customer,
        "enhance-profile": _profile,
        "financial-account": _account,
        "document-acceptance": _document,
        "move-money": _payment,
    }
)


def _texts(value: object) -> Sequence[str]:
    return [one for one in value if isinstance(one, str)] if rules.is_array(value) else ()


def _fault(path: str, code: str) -> Fault:
    return Fault(path, code, f"{path}: {code}")
