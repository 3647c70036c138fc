"""Templates that the tests of this kind use."""

from datetime import UTC, datetime
from uuid import UUID

from muster.domain.ids import TemplateId, TemplateVersionId
from muster.domain.template import Template, TemplateState
from muster.kinds.workflow_batches.definition import Definition, StepSetting, write

REFUND = Definition(
    steps=(
        StepSetting(name="notification"),
        StepSetting(name="customer-account"),
        StepSetting(name="financial-account", preset={"financialAccountSubType": "DEBIT"}),
    )
)
PAY = Definition(
    steps=(
        StepSetting(name="notification"),
        StepSetting(name="lookup-profile"),
        StepSetting(name="lookup-financial-account"),
        StepSetting(
            name="move-money",
            preset={"transactionType": "SEND", "solution": "ach", "currency": "USD", "priority": "SAME_DAY"},
        ),
    )
)
EVERYTHING = Definition(
    memo="Hello from us.",
    days=2,
    steps=(
        StepSetting(name="notification"),
        StepSetting(name="customer-account"),
        StepSetting(
            name="enhance-profile",
            user={
                "personalInfo": ["salutation", "dateOfBirth"],
                "addresses": ["MAILING"],
                "phoneNumber": ["WORK"],
            },
        ),
        StepSetting(name="financial-account"),
        StepSetting(
            name="document-acceptance",
            user={
                "documents": [
                    {"documentId": "terms", "documentGroup": "ours"},
                    {"documentId": "privacy", "documentGroup": "theirs"},
                ]
            },
        ),
        StepSetting(name="move-money", preset={"transactionType": "SEND", "currency": "USD"}),
    ),
)
"""Each step that asks the customer."""


def a_template(definition: Definition = REFUND) -> Template:
    """A template of this definition."""
    made_at = datetime(2026, 3, 2, tzinfo=UTC)
    return Template(
        id=TemplateId(UUID(int=1)),
        version_id=TemplateVersionId(UUID(int=2)),
        version=1,
        kind="workflow_batches",
        name="Refund",
        display_name="Refund",
        description="",
        definition=write(definition),
        state=TemplateState.ACTIVE,
        created_by=None,
        created_at=made_at,
        updated_at=made_at,
    )
