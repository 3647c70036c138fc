"""When something last happened to a thing, as the store keeps it: `{change: [microseconds, token, party]}`."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from muster.domain.ids import PartyNumber, TokenNumber
from muster.domain.mark import Mark, Marks
from muster.stores.bulk import Both
from muster.stores.moments import micros, moment

_Kept = tuple[int, int | None, int | None]
_DECODER = msgspec.json.Decoder(dict[str, _Kept])


def marks_kept(marks: Marks) -> str:
    """`marks` as a column `marks` holds them."""
    return msgspec.json.encode({change: mark_kept(mark) for change, mark in marks.items()}).decode()


def mark_kept(mark: Mark) -> _Kept:
    """One of them."""
    return micros(mark.at), mark.by, mark.of


def marks_of(kept: str) -> Marks:
    """What a column `marks` holds."""
    return {change: _mark(values) for change, values in _DECODER.decode(kept).items()}


def _mark(values: _Kept) -> Mark:
    at, by, of = values
    return Mark(moment(at), None if by is None else TokenNumber(by), None if of is None else PartyNumber(of))


def marked_at(column: ColumnElement[str], change: str) -> ColumnElement[int]:
    """When `change` happened (microseconds; NULL: never) by a column `marks`. `change` is a word of our own."""
    if not change.isidentifier():
        raise ValueError(change)
    return _MarkedAt(column, literal_column(f"'$.{change}[0]'"), literal_column(f"'{{{change},0}}'"))


class _MarkedAt(FunctionElement[int]):
    """A column, and the place in its JSON as SQLite and as PostgreSQL spell it."""

    type = BigInteger()
    inherit_cache = True


@compiles(_MarkedAt, "sqlite")
def _on_sqlite(element: _MarkedAt, compiler: SQLCompiler, **options: Any) -> str:
    column, path, _ = (compiler.process(clause, **options) for clause in element.clauses)
    return f"json_extract({column}, {path})"


@compiles(_MarkedAt, "postgresql")
def _on_postgres(element: _MarkedAt, compiler: SQLCompiler, **options: Any) -> str:
    column, _, path = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(CAST({column} AS jsonb) #>> {path} AS bigint)"


def mirrored(marks: Marks) -> Mapping[str, object]:
    """The columns that keep `marks`, and those that mirror what lists are sorted by."""
    created = marks["created"]
    updated = marks.get("updated", created)
    return {"marks": marks_kept(marks), "created_at": micros(created.at), "updated_at": micros(updated.at)}


MARKED = Both("json_patch(marks, :marks)", "CAST(CAST(marks AS jsonb) || CAST(:marks AS jsonb) AS text)")
"""A column `marks` after what happened; `:marks` is `marks_kept` of just that."""
