"""Reading records and relationships: one by one, by searches, and what is known of them besides."""

from collections.abc import Mapping, Sequence

import msgspec

from muster.domain.errors import NotFound
from muster.domain.ids import TenantId
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import RecordRef
from muster.domain.records.operation import Flaw
from muster.domain.records.process import Status
from muster.domain.records.record import Gone, Link, LinkView, Record, Stamp, View
from muster.domain.records.search import GoneSearch, Search
from muster.domain.records.trace import Trace
from muster.ports.store.records import Found, TraceFilter
from muster.ports.store.unit import Store, Transaction
from muster.records.reading.names import by_id
from muster.records.values.validation import blocking, flaws_of
from muster.records.work.blueprints import Blueprints
from muster.records.work.views import link_view_of, view_of


class GoneView(msgspec.Struct, frozen=True):
    """What was deleted as it is shown, and when and by whom."""

    what: View | LinkView
    at: Stamp


class TraceView(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the audit history with what people call the template and the user."""

    trace: Trace
    template_name: str
    user_name: str


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """A locked record that stands beside another. `above`: as its parent."""

    view: View
    link: LinkView
    above: bool


class DeleteCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps a record from being deleted: its status, and a part of the locked records beside it of `total`."""

    view: View
    status: Status
    indicator: int
    """That of its template; 0 for none."""
    total: int
    beside: Sequence[Beside]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a record as it stands, and how much of it keeps actions from being taken."""

    flaws: Sequence[Flaw]
    blocking: Sequence[Flaw]


class RecordFinder:
    """Answers; changes nothing. Numbers of another tenant's are unknown, like those that never were."""

    def __init__(self, store: Store, blueprints: Blueprints) -> None:
        self._store = store
        self._blueprints = blueprints

    async def entity(self, tenant: TenantId, ref: RecordRef, *, links: bool = True) -> View:
        """The record, with the relationships to its parents if `links`. Raises NotFound."""
        async with self._store.read() as tx:
            record = await _one(tx, tenant, ref)
            blueprint = await self._blueprints.of(tx, tenant)
            if not links:
                return (await _views(tx, tenant, blueprint, [record]))[0]
            above = sorted(await tx.records.links_above(tenant, [ref]), key=lambda one: (one.sequence, one.number))
            shown = await _link_views(tx, tenant, blueprint, above)
        return view_of(blueprint, record, parents=len(above), links=tuple(shown))

    async def link(self, tenant: TenantId, number: int) -> LinkView:
        """The relationship with what is told of its ends. Raises NotFound."""
        async with self._store.read() as tx:
            found = await tx.records.links(tenant, [number])
            if not found:
                raise NotFound("There is no such relationship")
            return (await _link_views(tx, tenant, await self._blueprints.of(tx, tenant), found))[0]

    async def search(self, tenant: TenantId, search: Search) -> Found[View]:
        """What matches among the records. Raises BadInput for what cannot be compared."""
        async with self._store.read() as tx:
            blueprint = await self._blueprints.of(tx, tenant)
            found = await tx.records.search(tenant, _by_id(search, blueprint))
            return Found(found.total, await _views(tx, tenant, blueprint, found.hits), found.after)

    async def search_links(self, tenant: TenantId, search: Search) -> Found[LinkView]:
        """What matches among the relationships, with what is told of their ends. Raises as `search`."""
        async with self._store.read() as tx:
            blueprint = await self._blueprints.of(tx, tenant)
            found = await tx.records.search_links(tenant, _by_id(search, blueprint))
            return Found(found.total, await _link_views(tx, tenant, blueprint, found.hits), found.after)

    async def gone(self, tenant: TenantId, search: GoneSearch) -> Sequence[GoneView]:
        """What was deleted, oldest first. Of a relationship's ends is told what still stands."""
        async with self._store.read() as tx:
            blueprint = await self._blueprints.of(tx, tenant)
            found = await tx.records.search_gone(tenant, search)
            links = [one.what for one in found if isinstance(one.what, Link)]
            shown = {one.link.number: one for one in await _link_views(tx, tenant, blueprint, links)}
        return [_gone_view(one, blueprint, shown) for one in found]

    async def traces(
        self, tenant: TenantId, ref: RecordRef, where: TraceFilter, *, offset: int, limit: int
    ) -> tuple[int, Sequence[TraceView]]:
        """How many rows of the record's audit history match, and a part, newest first. Raises NotFound."""
        async with self._store.read() as tx:
            await _one(tx, tenant, ref)
            total, found = await tx.records.traces(tenant, ref, where, offset=offset, limit=limit)
            blueprint = await self._blueprints.of(tx, tenant)
            users = await tx.record_settings.users(tenant, sorted({one.stamp.by for one in found}))
        return total, [_trace_view(one, blueprint, users) for one in found]

    async def trace(self, tenant: TenantId, ref: RecordRef, number: int) -> Trace:
        """One row of the audit history that `traces` gives for the record. Raises NotFound."""
        async with self._store.read() as tx:
            await _one(tx, tenant, ref)
            found = await tx.records.trace(tenant, number)
            if found.ref != ref and not any(
                one.child == found.ref for one in await tx.records.links_below(tenant, [ref])
            ):
                raise NotFound("There is no such row")
        return found

    async def delete_check(self, tenant: TenantId, ref: RecordRef, *, offset: int, limit: int) -> DeleteCheck:
        """What keeps the record from being deleted. Raises NotFound."""
        async with self._store.read() as tx:
            record = await _one(tx, tenant, ref)
            blueprint = await self._blueprints.of(tx, tenant)
            locked = _locked(blueprint)
            total, found = await tx.records.locked_beside(tenant, ref, locked, offset=offset, limit=limit)
            views = await _views(tx, tenant, blueprint, [record, *(one for _, one in found)])
        template = blueprint.template_of(ref.char_type, record.template)
        return DeleteCheck(
            view=views[0],
            status=blueprint.status_of(template, record.status),
            indicator=template.indicator if template is not None else 0,
            total=total,
            beside=[
                Beside(view=view, link=link_view_of(blueprint, link), above=link.child == ref)
                for (link, _), view in zip(found, views[1:], strict=True)
            ],
        )

    async def flaws(self, tenant: TenantId, ref: RecordRef) -> Health:
        """What is wrong with the record as it stands: its template may have changed since. Raises NotFound."""
        async with self._store.read() as tx:
            record = await _one(tx, tenant, ref)
            blueprint = await self._blueprints.of(tx, tenant)
        flaws = flaws_of(blueprint, record)
        return Health(flaws=flaws, blocking=blocking(flaws))


def _by_id(search: Search, blueprint: Blueprint) -> Search:
    if search.node is None:
        return search
    return msgspec.structs.replace(search, node=by_id(search.node, blueprint, search.char_type))


async def _one(tx: Transaction, tenant: TenantId, ref: RecordRef) -> Record:
    record = (await tx.records.load(tenant, [ref])).records.get(ref)
    if record is None:
        raise NotFound("There is no such record")
    return record


async def _views(tx: Transaction, tenant: TenantId, blueprint: Blueprint, records: Sequence[Record]) -> list[View]:  # noqa: PLR0917 - each as plain as the next
    counts = await tx.records.parent_counts(tenant, [one.ref for one in records])
    return [view_of(blueprint, one, parents=counts.get(one.ref, 0)) for one in records]


async def _link_views(tx: Transaction, tenant: TenantId, blueprint: Blueprint, links: Sequence[Link]) -> list[LinkView]:  # noqa: PLR0917 - each as plain as the next
    refs = dict.fromkeys(ref for one in links for ref in (one.parent, one.child))
    ends: Mapping[RecordRef, Record] = (await tx.records.load(tenant, list(refs))).records if refs else {}
    return [link_view_of(blueprint, one, parent=ends.get(one.parent), child=ends.get(one.child)) for one in links]


def _gone_view(gone: Gone, blueprint: Blueprint, links: Mapping[int, LinkView]) -> GoneView:
    what = gone.what
    view = links[what.number] if isinstance(what, Link) else view_of(blueprint, what, parents=0)
    return GoneView(view, gone.at)


def _trace_view(trace: Trace, blueprint: Blueprint, users: Mapping[int, str]) -> TraceView:
    template = blueprint.template_of(trace.ref.char_type, trace.template)
    return TraceView(
        trace=trace,
        template_name=template.name if template is not None else "",
        user_name=users.get(trace.stamp.by, ""),
    )


def _locked(blueprint: Blueprint) -> list[tuple[int, int, int]]:
    """Where records are locked: char type, template, status."""
    return [
        (template.char_type, template.id, status.id)
        for template in blueprint.templates
        for status in blueprint.process_of(template).statuses
        if status.locked
    ]
