"""Templates, fields and workflows as they are shown."""

from collections.abc import Iterable, Sequence
from typing import TypedDict, TypeVar

from msgspec import UNSET

from muster.domain.errors import NotFound
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.process import Action, Process, Status
from muster.domain.records.template import DataType, Field, Pairing, PickList, Template
from muster.records.values.choices import YES_NO
from muster.surfaces.record_batches.wire import configuration as wire

_MISSING = "Resource Not Found"
_SYSTEM_GROUP = "System"
_Step = TypeVar("_Step", Action, Status)


def _system(label: str, name: str, *, length: int, editable: bool = False) -> Field:
    return Field(
        label=label,
        name=name,
        description=name,
        data_type=DataType.TEXT,
        required=editable,
        editable=editable,
        max_length=length,
        indicator=wire.SYSTEM_FIELD,
        copied=editable,
        group_name=_SYSTEM_GROUP,
    )


SYSTEM_FIELDS = (
    _system("entity_id", "ID", length=50),
    _system("entity_revision_id", "Revision ID", length=50),
    _system("entity_title", "Title", length=500, editable=True),
    _system("entity_template", "Template", length=1000),
    _system("entity_status", "Status", length=1000),
)
"""What every record has, whatever its template."""


def render_templates(blueprint: Blueprint, char_type: int) -> wire.Templates:
    """The templates of a char type, by id."""
    return wire.Templates(templates=[_row(blueprint, one) for one in _templates(blueprint, char_type)])


def render_template(blueprint: Blueprint, template: Template) -> wire.TemplateDetail:
    """A template with everything."""
    row = _row(blueprint, template)
    return wire.TemplateDetail(
        fields=[_field(blueprint, one) for one in (*SYSTEM_FIELDS, *_in_order(template.fields))],
        template_id=row.template_id,
        template_name=row.template_name,
        template_group_id=row.template_group_id,
        template_group_name=row.template_group_name,
        system_indicator_id=row.system_indicator_id,
        process_id=row.process_id,
        process_name=row.process_name,
        parent_relationships=[_allowed(blueprint, one) for one in template.parents],
        child_relationships=[_allowed(blueprint, one) for one in template.children],
    )


def render_field(blueprint: Blueprint, template: Template, label: str) -> wire.FieldDetail:
    """One field of a template. Raises NotFound."""
    field = next((one for one in (*template.fields, *SYSTEM_FIELDS) if one.label == label), None)
    if field is None:
        raise NotFound(_MISSING)
    pick_list = _pick_list(blueprint, field)
    return wire.FieldDetail(
        **_everything(blueprint, field),
        pick_list_id=(pick_list.guid or None) if pick_list else None,
        pick_list_name=pick_list.name if pick_list else None,
        conditional_field=_condition(field),
    )


def render_fields(blueprint: Blueprint, char_type: int) -> list[wire.Field]:
    """Every field of the char type's templates; one that several have is told as the first of them has it."""
    found = {one.label: one for one in SYSTEM_FIELDS}
    for template in _templates(blueprint, char_type):
        for field in _in_order(template.fields):
            found.setdefault(field.label, field)
    return [_field(blueprint, one, with_source=True) for one in found.values()]


def render_status_names(blueprint: Blueprint, template: Template) -> wire.StatusNames:
    """Where the template's records can stand."""
    statuses = _by_sequence(blueprint.process_of(template).statuses)
    return wire.StatusNames(statuses=[wire.StatusName(status_id=one.id, status_name=one.name) for one in statuses])


def render_processes(blueprint: Blueprint, char_type: int) -> wire.Processes:
    """The workflows of the char type's templates."""
    wanted = {template.process for template in _templates(blueprint, char_type)}
    found = sorted((one for one in blueprint.processes if one.id in wanted), key=lambda one: (one.sequence, one.id))
    return wire.Processes(
        processes=[
            wire.Process(
                process_id=one.id, process_name=one.name, sequence_number=one.sequence, description=one.description
            )
            for one in found
        ]
    )


def render_actions(process: Process) -> wire.Actions:
    """The steps of a workflow."""
    return wire.Actions(
        actions=[
            wire.Action(
                action_id=one.id,
                action_name=one.name,
                action_description=one.description,
                is_initial_action=one.initial,
                sequence_number=one.sequence,
                resulting_status=_resulting(process, one),
            )
            for one in _by_sequence(process.actions)
        ]
    )


def render_action(blueprint: Blueprint, process: Process, action: Action) -> wire.ActionDetail:
    """Everything of one step."""
    option, option_name = wire.NO_DOCUMENT
    return wire.ActionDetail(
        action_id=action.id,
        action_name=action.name,
        action_description=action.description,
        is_initial_action=action.initial,
        sequence_number=action.sequence,
        resulting_status=_resulting(process, action),
        update_currency_conversion=action.converts,
        document_option=wire.DocumentOption(document_option_id=option, document_option_name=option_name),
        associated_roles=[
            wire.Role(role_id=number, role_name=name) for number, name in _roles(blueprint, action.roles)
        ],
        chained_actions=[wire.Chained(process_id=one.process, action_id=one.action) for one in action.chained],
    )


def render_statuses(blueprint: Blueprint, process: Process) -> wire.Statuses:
    """Where records of a workflow can stand, and what can be done there."""
    return wire.Statuses(statuses=[_status(blueprint, process, one) for one in _by_sequence(process.statuses)])


def template_of(blueprint: Blueprint, char_type: int, number: int | None) -> Template:
    """The template. Raises NotFound."""
    found = None if number is None else blueprint.template_of(char_type, number)
    if found is None:
        raise NotFound(_MISSING)
    return found


