"""What a query means, in plain Python: the store's answers are measured by it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cmp_to_key
from operator import ge, gt, le, lt
from typing import Any

from muster.domain.query import (
    Among,
    Compare,
    Comparison,
    Condition,
    Either,
    Every,
    Holds,
    Like,
    Not,
    Order,
    Query,
    Value,
)
from muster.stores.moments import micros

Row = Mapping[str, Value]


def found_in(rows: Sequence[Row], query: Query, *, parts: Mapping[Any, Sequence[Row]]) -> Sequence[Row]:
    """The rows that match, in order, whatever part is asked for.

    Each has a `key`, under which `parts` has the elements of its one collection, and a time called `made`.
    """
    matching = [row for row in rows if query.where is None or _holds(query.where, row, parts[row["key"]])]
    return _sorted(matching, query.order)


def _holds(asked: Condition, row: Row, parts: Sequence[Row] = ()) -> bool:
    held: bool
    match asked:
        case Compare():
            held = _compares(asked.test, row[asked.field], asked.value)
        case Among():
            held = row[asked.field] is not None and any(_equal(row[asked.field], value) for value in asked.values)
        case Like():
            held = _likes(asked, row[asked.field])
        case Every():
            held = all(_holds(part, row, parts) for part in asked.of)
        case Either():
            held = any(_holds(part, row, parts) for part in asked.of)
        case Not():
            held = not _holds(asked.of, row, parts)
        case Holds(where=where):
            found = [where is None or _holds(where, part) for part in parts]
            held = all(found) if asked.throughout else any(found)
    return held


def _equal(one: Value, other: Value) -> bool:
    return type(one) is type(other) and one == other


def _compares(test: Comparison, found: Value, value: Value) -> bool:
    if test in {Comparison.EQ, Comparison.NE}:
        return _equal(found, value) is (test is Comparison.EQ)
    if found is None or type(found) is not type(value):
        return False
    ordered = {Comparison.GT: gt, Comparison.GE: ge, Comparison.LT: lt, Comparison.LE: le}[test]
    return bool(ordered(_place(found), _place(value)))


def _likes(asked: Like, found: Value) -> bool:
    if not isinstance(found, str):
        return False
    text, words = (found.lower(), asked.words.lower()) if asked.folds else (found, asked.words)
    if asked.begins and asked.ends:
        return text == words
    if asked.begins or asked.ends:
        return text.startswith(words) if asked.begins else text.endswith(words)
    return words in text


def _sorted(rows: Sequence[Row], order: Sequence[Order]) -> Sequence[Row]:
    keys = [*order, Order("made"), Order("key")]

    def compare(one: Row, other: Row) -> int:
        for key in keys:
            left, right = _place(one[key.field]), _place(other[key.field])
            if left != right:
                return 1 if (left > right) is not key.descending else -1
        return 0

    return sorted(rows, key=cmp_to_key(compare))


def _place(value: Value) -> tuple[int, int, str]:
    """Sorts as the value does among its like: nothing comes first, texts stand by code point."""
    if value is None:
        return 0, 0, ""
    if isinstance(value, str):
        return 1, 0, value
    return 1, micros(value) if isinstance(value, datetime) else int(value), ""
