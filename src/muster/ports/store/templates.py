"""Keeping templates and their versions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from muster.domain.ids import PrincipalId, TemplateId, TemplateVersionId, TenantId
from muster.domain.template import Template, TemplateState
from muster.ports.store.batches import Page


class Templates(Protocol):
    """Templates of a tenant. A deleted one is found by id only, and its name is free."""

    async def add(self, tenant: TenantId, template: Template) -> None:
        """Keep a new template with its first version; raises NameTaken."""
        ...

    async def add_version(self, tenant: TenantId, template: Template) -> None:
        """Keep the next version and make it the current one; raises NotFound."""
        ...

    async def get(self, tenant: TenantId, template: TemplateId) -> Template:
        """The current version; raises NotFound."""
        ...

    async def named(self, tenant: TenantId, kind: str, name: str) -> Template:
        """The current version of the template with exactly this name, deleted ones apart; raises NotFound."""
        ...

    async def version(self, tenant: TenantId, template: TemplateId, version: TemplateVersionId) -> Template:
        """That version; raises NotFound."""
        ...

    async def move(
        self,
        tenant: TenantId,
        template: TemplateId,
        state: TemplateState,
        *,
        expected: TemplateState,
        at: datetime,
        by: PrincipalId | None,
    ) -> bool:
        """Put the template in `state` if it is in `expected`."""
        ...

    async def find(
        self, tenant: TenantId, kind: str, *, state: TemplateState | None, text: str, page: Page
    ) -> tuple[int, Sequence[Template]]:
        """How many match, and one page of their current versions, newest first. `state` None: all but deleted."""
        ...