def process_of(blueprint: Blueprint, number: int | None) -> Process:
    """The workflow. Raises NotFound."""
    found = next((one for one in blueprint.processes if one.id == number), None)
    if found is None:
        raise NotFound(_MISSING)
    return found


def action_of(process: Process, number: int | None) -> Action:
    """The step. Raises NotFound."""
    found = None if number is None else process.action_by_id.get(number)
    if found is None:
        raise NotFound(_MISSING)
    return found


def _templates(blueprint: Blueprint, char_type: int) -> Sequence[Template]:
    return sorted((one for one in blueprint.templates if one.char_type == char_type), key=lambda one: one.id)


def _row(blueprint: Blueprint, template: Template) -> wire.TemplateRow:
    return wire.TemplateRow(
        template_id=template.id,
        template_name=template.name,
        template_group_id=template.group,
        template_group_name=template.group_name,
        system_indicator_id=template.indicator,
        process_id=template.process,
        process_name=blueprint.process_of(template).name or None,
    )


def _allowed(blueprint: Blueprint, pairing: Pairing) -> wire.Allowed:
    template = blueprint.template_of(pairing.char_type, pairing.template)
    return wire.Allowed(
        char_type=pairing.char_type,
        template=pairing.template,
        template_name=template.name if template else "",
        relevance=pairing.relevance,
        relevance_name=wire.RELEVANCE.get(pairing.relevance, ""),
    )


def _field(blueprint: Blueprint, field: Field, *, with_source: bool = False) -> wire.Field:
    source = _pick_list(blueprint, field) if with_source else None
    return wire.Field(
        **_everything(blueprint, field),
        pick_list_source_id=source.guid if source and source.guid else UNSET,
        pick_list_source_name=source.name if source else UNSET,
    )


class _Everything(TypedDict):
    """What every form of a field's description holds."""

    field_name: str
    field_description: str
    label: str
    required: bool
    report_indicator: bool
    max_length: int
    editable: bool
    data_type: str
    allow_multiple: bool
    sequence_number: int
    group_id: int
    group_name: str
    group_sequence_number: int
    list_of_values: list[wire.Choice]
    system_indicator_id: int
    copy_indicator: bool


def _everything(blueprint: Blueprint, field: Field) -> _Everything:
    pick_list = _pick_list(blueprint, field)
    return {
        "field_name": field.name,
        "field_description": field.description,
        "label": field.label,
        "required": field.required,
        "report_indicator": field.reported,
        "max_length": field.max_length,
        "editable": field.editable,
        "data_type": field.data_type.value,
        "allow_multiple": field.multiple,
        "sequence_number": field.sequence,
        "group_id": field.group,
        "group_name": field.group_name,
        "group_sequence_number": field.group_sequence,
        "list_of_values": _choices(pick_list) if pick_list else [],
        "system_indicator_id": field.indicator,
        "copy_indicator": field.copied,
    }


def _condition(field: Field) -> wire.Condition | None:
    trigger = field.trigger
    return None if trigger is None else wire.Condition(trigger_label=trigger.label, trigger_value=trigger.value)


def _pick_list(blueprint: Blueprint, field: Field) -> PickList | None:
    if field.pick_list is not None:
        return blueprint.list_by_id.get(field.pick_list)
    return YES_NO if field.data_type is DataType.CHECKBOX else None


def _choices(pick_list: PickList) -> list[wire.Choice]:
    """What can be chosen now, as a tree: those that stand below another are told only there."""
    below = {child for option in pick_list.options for child in option.children}
    tops = (option.id for option in pick_list.options if option.id not in below)
    return _branch(pick_list, tops, above=frozenset())


def _branch(pick_list: PickList, numbers: Iterable[int], *, above: frozenset[int]) -> list[wire.Choice]:
    # `above` keeps a list whose values stand below themselves from going on forever.
    found = (pick_list.by_id.get(number) for number in numbers if number not in above)
    return [
        wire.Choice(
            id=option.id,
            label=option.label,
            xref=option.xref,
            child_values=_branch(pick_list, option.children, above=above | {option.id}),
        )
        for option in found
        if option is not None and option.active
    ]


def _in_order(fields: Sequence[Field]) -> Sequence[Field]:
    return sorted(fields, key=lambda one: (one.group_sequence, one.sequence))


def _by_sequence(steps: Sequence[_Step]) -> Sequence[_Step]:
    return sorted(steps, key=lambda one: (one.sequence, one.id))


def _resulting(process: Process, action: Action) -> str:
    status = None if action.status is None else process.status_by_id.get(action.status)
    return status.name if status else wire.NO_CHANGE


def _roles(blueprint: Blueprint, numbers: Iterable[int]) -> list[tuple[int, str]]:
    found = (blueprint.role_by_id.get(number) for number in numbers)
    return [(one.id, one.name) for one in found if one is not None]


def _status(blueprint: Blueprint, process: Process, status: Status) -> wire.Status:
    actions = (process.action_by_id.get(number) for number in status.actions)
    return wire.Status(
        status_id=status.id,
        status_name=status.name,
        status_description=status.description,
        is_active=status.active,
        is_locked=status.locked,
        is_deletable=status.deletable,
        sequence_number=status.sequence,
        available_actions=[
            wire.AvailableAction(action_id=one.id, action_name=one.name, is_initial_action=one.initial)
            for one in actions
            if one is not None
        ],
        associated_roles=[
            wire.StatusRole(role_id=number, role_name=name, status_id=status.id, status_name=status.name)
            for number, name in _roles(blueprint, status.roles)
        ],
    )
