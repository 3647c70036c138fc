"""Templates: between the vendor's JSON and ours."""

from collections.abc import Mapping
from types import MappingProxyType

from muster.catalog.templates import TemplateFilter, TemplateText
from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.template import Template, TemplateState
from muster.kinds.workflow_batches import definition
from muster.kinds.workflow_batches.steps import STEPS
from muster.lookup.batches import Usage, UsageKey
from muster.surfaces.workflow_batches.translate.fields import INVALID_VALUE, REQUIRED, Faults, moment
from muster.surfaces.workflow_batches.wire import (
    StepInput,
    TemplateDetail,
    TemplateStats,
    TemplateStep,
    TemplateSummary,
)

STATES = MappingProxyType({state.name: state for state in TemplateState})
"""The vendor's words for our states."""
_PATHS = definition.Paths(
    steps="definition.steps", memo="customerMemo", days="defaultExpiryDays", user="user", preset="preDefined"
)
_NAME_LENGTH = (1, 255)
_DESCRIPTION_LENGTH = (0, 4000)


def read_text(body: dict[str, object]) -> TemplateText:
    """A template as its author sent it. Raises BadInput with every fault."""
    faults = Faults()
    name = faults.a_text(body.get("name"), "name", length=_NAME_LENGTH)
    display_name = faults.a_text(body.get("displayName"), "displayName", length=_NAME_LENGTH)
    if body.get("displayName") is None:
        faults.add("displayName", REQUIRED, "is required")
    description = faults.a_text(body.get("description"), "description", length=_DESCRIPTION_LENGTH)
    made_of = faults.an_object(body.get("definition"), "definition")
    found = None
    if made_of is not None:
        draft = definition.Draft(
            steps=made_of.get("steps"), memo=body.get("customerMemo"), days=body.get("defaultExpiryDays")
        )
        found, wrong = definition.check(draft, _PATHS)
        faults.extend(wrong)
    faults.refuse()
    return TemplateText(
        name=name,
        display_name=display_name or "",
        description=description or "",
        definition=definition.write(found) if found else "",
    )


def read_state(value: object, path: str) -> TemplateState:
    """The state that a body or a query names. Raises BadInput."""
    state = STATES.get(value) if isinstance(value, str) else None
    if state is None:
        code = REQUIRED if value is None else INVALID_VALUE
        raise BadInput("Request validation failed", [Fault(path, code, f"must be one of {', '.join(STATES)}")])
    return state


def read_status(status: str | None) -> TemplateState | None:
    """The state a query names, if it names one. Raises BadInput."""
    return None if status is None else read_state(status, "status")


def a_filter(state: TemplateState | None, search: str | None, *, newest_first: bool) -> TemplateFilter:
    """Which templates a query asks for."""
    return TemplateFilter(state=state, text=(search or "").replace("\x00", ""), newest_first=newest_first)


def detail(template: Template, stats: TemplateStats) -> TemplateDetail:
    """One version of a template as the vendor shows it."""
    made_of = definition.read(template.definition)
    return TemplateDetail(
        template_id=str(template.id),
        template_version_id=str(template.version_id),
        version=template.version,
        name=template.name,
        display_name=template.display_name,
        description=template.description or None,
        customer_memo=made_of.memo or None,
        default_expiry_days=made_of.days,
        state=template.state.name,
        stats=stats,
        steps=[
            TemplateStep(
                name=setting.name,
                display_name=STEPS[setting.name].title,
                description=STEPS[setting.name].about,
                input=StepInput(user=setting.user, pre_defined=setting.preset),
            )
            for setting in made_of.steps
        ],
    )


def summary(template: Template, stats: TemplateStats) -> TemplateSummary:
    """A template in a list as the vendor shows it."""
    return TemplateSummary(
        template_id=str(template.id),
        template_version_id=str(template.version_id),
        name=template.name,
        display_name=template.display_name,
        description=template.description or None,
        number_of_steps=len(definition.read(template.definition).steps),
        created_at=moment(template.created_at),
        stats=stats,
    )


def stats(template: Template, usage: Mapping[UsageKey, Usage]) -> TemplateStats:
    """How often a template was used: in all its versions, and in the one that is shown."""
    every = usage.get((template.id, None), Usage())
    current = usage.get((template.id, template.version_id), Usage())
    return TemplateStats(
        all_versions_active_workflows=every.active,
        all_versions_workflows=every.workflows,
        all_versions_last_executed_at=_when(every),
        current_version_active_workflows=current.active,
        current_version_workflows=current.workflows,
        current_version_last_executed_at=_when(current),
    )


def _when(usage: Usage) -> str | None:
    return None if usage.last_used_at is None else moment(usage.last_used_at)
