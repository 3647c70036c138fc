"""The vendor's JSON: the only place where its names stand."""

from typing import Any

import msgspec

PATHS = ("/v1/api-keys", "/v2/linx")
"""Where every path of this door begins."""
BATCHES = "/v2/linx/workflow-batches"
TEMPLATES = "/v2/linx/templates"
WORKFLOWS = "/v2/linx/workflows"
EXCHANGE = "/v1/api-keys/exchange"
LINKS = "/linx"
"""Where links to customers may begin as well."""

MOST_ENTRIES = 10_000
SHORTEST_KEY, LONGEST_KEY = 6, 255
KEY_HEADER = "Idempotency-Key"


class _Camel(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A struct whose fields the vendor writes in camel case."""


class TokenGrant(msgspec.Struct, frozen=True):
    """The answer to an exchange of an API key."""

    access_token: str
    expires_in: int


class FieldProblem(_Camel, frozen=True, kw_only=True):
    """One broken field of a request."""

    path: str
    message: str
    error_code: str


class Problem(_Camel, frozen=True, kw_only=True):
    """The error object."""

    timestamp: str
    trace_id: str
    message: str
    error_code: str
    errors: list[FieldProblem]


class Actor(_Camel, frozen=True, kw_only=True):
    """Who made or changed something."""

    id: str
    type: str


class UseTemplate(_Camel, frozen=True, kw_only=True, omit_defaults=True):
    """Which template: exactly one of the two."""

    template_name: str | None = None
    template_id: str | None = None


class Header(_Camel, frozen=True, kw_only=True, omit_defaults=True):
    """What a new batch says of itself. `requestsInBatch`: 1 to 10000; `idempotencyKey`: 6 to 255 characters."""

    use_template: UseTemplate
    requests_in_batch: int
    idempotency_key: str | None = None


class NewEntry(_Camel, frozen=True, kw_only=True, omit_defaults=True):
    """One request of a new batch."""

    title: str
    parameters: dict[str, Any]
    expiry_in_hours: int | None = None
    customer_memo: str | None = None


class Payload(_Camel, frozen=True, kw_only=True):
    """The entries of a new batch."""

    batch_entries: list[NewEntry]


class NewBatch(_Camel, frozen=True, kw_only=True):
    """The body that makes a batch; for documentation and clients, since the server reads more leniently."""

    header: Header
    payload: Payload


class BatchMade(_Camel, frozen=True, kw_only=True):
    """The answer to a new batch."""

    batch_id: str
    idempotency_key: str


class BatchDetail(_Camel, frozen=True, kw_only=True):
    """One batch."""

    id: str
    status: str
    template_id: str | None
    template_version_id: str | None
    template_version: int | None
    template_display_name: str
    active_requests_count: int
    cancelled_requests_count: int
    completed_requests_count: int
    declined_requests_count: int
    expired_requests_count: int
    failed_requests_count: int
    rejected_requests_count: int
    total_requests_count: int
    created_by: Actor
    created_at: str
    updated_by: Actor
    updated_at: str


class FieldFault(_Camel, frozen=True, kw_only=True):
    """One broken field of an entry."""

    field_name: str
    field_category: str
    code: str
    message: str


class EntryStatus(_Camel, frozen=True, kw_only=True):
    """One entry of a batch."""

    position: int
    title: str | None
    id: str | None
    status: str
    phone_number: str | None
    error_code: str | None
    error_message: str | None
    field_errors: list[FieldFault]


class StepInput(_Camel, frozen=True, kw_only=True):
    """What a step asks the customer, and the values it fixes."""

    user: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    pre_defined: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class NewStep(_Camel, frozen=True, kw_only=True):
    """One step of a new template."""

    name: str
    input: StepInput | None = None


class NewDefinition(_Camel, frozen=True, kw_only=True):
    """The steps of a new template."""

    steps: list[NewStep]


class NewTemplate(_Camel, frozen=True, kw_only=True, omit_defaults=True):
    """The body that makes or updates a template; for documentation and clients."""

    display_name: str
    definition: NewDefinition
    name: str | None = None
    description: str | None = None
    customer_memo: str | None = None
    default_expiry_days: int | None = None


class NewState(_Camel, frozen=True, kw_only=True):
    """The body that moves a template to another state: ACTIVE, SUSPENDED, ARCHIVED or DELETED."""

    state: str


class TemplateStats(_Camel, frozen=True, kw_only=True):
    """How often a template was used."""

    all_versions_active_workflows: int = 0
    all_versions_workflows: int = 0
    all_versions_last_executed_at: str | None = None
    current_version_active_workflows: int = 0
    current_version_workflows: int = 0
    current_version_last_executed_at: str | None = None


class TemplateStep(_Camel, frozen=True, kw_only=True):
    """One step of a template."""

    name: str
    display_name: str
    description: str
    input: StepInput


class TemplateDetail(_Camel, frozen=True, kw_only=True):
    """One version of a template."""

    template_id: str
    template_version_id: str
    version: int
    name: str
    display_name: str
    description: str | None
    customer_memo: str | None
    default_expiry_days: int | None
    state: str
    stats: TemplateStats
    steps: list[TemplateStep]


class TemplateSummary(_Camel, frozen=True, kw_only=True):
    """A template in a list."""

    template_id: str
    template_version_id: str
    name: str
    display_name: str
    description: str | None
    number_of_steps: int
    created_at: str
    stats: TemplateStats


class PlainInputs(_Camel, frozen=True, kw_only=True):
    """What a step of a workflow without a template asks the customer."""

    user: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class PlainStep(_Camel, frozen=True, kw_only=True):
    """One step of a workflow without a template."""

    name: str
    inputs: PlainInputs | None = None


class NewWorkflow(_Camel, frozen=True, kw_only=True, omit_defaults=True):
    """The body that makes a workflow: exactly one of `templateId`, `templateName`, `steps`; for documentation."""

    title: str
    parameters: dict[str, Any]
    template_id: str | None = None
    template_name: str | None = None
    steps: list[PlainStep] | None = None
    customer_memo: str | None = None
    expire_in_hours: int | None = None


class MoreTime(_Camel, frozen=True, kw_only=True):
    """The body that gives a workflow another end: 1 to 8760 hours from now."""

    expire_in_hours: int


class MadeStep(_Camel, frozen=True, kw_only=True):
    """One step of a new workflow."""

    step_name: str
    step_display_name: str
    step_description: str


class WorkflowMade(_Camel, frozen=True, kw_only=True):
    """The answer to a new workflow; the ids of the template are left out where there is none."""

    workflow_id: str
    template_id: str | msgspec.UnsetType = msgspec.UNSET
    template_version_id: str | msgspec.UnsetType = msgspec.UNSET
    steps: list[MadeStep]


class WorkflowSummary(_Camel, frozen=True, kw_only=True):
    """A workflow in a list; the ids of the template are left out where there is none."""

    id: str
    template_id: str | msgspec.UnsetType = msgspec.UNSET
    template_version_id: str | msgspec.UnsetType = msgspec.UNSET
    status: str
    title: str
    expire_at: str
    next_notification_at: str | None
    phone_number: str
    email: str | None


class WorkflowStep(_Camel, frozen=True, kw_only=True):
    """One step of a workflow: its parameters and results in `data`."""

    id: str
    step_name: str
    step_display_name: str
    step_description: str
    data: dict[str, Any]
    status: str


class WorkflowDetail(WorkflowSummary, frozen=True, kw_only=True):
    """One workflow."""

    current_step: int
    steps: list[WorkflowStep]
    completed_at: str | None
    decline_reason: str | None


class Notification(_Camel, frozen=True, kw_only=True):
    """One text about a workflow."""

    serial: int
    channel: str
    origin: str
    notified_by: Actor
    notified_at: str


class _Envelope(_Camel, frozen=True, kw_only=True):
    """What stands around every list."""

    total_elements: int
    total_pages: int
    number: int
    number_of_elements: int
    has_next: bool


class Batches(_Envelope, frozen=True, kw_only=True):
    """A page of batches."""

    content: list[BatchDetail]


class Entries(_Envelope, frozen=True, kw_only=True):
    """A page of entries."""

    content: list[EntryStatus]


class Templates(_Envelope, frozen=True, kw_only=True):
    """A page of templates."""

    content: list[TemplateSummary]


class Workflows(_Envelope, frozen=True, kw_only=True):
    """A page of workflows."""

    content: list[WorkflowSummary]
