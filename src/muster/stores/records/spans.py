"""Records by the texts in one of their fields, in order: for walks in which a search would sort anew for each page."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.ids import TenantId
from muster.domain.records.record import Record
from muster.ports.store.records import Span
from muster.stores.bulk import Both, Statement
from muster.stores.records.reaching import beside
from muster.stores.records.rows import RECORD, record_of

_WITHIN = "tenant = :tenant AND char_type = {int} AND label = {label} AND text >= {low} AND text <= {high}"
_PARAMETERS = {
    "int": Both(":char_type", "CAST(:char_type AS integer)"),
    **{name: Both(f":{name}", f"CAST(:{name} AS text)") for name in ("label", "low", "high")},
}
_COUNT = Statement(f"SELECT count(DISTINCT record) FROM record_values WHERE {_WITHIN}", **_PARAMETERS)
_PAGE = Statement(
    f"SELECT v.text, {', '.join(f'r.{name}' for name in RECORD)} FROM ("
    f"SELECT char_type, text, record FROM record_values WHERE {_WITHIN}"
    " AND (text, record) > ({low}, {beyond}) ORDER BY text, record LIMIT {limit}"
    ") AS v {near} ORDER BY v.text, v.record",
    **_PARAMETERS,
    beyond=Both(":beyond", "CAST(:beyond AS bigint)"),
    limit=Both(":limit", "CAST(:limit AS integer)"),
    near=beside("records", "r", {"char_type": "v.char_type", "number": "v.record"}),
)
_BEFORE_ALL = -1
"""A number that comes before those of all records."""


async def count(connection: AsyncConnection, tenant: TenantId, span: Span) -> int:
    """How many records are in the span."""
    rows = await _COUNT.rows(connection, _values(tenant, span))
    found: int = rows[0][0]
    return found


async def page(
    connection: AsyncConnection, tenant: TenantId, span: Span, *, after: tuple[str, int] | None, limit: int
) -> Sequence[tuple[str, Record]]:
    """Up to `limit` records of the span behind `after`, each with its text, in order of these and their numbers."""
    low, beyond = (span.low, _BEFORE_ALL) if after is None else after
    values = _values(tenant, span) | {"low": low, "beyond": beyond, "limit": limit}
    return [(row[0], record_of(row[1:])) for row in await _PAGE.rows(connection, values)]


def _values(tenant: TenantId, span: Span) -> dict[str, object]:
    return {"tenant": tenant, "char_type": span.char_type, "label": span.label, "low": span.low, "high": span.high}
