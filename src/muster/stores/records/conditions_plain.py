"""A search's tree in fewer words: each test as one of a few, and what must not hold only at the leaves."""

from collections.abc import Iterable
from enum import Enum, auto
from typing import NamedTuple

from muster.domain.records.search import Between, Both, Compare, Either, How, Joined, Linked, Node, Not, Related


class Tested(Enum):
    """What is asked of a value."""

    IN = auto()
    """It is one of the values."""
    LIKE = auto()
    """It has the shape of one of the values, in which `*` stands for anything."""
    HOLDS = auto()
    """One of the values is part of it."""
    OVER = auto()
    FROM = auto()
    UNDER = auto()
    UP_TO = auto()
    PRESENT = auto()
    """There is one at all."""


class Bound(NamedTuple):
    """An end that a value must keep to: one of OVER, FROM, UNDER, UP_TO."""

    tested: Tested
    value: str | int | float


class Leaf(NamedTuple):
    """Some value of `field` is as asked; with `holds` False: none is."""

    field: str
    tested: Tested
    values: tuple[str | int | float, ...] = ()
    ignore_case: bool = False
    bounds: tuple[Bound, ...] = ()
    """Where `tested` is one of the four: all of these are kept by one value."""
    holds: bool = True


class Side(NamedTuple):
    """Something beside the hit is as `of` asks; with `holds` False: nothing is."""

    of: Linked | Related | Joined
    holds: bool = True


class Every(NamedTuple):
    """All of `nodes` hold."""

    nodes: tuple["Plain", ...]


class Any(NamedTuple):
    """One of `nodes` holds."""

    nodes: tuple["Plain", ...]


Plain = Leaf | Side | Every | Any

_ORDERED = {How.OVER: Tested.OVER, How.FROM: Tested.FROM, How.UNDER: Tested.UNDER, How.UP_TO: Tested.UP_TO}
_NEGATIVE = {
    How.DIFFERS: How.ANY,
    How.NONE: How.ANY,
    How.LACKS: How.CONTAINS_ANY,
    How.CONTAINS_NONE: How.CONTAINS_ANY,
}


def plain(node: Node, *, holds: bool = True) -> Plain:
    """The node, or with `holds` False its opposite."""
    match node:
        case Both() | Either():
            parts = [plain(one, holds=holds) for one in node.nodes]
            return _every(parts) if isinstance(node, Both) is holds else _any(parts)
        case Not():
            return plain(node.node, holds=not holds)
        case Linked() | Related() | Joined():
            return Side(node, holds)
        case Between():
            return _between(node, holds=holds)
        case Compare():
            return _compare(node, holds=holds)


def parts_of(node: Plain) -> tuple[Plain, ...]:
    """What must hold, each for itself."""
    return node.nodes if isinstance(node, Every) else (node,)


def _every(parts: Iterable[Plain]) -> Plain:
    flat = [one for part in parts for one in (part.nodes if isinstance(part, Every) else (part,))]
    return flat[0] if len(flat) == 1 else Every(tuple(flat))


def _any(parts: Iterable[Plain]) -> Plain:
    flat = [one for part in parts for one in (part.nodes if isinstance(part, Any) else (part,))]
    return flat[0] if len(flat) == 1 else Any(tuple(flat))


def _between(node: Between, *, holds: bool) -> Leaf:
    low = Bound(Tested.FROM if node.with_low else Tested.OVER, node.low)
    high = Bound(Tested.UP_TO if node.with_high else Tested.UNDER, node.high)
    return Leaf(node.field, low.tested, ignore_case=node.ignore_case, bounds=(low, high), holds=holds)


def _compare(node: Compare, *, holds: bool) -> Plain:
    test = node.test
    if test in _NEGATIVE:
        test, holds = _NEGATIVE[test], not holds
    if test in _ORDERED:
        bounds = tuple(Bound(_ORDERED[test], one) for one in _said(node.values))
        return Leaf(node.field, _ORDERED[test], ignore_case=node.ignore_case, bounds=bounds, holds=holds)
    one_each = test in {How.ALL, How.CONTAINS_ALL}
    contains = test in {How.CONTAINS, How.CONTAINS_ANY, How.CONTAINS_ALL}
    if not one_each:
        return _one_of(node, node.values, contains=contains, holds=holds)
    parts = [_one_of(node, (value,), contains=contains, holds=holds) for value in node.values]
    return _every(parts) if holds else _any(parts)


def _one_of(
    node: Compare, values: tuple[str | int | float | bool | None, ...], *, contains: bool, holds: bool
) -> Plain:
    """One of `values` is, or is part of, a value of the field."""
    said = _said(values)
    shapes = tuple(one for one in said if node.wild and isinstance(one, str) and "*" in one)
    rest = tuple(one for one in said if one not in shapes)
    parts: list[Plain] = []
    if None in values:
        parts.append(Leaf(node.field, Tested.PRESENT, holds=not holds))
    if shapes:
        shapes = tuple(f"*{one}*" for one in shapes) if contains else shapes
        parts.append(Leaf(node.field, Tested.LIKE, shapes, node.ignore_case, holds=holds))
    if rest or not parts:
        tested = Tested.HOLDS if contains else Tested.IN
        parts.append(Leaf(node.field, tested, rest, node.ignore_case, holds=holds))
    return _any(parts) if holds else _every(parts)


def _said(values: Iterable[str | int | float | bool | None]) -> tuple[str | int | float, ...]:
    """Without None; yes and no as lists spell them."""
    spelled = {True: "Yes", False: "No"}
    return tuple(spelled[one] if isinstance(one, bool) else one for one in values if one is not None)
