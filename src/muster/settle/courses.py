"""Courses of workflows. A template's version never changes, so the store is asked for each of them once."""

from muster.domain.ids import TemplateVersionId
from muster.domain.workflow import Workflow
from muster.kinds.workflow_batches.journey import Course, course_of
from muster.ports.store.unit import Transaction

REMEMBERED = 256
"""How many versions are remembered; the one that came first is forgotten first."""


class Courses:
    """What each workflow goes through."""

    def __init__(self) -> None:
        self._definitions: dict[TemplateVersionId, str] = {}

    async def of(self, tx: Transaction, workflow: Workflow) -> Course:
        """The course of `workflow`."""
        return course_of(await self._definition(tx, workflow), workflow.payload)

    async def _definition(self, tx: Transaction, workflow: Workflow) -> str | None:
        if workflow.template is None or workflow.template_version is None:
            return None
        known = self._definitions.get(workflow.template_version)
        if known is not None:
            return known
        found = await tx.templates.version(workflow.tenant, workflow.template, workflow.template_version)
        if len(self._definitions) >= REMEMBERED:
            self._definitions.pop(next(iter(self._definitions)), None)
        self._definitions[workflow.template_version] = found.definition
        return found.definition
