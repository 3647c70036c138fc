"""Reading workflows."""

from collections.abc import Sequence

import msgspec

from muster.domain.ids import TenantId, WorkflowId
from muster.domain.workflow import Notice, Workflow
from muster.kinds.workflow_batches.journey import Course
from muster.ports.store.batches import Page
from muster.ports.store.unit import Store
from muster.ports.store.workflows import WorkflowFilter
from muster.settle.courses import Courses


class Whole(msgspec.Struct, frozen=True):
    """A workflow, and the steps it goes through."""

    workflow: Workflow
    course: Course


class WorkflowLookup:
    """Answers about the workflows of a tenant; changes nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._courses = Courses()

    async def get(self, tenant: TenantId, workflow: WorkflowId) -> Whole:
        """The workflow with its steps. Raises NotFound, for another tenant's too."""
        async with self._store.read() as tx:
            found = await tx.workflows.get(tenant, workflow)
            return Whole(found, await self._courses.of(tx, found))

    async def find(
        self, tenant: TenantId, where: WorkflowFilter, *, order: Sequence[tuple[str, bool]], page: Page
    ) -> tuple[int, Sequence[Workflow]]:
        """How many match in all, and one page. `order`: (field, descending) over created_at expires_at state title."""
        async with self._store.read() as tx:
            return await tx.workflows.find(tenant, where, order=order, page=page)

    async def history(self, tenant: TenantId, workflow: WorkflowId) -> Sequence[Notice]:
        """Every text about the workflow, by serial. Raises NotFound."""
        async with self._store.read() as tx:
            return await tx.workflows.notices(tenant, workflow)
