"""A single workflow, or more time for one: from the vendor's body to what intake takes."""

from muster.domain.entry import NewEntry
from muster.domain.errors import NotFound
from muster.domain.ids import TemplateId
from muster.domain.template import Template
from muster.intake.workflows import Order
from muster.kinds.workflow_batches import requests, rules
from muster.kinds.workflow_batches.entries import Draft
from muster.surfaces.workflow_batches.translate.fields import REQUIRED, Faults

_PATHS = requests.Paths(
    title="title",
    hours="expireInHours",
    memo="customerMemo",
    parameters="parameters",
    steps="steps",
    input="inputs",
    user="user",
)
_NAME_LENGTH = (1, 255)
_HOURS = rules.whole(1, rules.MOST_HOURS)


def read_request(body: dict[str, object], template_kind: str) -> Order:
    """The workflow the body asks for. Raises BadInput with every fault that shows without its template."""
    title, steps = body.get("title"), body.get("steps")
    faults = Faults()
    template = _template(body, faults)
    draft = Draft(title, body.get("expireInHours"), body.get("customerMemo"), body.get("parameters"))
    if faults.found:
        faults.extend(requests.faults_without_steps(draft, _PATHS))
    faults.refuse()

    def entry(found: Template | None) -> NewEntry:
        if found is not None:
            return requests.templated(draft, found, _PATHS)
        if template is not None:
            raise NotFound("There is no such template")
        return requests.plain(draft, steps, _PATHS)

    return Order(
        title=title[: rules.TITLE_LENGTH] if isinstance(title, str) else "",
        template=template,
        template_kind=template_kind,
        entry=entry,
    )


def read_hours(body: dict[str, object]) -> int:
    """For how long a workflow is to stand from now on. Raises BadInput."""
    hours = body.get("expireInHours")
    wrong = (REQUIRED, "is required") if hours is None else _HOURS(hours)
    faults = Faults()
    if wrong:
        faults.add("expireInHours", *wrong)
    faults.refuse()
    return hours if isinstance(hours, int) else 0


def _template(body: dict[str, object], faults: Faults) -> TemplateId | str | None:
    """Which template, by id or name; None for a workflow that brings its own steps."""
    given = [name for name in ("templateId", "templateName", "steps") if body.get(name) is not None]
    if not given:
        faults.add("templateId", REQUIRED, "one of templateId, templateName, steps is required")
    for name in given[1:]:
        faults.add(name, "MUTUALLY_EXCLUSIVE", f"cannot stand beside {given[0]}")
    identity = faults.a_uuid(body.get("templateId"), "templateId")
    named = faults.a_text(body.get("templateName"), "templateName", length=_NAME_LENGTH)
    return named if identity is None else TemplateId(identity)
