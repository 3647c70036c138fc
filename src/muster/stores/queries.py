"""Conditions of a query as SQL that means the same on both dialects.

What differs between them, and between them and `domain.query`, is all here: letter case, how texts are sorted, what
comparing nothing gives, how many parameters a statement takes, and texts that a database cannot hold.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    String,
    Text,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.query import Among, Compare, Comparison, Condition, Either, Every, Holds, Like, Not, Value
from muster.stores.bulk import is_sqlite
from muster.stores.moments import micros
from muster.stores.operands import MOST, UNKEEPABLE, among, is_keepable

_WIDE = 100
_ORDERED = {Comparison.GT: "__gt__", Comparison.GE: "__ge__", Comparison.LT: "__lt__", Comparison.LE: "__le__"}
_UPWARDS = frozenset({Comparison.GT, Comparison.GE})


class Column(NamedTuple):
    """What a field's name stands for. `is_time`: it is kept as microseconds, and compared with datetimes."""

    expression: ColumnElement[Any]
    is_time: bool = False


class Collection(NamedTuple):
    """The elements that belong to one row: those of `source` for which `where`, which speaks of the row, holds.

    `source` names none of the row's own tables; where it must, it does so by an alias.
    """

    source: FromClause
    where: ColumnElement[bool]
    fields: Mapping[str, Column]


class Vocabulary(NamedTuple):
    """The words that a condition may use. A word that is not among them is a bug of the asker's, and a KeyError."""

    fields: Mapping[str, Column]
    collections: Mapping[str, Collection]


def condition(connection: AsyncConnection, asked: Condition, words: Vocabulary) -> ColumnElement[bool]:
    """What must be true of a row, for WHERE: as there, NULL stands for false.

    A value that is not of the field's own sort (text, number, yes or no, time) equals nothing.
    """
    return _made(connection, asked, words, positive=True)


def _made(connection: AsyncConnection, asked: Condition, words: Vocabulary, *, positive: bool) -> ColumnElement[bool]:
    """The condition, or its opposite. NOT goes down to the leaves: SQLite reads no more than some 25 of them nested."""
    match asked:
        case Every() | Either():
            # The deepest first: SQLite's parser then forgets what it has read, instead of keeping it to the end.
            inward = sorted(asked.of, key=_depth, reverse=True)
            parts = [_made(connection, part, words, positive=positive) for part in inward]
            return _all(parts) if isinstance(asked, Every) is positive else _any(parts)
        case Not():
            return _made(connection, asked.of, words, positive=not positive)
        case Compare() | Among() | Like() | Holds():
            leaf = _leaf(connection, asked, words)
            return leaf if positive else _not(leaf)


def _depth(asked: Condition) -> int:
    match asked:
        case Every() | Either():
            return 1 + max(map(_depth, asked.of), default=0)
        case Not():
            return _depth(asked.of)
        case Compare() | Among() | Like() | Holds():
            return 0


def _leaf(connection: AsyncConnection, asked: Compare | Among | Like | Holds, words: Vocabulary) -> ColumnElement[bool]:
    match asked:
        case Compare():
            return _compare(connection, asked, words.fields[asked.field])
        case Among():
            return _among(connection, asked.values, words.fields[asked.field])
        case Like():
            return _like(connection, asked, words.fields[asked.field])
        case Holds():
            return _holds(connection, asked, words.collections[asked.collection])


