"""Searching among what was deleted."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.ids import TenantId
from muster.domain.records.char_types import RELATIONSHIP
from muster.domain.records.record import Gone
from muster.domain.records.search import GoneSearch
from muster.stores.records.rows import GONE, LINK, RECORD, gone_link_of, gone_record_of
from muster.stores.records.tables import record_links_gone, records_gone

_Span = tuple[int | None, int | None, int | None]


async def search_gone(connection: AsyncConnection, tenant: TenantId, search: GoneSearch) -> Sequence[Gone]:
    """What was deleted, oldest first; at most `search.most`."""
    of_links = search.char_type == RELATIONSHIP
    table = record_links_gone if of_links else records_gone
    where = [table.c.tenant == tenant, *_spans(table.c, search)]
    if not of_links:
        where += [table.c.char_type == search.char_type, *_standing(table.c, search)]
    if search.number is not None:
        where.append(table.c.number == search.number)
    columns = (table.c[name] for name in (*(LINK if of_links else RECORD), *GONE))
    ordered = select(*columns).where(*where).order_by(table.c.gone_at, table.c.number).limit(search.most)
    read = gone_link_of if of_links else gone_record_of
    return [read(row) for row in await connection.execute(ordered)]


def _spans(columns: Any, search: GoneSearch) -> Iterator[ColumnElement[bool]]:
    spans: tuple[tuple[str, _Span], ...] = (
        ("gone", (search.since, search.until, search.by)),
        ("created", search.created),
        ("updated", search.updated),
    )
    for name, span in spans:
        yield from _span(columns, name, span)


def _standing(columns: Any, search: GoneSearch) -> Iterator[ColumnElement[bool]]:
    """What only records have."""
    if search.template is not None:
        yield columns.template == search.template
    if search.status is not None:
        yield columns.status == search.status
    yield from _span(columns, "moved", search.moved)


def _span(columns: Any, name: str, span: _Span) -> Iterator[ColumnElement[bool]]:
    since, until, by = span
    if since is not None:
        yield columns[f"{name}_at"] >= since
    if until is not None:
        yield columns[f"{name}_at"] <= until
    if by is not None:
        yield columns[f"{name}_by"] == by
