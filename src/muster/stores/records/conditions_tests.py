"""A value held against what is asked of it, in SQL."""

import math
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Text,
    and_,
    column,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.errors import BadInput
from muster.stores.bulk import as_json, is_sqlite
from muster.stores.operands import FEW, among, is_keepable
from muster.stores.records.conditions_plain import Leaf, Tested

Value = str | int | float
_ORDERED: Mapping[Tested, str] = MappingProxyType(
    {Tested.OVER: "__gt__", Tested.FROM: "__ge__", Tested.UNDER: "__lt__", Tested.UP_TO: "__le__"}
)


def whole_number(connection: AsyncConnection, stands: ColumnElement[Any], leaf: Leaf) -> ColumnElement[bool]:
    """Whether a whole number is as asked, negation aside. Raises BadInput for what is none."""
    match leaf.tested:
        case Tested.PRESENT:
            return true()
        case Tested.IN:
            return among(connection, stands, [_integer(leaf, one) for one in leaf.values], BigInteger())
        case Tested.OVER | Tested.FROM | Tested.UNDER | Tested.UP_TO:
            kept = true() if leaf.bounds else false()
            return and_(kept, *(_kept(stands, one.tested, literal(_integer(leaf, one.value))) for one in leaf.bounds))
        case Tested.LIKE | Tested.HOLDS:
            raise BadInput(f"{leaf.field} is a number and has no parts")


def number(connection: AsyncConnection, stands: ColumnElement[Any], leaf: Leaf) -> ColumnElement[bool]:
    """Whether a number is as asked, as far as numbers were asked for."""
    if leaf.bounds:
        bounds = [(one.tested, _finite(leaf, one.value)) for one in leaf.bounds if not isinstance(one.value, str)]
        if len(bounds) < len(leaf.bounds):
            return false()
        return and_(*(_kept(stands, tested, literal(value, Double())) for tested, value in bounds))
    if leaf.tested is not Tested.IN:
        return false()
    values = [_finite(leaf, one) for one in leaf.values if not isinstance(one, str)]
    return among(connection, stands, values, Double())


def text(connection: AsyncConnection, stands: ColumnElement[Any], leaf: Leaf, *, most: int) -> ColumnElement[bool]:
    """Whether a text, of which `most` characters are kept, is as asked, as far as texts were asked for."""
    said = [_keepable(leaf, one)[:most] for one in leaf.values if isinstance(one, str)]
    match leaf.tested:
        case Tested.PRESENT:
            return true()
        case Tested.IN:
            return _spelled(connection, stands, said, ignore_case=leaf.ignore_case)
        case Tested.LIKE:
            return or_(false(), *(_shaped(connection, stands, one, ignore_case=leaf.ignore_case) for one in said))
        case Tested.HOLDS:
            return or_(false(), *(holds(connection, stands, one, ignore_case=leaf.ignore_case) for one in said))
        case Tested.OVER | Tested.FROM | Tested.UNDER | Tested.UP_TO:
            return _in_bounds(connection, stands, leaf)


def holds(
    connection: AsyncConnection, stands: ColumnElement[Any], words: str, *, ignore_case: bool
) -> ColumnElement[bool]:
    """Whether `words` are part of the text; nothing in them has a meaning of its own."""
    if ignore_case:
        return folded(connection, stands, words).like(func.lower(f"%{_escaped(words)}%"), escape="/")
    if is_sqlite(connection):
        # Not LIKE, which here folds A to Z unasked.
        return func.instr(stands, words) > 0
    # LIKE, because from its pattern PostgreSQL guesses well how many rows there will be.
    return stands.like(f"%{_escaped(words)}%", escape="/")


def folded(connection: AsyncConnection, stands: ColumnElement[Any], *beside: str) -> ColumnElement[Any]:
    """The text in small letters, by the rules of the database; to be held against `beside`."""
    # Columns that sort by code point know only A to Z. That is all it takes where nothing else is asked for, and takes
    # PostgreSQL half as long.
    plainly = is_sqlite(connection) or (beside and all(one.isascii() for one in beside))
    return func.lower(stands if plainly else stands.collate("default"))


def _shaped(
    connection: AsyncConnection, stands: ColumnElement[Any], shape: str, *, ignore_case: bool
) -> ColumnElement[bool]:
    pieces = re.split(r"\*+", shape)
    if ignore_case:
        pattern = "%".join(_escaped(piece) for piece in pieces)
        return folded(connection, stands, shape).like(func.lower(pattern), escape="/")
    if is_sqlite(connection):
        return stands.op("GLOB", is_comparison=True)("*".join(re.sub(r"[\[?]", r"[\g<0>]", piece) for piece in pieces))
    return stands.like("%".join(_escaped(piece) for piece in pieces), escape="/")


def _escaped(words: str) -> str:
    return words.replace("/", "//").replace("%", "/%").replace("_", "/_")


def _spelled(
    connection: AsyncConnection, stands: ColumnElement[Any], values: Sequence[str], *, ignore_case: bool
) -> ColumnElement[bool]:
    if not ignore_case:
        return among(connection, stands, values, Text())
    if len(values) <= FEW:
        return or_(false(), *(folded(connection, stands, value) == func.lower(value) for value in values))
    given: ColumnElement[Any]
    if is_sqlite(connection):
        given = func.json_each(literal(as_json(values), Text())).table_valued(column("value")).c.value
    else:
        given = func.unnest(literal(list(values), ARRAY(Text()))).column_valued("given")
    return folded(connection, stands).in_(select(func.lower(given)))


def _in_bounds(connection: AsyncConnection, stands: ColumnElement[Any], leaf: Leaf) -> ColumnElement[bool]:
    # Nothing is neither more nor less than anything: a bound that is none is kept by no value.
    if not leaf.bounds or not all(isinstance(one.value, str) for one in leaf.bounds):
        return false()
    kept: list[ColumnElement[bool]] = []
    for one in leaf.bounds:
        value: ColumnElement[Any] = literal(_keepable(leaf, one.value), Text())
        if leaf.ignore_case:
            by_code_point = folded(connection, stands), func.lower(value)
            left, right = by_code_point if is_sqlite(connection) else (side.collate("C") for side in by_code_point)
            kept.append(_kept(left, one.tested, right))
        else:
            kept.append(_kept(stands, one.tested, value))
    return and_(true(), *kept)


def _kept(stands: ColumnElement[Any], tested: Tested, bound: ColumnElement[Any]) -> ColumnElement[bool]:
    held: ColumnElement[bool] = getattr(stands, _ORDERED[tested])(bound)
    return held


def _integer(leaf: Leaf, value: Value) -> int:
    if isinstance(value, int) and is_keepable(value):
        return value
    raise BadInput(f"{leaf.field} is compared with whole numbers of up to 64 bits")


def _finite(leaf: Leaf, value: Value) -> float:
    try:
        number = float(value)
    except (OverflowError, ValueError) as error:
        raise BadInput(f"{leaf.field} is compared with numbers") from error
    if math.isfinite(number):
        return number
    raise BadInput(f"{leaf.field} is compared with finite numbers")


def _keepable(leaf: Leaf, value: Value) -> str:
    if isinstance(value, str) and is_keepable(value):
        return value
    raise BadInput(f"{leaf.field} is compared with texts without NUL and halves of surrogate pairs")