def _all(parts: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    return and_(true(), *_grouped(parts, and_))


def _any(parts: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    return or_(false(), *_grouped(parts, or_))


def _grouped(
    parts: Sequence[ColumnElement[bool]], joined: Callable[..., ColumnElement[bool]]
) -> Sequence[ColumnElement[bool]]:
    """Many parts as some of `_WIDE` each: SQLite takes each AND and OR of a chain for one level more, of 1,000."""
    if len(parts) <= _WIDE:
        return parts
    # In a function, or SQLAlchemy would make one chain of them again.
    cut = [_surely(joined(*parts[at : at + _WIDE])) for at in range(0, len(parts), _WIDE)]
    return _grouped(cut, joined)


def fields_in(asked: Condition) -> frozenset[str]:
    """The fields that the condition names; of collections' elements none."""
    match asked:
        case Compare() | Among() | Like():
            return frozenset({asked.field})
        case Every() | Either():
            return frozenset[str]().union(*map(fields_in, asked.of))
        case Not():
            return fields_in(asked.of)
        case Holds():
            return frozenset()


def by_code_point(connection: AsyncConnection, field: Column) -> ColumnElement[Any]:
    """The field, for sorting: texts by code point, whatever language the database was made for."""
    if _sort(field) is str and not is_sqlite(connection):
        return field.expression.collate("C")
    return field.expression


def _not(held: ColumnElement[bool]) -> ColumnElement[bool]:
    return ~_surely(held)


def _surely(held: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition with NULL as what it stands for."""
    return func.coalesce(held, false(), type_=Boolean())


def _holds(connection: AsyncConnection, asked: Holds, elements: Collection) -> ColumnElement[bool]:
    found = select(literal(1)).select_from(elements.source).where(elements.where).correlate_except(elements.source)
    if asked.where is None:
        return true() if asked.throughout else found.exists()
    each = condition(connection, asked.where, Vocabulary(elements.fields, {}))
    return ~found.where(_not(each)).exists() if asked.throughout else found.where(each).exists()


def _compare(connection: AsyncConnection, asked: Compare, field: Column) -> ColumnElement[bool]:
    if asked.value is None:
        return _compare_with_nothing(asked.test, field.expression)
    if not _fits(field, asked.value):
        return true() if asked.test is Comparison.NE else false()
    value = _kept(asked.value)
    match asked.test:
        case Comparison.EQ:
            return field.expression == _literal(field, value) if is_keepable(value) else false()
        case Comparison.NE:
            return field.expression.is_distinct_from(_literal(field, value)) if is_keepable(value) else true()
        case Comparison.GT | Comparison.GE | Comparison.LT | Comparison.LE:
            return _ordered(connection, asked.test, field=field, value=value)


def _compare_with_nothing(test: Comparison, expression: ColumnElement[Any]) -> ColumnElement[bool]:
    match test:
        case Comparison.EQ:
            return expression.is_(None)
        case Comparison.NE:
            return expression.is_not(None)
        case Comparison.GT | Comparison.GE | Comparison.LT | Comparison.LE:
            return false()


def _ordered(connection: AsyncConnection, test: Comparison, *, field: Column, value: str | int) -> ColumnElement[bool]:
    upwards = test in _UPWARDS
    if isinstance(value, int) and not is_keepable(value):
        beyond = (value > MOST) is not upwards
        return field.expression.is_not(None) if beyond else false()
    if isinstance(value, str) and not is_keepable(value):
        # No row has this very text. All above it are, or are above, the next one that can be kept.
        value, test = _next_keepable(value), Comparison.GE if upwards else Comparison.LT
    compared: ColumnElement[bool] = getattr(by_code_point(connection, field), _ORDERED[test])(_literal(field, value))
    return compared


def _next_keepable(text: str) -> str:
    """The lowest text above `text` that a database can hold; there is one in `text` that it cannot."""
    found = UNKEEPABLE.search(text)
    cut = found.start() if found else len(text)
    return text[:cut] + ("\x01" if text[cut : cut + 1] == "\x00" else "\ue000")


def _among(connection: AsyncConnection, values: Sequence[Value], field: Column) -> ColumnElement[bool]:
    fitting = (_kept(value) for value in values if value is not None and _fits(field, value))
    return among(connection, field.expression, [value for value in fitting if is_keepable(value)], _type(field))


def _like(connection: AsyncConnection, asked: Like, field: Column) -> ColumnElement[bool]:
    if _sort(field) is not str or not is_keepable(asked.words):
        return false()
    stands: ColumnElement[Any] = field.expression
    words: ColumnElement[Any] = literal(asked.words, Text())
    if asked.folds:
        # The database folds both sides, and by the same rules, whatever those of the column are: folded here, a stored
        # Ä that it does not fold would never be found.
        stands = stands if is_sqlite(connection) else stands.collate("default")
        stands, words = func.lower(stands), func.lower(words)
    if asked.begins and asked.ends:
        return stands == words
    return _part(connection, asked, stands=stands, words=words) if asked.words else stands.is_not(None)


def _part(
    connection: AsyncConnection, asked: Like, *, stands: ColumnElement[Any], words: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Whether `words`, which are not empty, stand at the beginning, at the end, or anywhere in `stands`."""
    embedded, length = is_sqlite(connection), func.length(words)
    if asked.begins:
        return func.substr(stands, 1, length) == words
    if asked.ends:
        return (func.substr(stands, -length) if embedded else func.right(stands, length)) == words
    # Not LIKE, which on SQLite would fold A to Z unasked.
    return (func.instr if embedded else func.strpos)(stands, words) > 0


def _sort(field: Column) -> type[object]:
    """What a value must be to be compared with the field."""
    if field.is_time:
        return datetime
    kind = field.expression.type
    if isinstance(kind, String):
        return str
    return bool if isinstance(kind, Boolean) else int


def _fits(field: Column, value: Value) -> bool:
    sort = _sort(field)
    # True is an int as well.
    return isinstance(value, sort) and (sort is bool) is isinstance(value, bool)


def _kept(value: str | int | datetime) -> str | int:
    """The value as the store keeps it; a member of an enumeration as the plain text it is."""
    if isinstance(value, datetime):
        return micros(value)
    return str(value) if isinstance(value, str) else value


def _type(field: Column) -> Text | Boolean | BigInteger:
    sort = _sort(field)
    if sort is str:
        return Text()
    return Boolean() if sort is bool else BigInteger()


def _literal(field: Column, value: str | int) -> ColumnElement[Any]:
    return literal(value, _type(field))
