"""Templates and their versions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, String, cast, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.errors import Conflict, NameTaken, NotFound
from muster.domain.ids import PrincipalId, TemplateId, TemplateVersionId, TenantId
from muster.domain.template import Template, TemplateState
from muster.ports.store.batches import Page
from muster.stores.bulk import is_sqlite
from muster.stores.tables import template_versions, templates
from muster.stores.words import holds

_VERSION_ID = template_versions.c.id.label("version_id")
_COLUMNS = (
    templates.c.id,
    _VERSION_ID,
    template_versions.c.version,
    templates.c.kind,
    templates.c.name,
    template_versions.c.display_name,
    template_versions.c.description,
    template_versions.c.definition,
    templates.c.state,
    template_versions.c.created_by,
    templates.c.created_at,
    templates.c.updated_at,
)
_IN_USE = templates.c.state != TemplateState.DELETED.value
_CURRENT = template_versions.c.version == templates.c.current_version
_JOINED = templates.join(template_versions, template_versions.c.template == templates.c.id)


class TemplateTable:
    """Templates of a tenant; see ports.store.templates."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, tenant: TenantId, template: Template) -> None:
        """Keep a new template with its first version; raises NameTaken."""
        dialect = sqlite if is_sqlite(self._connection) else postgresql
        values = {
            "id": template.id,
            "tenant": tenant,
            "kind": template.kind,
            "name": template.name,
            "state": template.state.value,
            "current_version": template.version,
            "created_by": template.created_by,
            "created_at": template.created_at,
            "updated_at": template.updated_at,
        }
        kept = await self._connection.execute(dialect.insert(templates).values(values).on_conflict_do_nothing())
        if not kept.rowcount:
            raise NameTaken(f"there is a template named {template.name!r} already")
        await self._add_version(tenant, template)

    async def add_version(self, tenant: TenantId, template: Template) -> None:
        """Keep the next version and make it the current one. Raises NotFound; Conflict when another came first."""
        moved = await self._connection.execute(
            update(templates)
            .where(
                templates.c.tenant == tenant,
                templates.c.id == template.id,
                templates.c.current_version == template.version - 1,
                _IN_USE,
            )
            .values(current_version=template.version, updated_at=template.updated_at)
        )
        if not moved.rowcount:
            present = await self.get(tenant, template.id)
            if present.state is TemplateState.DELETED:
                raise NotFound("no such template")
            raise Conflict(f"version {present.version} is the current one; the next is not {template.version}")
        await self._add_version(tenant, template)

    async def _add_version(self, tenant: TenantId, template: Template) -> None:
        await self._connection.execute(
            insert(template_versions).values(
                id=template.version_id,
                tenant=tenant,
                template=template.id,
                version=template.version,
                display_name=template.display_name,
                description=template.description,
                definition=template.definition,
                created_by=template.created_by,
                created_at=template.updated_at,
            )
        )

    async def get(self, tenant: TenantId, template: TemplateId) -> Template:
        """The current version; raises NotFound."""
        return await self._one(tenant, templates.c.id == template, _CURRENT)

    async def named(self, tenant: TenantId, kind: str, name: str) -> Template:
        """The current version of the template with exactly this name, deleted ones apart; raises NotFound."""
        return await self._one(tenant, templates.c.kind == kind, templates.c.name == name, _IN_USE, _CURRENT)

    async def version(self, tenant: TenantId, template: TemplateId, version: TemplateVersionId) -> Template:
        """That version; raises NotFound."""
        return await self._one(tenant, templates.c.id == template, template_versions.c.id == version)

    async def _one(self, tenant: TenantId, *which: ColumnElement[bool]) -> Template:
        statement = select(*_COLUMNS).select_from(_JOINED).where(templates.c.tenant == tenant, *which)
        row = (await self._connection.execute(statement)).one_or_none()
        if row is None:
            raise NotFound("no such template")
        return _template(row)

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
        del by  # who it was stands in the audit log
        moved = await self._connection.execute(
            update(templates)
            .where(templates.c.tenant == tenant, templates.c.id == template, templates.c.state == expected.value)
            .values(state=state.value, updated_at=at)
        )
        return bool(moved.rowcount)

    async def find(
        self, tenant: TenantId, kind: str, *, state: TemplateState | None, text: str, page: Page
    ) -> tuple[int, Sequence[Template]]:
        """How many match, and one page of their current versions, newest first. `text`: part of id, name or title."""
        conditions = [templates.c.tenant == tenant, templates.c.kind == kind, _CURRENT]
        conditions.append(_IN_USE if state is None else templates.c.state == state.value)
        if text:
            conditions.append(_mentions(text))
        counted = select(func.count()).select_from(_JOINED).where(*conditions)
        total = (await self._connection.execute(counted)).scalar_one()
        statement = (
            select(*_COLUMNS)
            .select_from(_JOINED)
            .where(*conditions)
            .order_by(templates.c.created_at.desc(), templates.c.id)
            .limit(page.limit)
            .offset(page.offset)
        )
        return total, [_template(row) for row in await self._connection.execute(statement)]


def _mentions(words: str) -> ColumnElement[bool]:
    ways = [holds(templates.c.name, words), holds(template_versions.c.display_name, words)]
    # SQLite keeps a UUID as 32 hex digits, so both sides lose their hyphens.
    if digits := words.replace("-", ""):
        ways.append(holds(func.replace(cast(templates.c.id, String), "-", ""), digits))
    return or_(*ways)


def _template(row: Row[*tuple[Any, ...]]) -> Template:
    return Template(
        id=TemplateId(row.id),
        version_id=TemplateVersionId(row.version_id),
        version=row.version,
        kind=row.kind,
        name=row.name,
        display_name=row.display_name,
        description=row.description,
        definition=row.definition,
        state=TemplateState(row.state),
        created_by=None if row.created_by is None else PrincipalId(row.created_by),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
