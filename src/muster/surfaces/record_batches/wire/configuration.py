"""What records are configured with, as it is shown (specification A8.1, A10.1)."""

import msgspec
from msgspec import UNSET, UnsetType

NO_CHANGE = "No Status Change"
"""Stands for the resulting status of an action that leads nowhere."""
RELEVANCE = {1: "Non Rights Relevant", 2: "Rights Relevant"}
NO_DOCUMENT = (0, "None")
SYSTEM_FIELD = -1
"""The indicator of fields that every record has."""


class TemplateRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A template in a list."""

    template_id: int
    template_name: str
    template_group_id: int
    template_group_name: str
    system_indicator_id: int
    process_id: int
    process_name: str | None


class Templates(msgspec.Struct, frozen=True, kw_only=True):
    """The templates of a char type."""

    templates: list[TemplateRow]


class Choice(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A value that can be chosen, and those below it."""

    id: int
    label: str
    xref: str | None
    child_values: list["Choice"]


class Field(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A field of a template. `label` is its key among a record's characteristics."""

    field_name: str
    field_description: str
    label: str
    required: bool
    report_indicator: bool
    max_length: int
    """0: without bound."""
    editable: bool
    data_type: str
    allow_multiple: bool
    sequence_number: int
    group_id: int
    group_name: str
    group_sequence_number: int
    list_of_values: list[Choice]
    system_indicator_id: int
    copy_indicator: bool
    pick_list_source_id: str | UnsetType = UNSET
    pick_list_source_name: str | UnsetType = UNSET
    """Both only among all fields of a char type."""


class Condition(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The field is asked for only while another one has this value."""

    trigger_label: str
    trigger_value: str


class FieldDetail(Field, frozen=True, kw_only=True, rename="camel"):
    """Everything of one field."""

    pick_list_id: str | None
    pick_list_name: str | None
    date_alerts: list[dict[str, str]] = []
    conditional_field: Condition | None = None


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """A template that records of this one can be related to."""

    char_type: int = msgspec.field(name="charTypeID")
    template: int = msgspec.field(name="templateID")
    template_name: str = msgspec.field(name="templateName")
    relevance: int = msgspec.field(name="relRecTypeID")
    relevance_name: str = msgspec.field(name="relRecTypeDescription")


class TemplateDetail(TemplateRow, frozen=True, kw_only=True, rename="camel"):
    """A template with its fields. No relationships listed: all are allowed."""

    fields: list[Field]
    parent_relationships: list[Allowed]
    child_relationships: list[Allowed]


class StatusName(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A status."""

    status_id: int
    status_name: str


class StatusNames(msgspec.Struct, frozen=True, kw_only=True):
    """Where records of a template can stand."""

    statuses: list[StatusName]


class Process(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A workflow."""

    process_id: int
    process_name: str
    sequence_number: int
    description: str


class Processes(msgspec.Struct, frozen=True, kw_only=True):
    """The workflows of a char type's templates."""

    processes: list[Process]


class DraftTemplate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A template of a document."""

    template_id: int
    template_name: str
    template_description: str
    file_name: str


class DraftTemplates(msgspec.Struct, frozen=True, kw_only=True):
    """Documents are not made here, so there are none."""

    templates: list[DraftTemplate] = []


class Action(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A step. `resultingStatus` is the name of a status, or `No Status Change`."""

    action_id: int
    action_name: str
    action_description: str
    is_initial_action: bool
    sequence_number: int
    resulting_status: str


class Actions(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of a workflow."""

    actions: list[Action]


class DocumentOption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which documents an action makes: none."""

    document_option_id: int
    document_option_name: str


class Role(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who may."""

    role_id: int
    role_name: str


class Chained(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An action that follows."""

    process_id: int
    action_id: int


class ActionDetail(Action, frozen=True, kw_only=True, rename="camel"):
    """Everything of one step."""

    update_currency_conversion: bool
    document_option: DocumentOption
    extensions: list[dict[str, str]] = []
    associated_roles: list[Role]
    chained_actions: list[Chained]
    role_notifications: list[dict[str, int]] = []
    party_notifications: list[dict[str, int]] = []


class AvailableAction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An action that can be taken from a status."""

    action_id: int
    action_name: str
    is_initial_action: bool


class StatusRole(Role, frozen=True, kw_only=True, rename="camel"):
    """Who may see a status."""

    status_id: int
    status_name: str


class Status(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where records can stand."""

    status_id: int
    status_name: str
    status_description: str
    is_active: bool
    is_locked: bool
    is_deletable: bool
    sequence_number: int
    available_actions: list[AvailableAction]
    associated_roles: list[StatusRole]


class Statuses(msgspec.Struct, frozen=True, kw_only=True):
    """The statuses of a workflow."""

    statuses: list[Status]
