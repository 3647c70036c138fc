"""Templates: made once, versioned, used by many batches."""

from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from muster.domain.errors import BadInput, NotFound, WrongState
from muster.domain.fault import Fault
from muster.domain.ids import TemplateId, TemplateVersionId, TenantId
from muster.domain.template import MOVES, Template, TemplateState
from muster.domain.tenant import Principal
from muster.ports.clock import Clock
from muster.ports.store.batches import Page
from muster.ports.store.unit import Store, Transaction


class TemplateText(msgspec.Struct, frozen=True, kw_only=True):
    """What the author of a template writes. `definition` is the kind's own JSON, checked by the kind."""

    name: str | None
    """None: a new template gets a name of its own, an existing one keeps its name."""
    display_name: str
    description: str
    definition: str


class TemplateFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which templates. `state` None: all but deleted ones. `text`: case-insensitive part of a name or the id."""

    state: TemplateState | None = None
    text: str = ""
    newest_first: bool = True


class TemplateCatalog:
    """The templates of every tenant, one kind of batch at a time."""

    def __init__(self, store: Store, clock: Clock, new_uuid: Callable[[], UUID]) -> None:
        self._store = store
        self._clock = clock
        self._new_uuid = new_uuid

    async def create(self, who: Principal, kind: str, text: TemplateText) -> Template:
        """Keep a new template, active, as version 1. Raises NameTaken."""
        now, identity = self._clock.now(), self._new_uuid()
        template = Template(
            id=TemplateId(identity),
            version_id=TemplateVersionId(self._new_uuid()),
            version=1,
            kind=kind,
            name=text.name or f"template-{identity}",
            display_name=text.display_name,
            description=text.description,
            definition=text.definition,
            state=TemplateState.ACTIVE,
            created_by=who.id,
            created_at=now,
            updated_at=now,
        )
        async with self._store.begin() as tx:
            await tx.templates.add(who.tenant, template)
            await tx.outbox.audit(who.tenant, who.id, "template:create", subject=str(template.id), detail="", at=now)
        return template

    async def update(self, who: Principal, kind: str, template: TemplateId, *, text: TemplateText) -> Template:
        """Keep the next version and make it the current one.

        Raises NotFound (for a deleted one too), Conflict when another came first, BadInput for a new name.
        """
        now = self._clock.now()
        async with self._store.begin() as tx:
            current = await _of_kind(tx, who.tenant, kind, template=template)
            if current.state is TemplateState.DELETED:
                raise NotFound("There is no such template")
            if text.name is not None and text.name != current.name:
                raise BadInput("The name cannot change", [Fault("name", "INVALID_VALUE", "cannot change")])
            version = msgspec.structs.replace(
                current,
                version_id=TemplateVersionId(self._new_uuid()),
                version=current.version + 1,
                display_name=text.display_name,
                description=text.description,
                definition=text.definition,
                created_by=who.id,
                updated_at=now,
            )
            await tx.templates.add_version(who.tenant, version)
            await tx.outbox.audit(who.tenant, who.id, "template:update", subject=str(template), detail="", at=now)
        return version

    async def move(self, who: Principal, kind: str, template: TemplateId, *, state: TemplateState) -> Template:
        """Put the template in `state`; staying where it is counts as done. Raises NotFound, WrongState."""
        now = self._clock.now()
        async with self._store.begin() as tx:
            current = await _of_kind(tx, who.tenant, kind, template=template)
            if current.state is state:
                return current
            legal = state in MOVES[current.state]
            moved = legal and await tx.templates.move(
                who.tenant, template, state, expected=current.state, at=now, by=who.id
            )
            if not moved:
                raise WrongState(f"A template that is {current.state} cannot become {state}")
            await tx.outbox.audit(who.tenant, who.id, f"template:{state}", subject=str(template), detail="", at=now)
        return msgspec.structs.replace(current, state=state, updated_at=now)

    async def get(self, tenant: TenantId, kind: str, template: TemplateId) -> Template:
        """The current version. Raises NotFound."""
        async with self._store.read() as tx:
            return await _of_kind(tx, tenant, kind, template=template)

    async def version(
        self, tenant: TenantId, kind: str, template: TemplateId, *, version: TemplateVersionId
    ) -> Template:
        """That version. Raises NotFound."""
        async with self._store.read() as tx:
            found = await tx.templates.version(tenant, template, version)
        if found.kind != kind:
            raise NotFound("There is no such template version")
        return found

    async def find(
        self, tenant: TenantId, kind: str, where: TemplateFilter, *, page: Page
    ) -> tuple[int, Sequence[Template]]:
        """How many match, and one page of their current versions."""
        async with self._store.read() as tx:
            if where.newest_first:
                return await tx.templates.find(tenant, kind, state=where.state, text=where.text, page=page)
            # The store counts from the newest: the page is the mirrored one, read backwards.
            total, _ = await tx.templates.find(tenant, kind, state=where.state, text=where.text, page=Page(0, 1))
            last = total - page.offset
            first = max(last - page.limit, 0)
            if last <= 0:
                return total, ()
            _, found = await tx.templates.find(
                tenant, kind, state=where.state, text=where.text, page=Page(first, last - first)
            )
            return total, found[::-1]


async def _of_kind(tx: Transaction, tenant: TenantId, kind: str, *, template: TemplateId) -> Template:
    found = await tx.templates.get(tenant, template)
    if found.kind != kind:
        raise NotFound("There is no such template")
    return found
