"""The steps a request may consist of, and the parameters each of them takes: tables."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

import msgspec

from muster.kinds.workflow_batches import rules
from muster.kinds.workflow_batches.rules import Rule


class Place(Enum):
    """Where a parameter may be set."""

    TEMPLATE = "template"
    """Only in the template, as what the customer is asked."""
    REQUEST = "request"
    """Only in the entry."""
    EITHER = "either"
    """In the template, or in an entry where the template leaves it open."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter of one step."""

    rule: Rule
    place: Place
    required: bool = False
    """Whether template and entry together must hold it. What depends on another value is in `entries.py`."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step: at which of the six positions it stands, and what it takes."""

    rank: int
    title: str
    about: str
    parameters: Mapping[str, Parameter] = MappingProxyType({})


PHONE = "phoneNumber"
"""In an entry this always means the number that the message goes to."""
_TEXT = rules.text(1, rules.MEMO_LENGTH)
_R, _T, _E = Place.REQUEST, Place.TEMPLATE, Place.EITHER

STEPS: Mapping[str, Step] = MappingProxyType(
    {
        "notification": Step(
            rank=1,
            title="Notification",
            about="Text the link to the customer",
            parameters={
                PHONE: Parameter(rule=rules.phone, place=_R, required=True),
                "channel": Parameter(rule=rules.one_of("SMS"), place=_E),
                "introductoryMessage": Parameter(rule=_TEXT, place=_E),
            },
        ),
        "customer-account": Step(rank=2, title="Customer account", about="Create an account for the customer"),
        "lookup-profile": Step(
            rank=2,
            title="Customer look-up",
            about="Find the customer's account",
            parameters={"customerId": Parameter(rule=rules.uuid, place=_R, required=True)},
        ),
        "enhance-profile": Step(
            rank=3,
            title="Profile",
            about="Ask the customer for more about themselves",
            parameters={
                "personalInfo": Parameter(rule=rules.some_of("salutation", "dateOfBirth"), place=_T),
                "addresses": Parameter(rule=rules.some_of("SHIPPING", "MAILING", "PHYSICAL"), place=_T),
                PHONE: Parameter(rule=rules.some_of("WORK", "HOME"), place=_T),
            },
        ),
        "financial-account": Step(
            rank=4,
            title="Financial account",
            about="Add the customer's bank account or card",
            parameters={
                "financialAccountSubType": Parameter(
                    rule=rules.one_of("CHECKING", "SAVING", "CREDIT", "DEBIT"), place=_E, required=True
                ),
            },
        ),
        "lookup-financial-account": Step(
            rank=4,
            title="Financial account look-up",
            about="Find the customer's bank account or card",
            parameters={"customerFinancialAccountId": Parameter(rule=rules.uuid, place=_R, required=True)},
        ),
        "document-acceptance": Step(
            rank=5,
            title="Documents",
            about="Have the customer accept documents",
            parameters={"documents": Parameter(rule=rules.documents, place=_T, required=True)},
        ),
        "move-money": Step(
            rank=6,
            title="Payment",
            about="Move money to or from the customer's account",
            parameters={
                "transactionType": Parameter(rule=rules.one_of("SEND", "REQUEST"), place=_E, required=True),
                "solution": Parameter(rule=rules.one_of("push-to-card", "ach", "wire"), place=_E, required=True),
                "baFinancialAccountId": Parameter(rule=rules.uuid, place=_R, required=True),
                "currency": Parameter(rule=rules.one_of("USD", "CAD"), place=_E, required=True),
                "amount": Parameter(rule=rules.money, place=_R, required=True),
                "priority": Parameter(rule=rules.one_of("IMMEDIATE", "SAME_DAY", "NEXT_DAY"), place=_E),
                "description": Parameter(rule=_TEXT, place=_E),
                "memo": Parameter(rule=_TEXT, place=_E),
                "paymentReasonId": Parameter(rule=_TEXT, place=_E),
            },
        ),
    }
)
"""Every step by name. Steps of one rank exclude each other; ranks ascend within a template."""

FIRST_STEP = "notification"
CUSTOMER_RANK = 2
ACCOUNT_RANK = 4
ASKS_THE_CUSTOMER = frozenset({"enhance-profile", "document-acceptance"})
"""Steps whose `user` input is compulsory in a template."""

OLD_SPELLINGS: Mapping[str, str] = MappingProxyType({"address": "addresses"})
"""Spellings that are understood beside the proper one."""

TEMPLATE_ONLY = frozenset(
    name for step in STEPS.values() for name, p in step.parameters.items() if p.place is Place.TEMPLATE
) - {PHONE} | frozenset(OLD_SPELLINGS)
"""Names that an entry may never set."""
