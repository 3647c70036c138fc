"""The vendor's query language (specification B1): from objects with one operator each to our tree."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import RELATIONSHIP
from muster.domain.records.search import Between, Both, Compare, Either, How, Joined, Linked, Node, Not, Related
from muster.surfaces.bodies import is_array, is_object
from muster.surfaces.record_batches.translate.search_fields import (
    Found,
    Refusals,
    Sort,
    Span,
    Value,
    char_type_named,
    find_field,
    shown,
    span_of,
    values_of,
)
from muster.surfaces.record_batches.wire import search as wire

_ONE: Mapping[str, How] = MappingProxyType(
    {
        "$eq": How.EQUALS,
        "$neq": How.DIFFERS,
        "$contains": How.CONTAINS,
        "$ncontains": How.LACKS,
        "$gt": How.OVER,
        "$gte": How.FROM,
        "$lt": How.UNDER,
        "$lte": How.UP_TO,
    }
)
_SEVERAL: Mapping[str, How] = MappingProxyType(
    {
        "$eq_any": How.ANY,
        "$eq_none": How.NONE,
        "$eq_all": How.ALL,
        "$contains_any": How.CONTAINS_ANY,
        "$contains_none": How.CONTAINS_NONE,
        "$contains_all": How.CONTAINS_ALL,
    }
)
_PARTS = frozenset({How.CONTAINS, How.LACKS, How.CONTAINS_ANY, How.CONTAINS_NONE, How.CONTAINS_ALL})
_IN_ORDER = frozenset({How.OVER, How.FROM, How.UNDER, How.UP_TO})
_AS_LIST = {How.EQUALS: How.ANY, How.DIFFERS: How.NONE}
_IN_RANGE = (3, 5)
_IN_JOIN = 4
_NOTHING = Both(())
_Turn = Callable[[Node], Node]
"""What a question about a field is wrapped in."""


class Scope(NamedTuple):
    """Where a node stands: what it is asked of, how deep, and beyond how many relationships."""

    char_type: int
    depth: int = 1
    joins: int = 0
    around: Related | None = None
    """In a search among a hit's relationships: how a question about the hit itself is put."""

    def deeper(self) -> "Scope":
        """One node further down."""
        return self._replace(depth=self.depth + 1)

    def beyond(self, char_type: int, around: Related | None = None) -> "Scope":
        """Asked of something else."""
        return Scope(char_type, self.depth + 1, self.joins + 1, around)


class Reader:
    """Reads the nodes of one search; what is wrong with them goes to `refusals`."""

    def __init__(self, blueprint: Blueprint, refusals: Refusals) -> None:
        self._blueprint = blueprint
        self._refusals = refusals
        self._count = 0

    def node(self, value: object, path: str, scope: Scope) -> Node:  # noqa: PLR0911 - one for each case
        """The node; something meaningless where there are faults."""
        self._count += 1
        if self._count > wire.MOST_NODES:
            if self._count == wire.MOST_NODES + 1:
                self._refusals.note(path, f"a query must not have more than {wire.MOST_NODES} nodes")
            return _NOTHING
        if scope.depth > wire.DEEPEST:
            return self._refuse(path, f"a query must not be deeper than {wire.DEEPEST} nodes")
        if scope.joins > wire.MOST_JOINS:
            return self._refuse(path, f"a query must not look through more than {wire.MOST_JOINS} joins")
        if not is_object(value):
            return self._refuse(path, 'must be an object with one operator, such as {"$eq": ["title", "…"]}')
        operators = [name for name in value if name.lower() != wire.ANYWHERE]
        if len(operators) != 1:
            return self._refuse(path, f"must have exactly one operator, and has {len(operators)}")
        wild = self._is_wild(value, path)
        return self._operated(operators[0], value[operators[0]], f"{path}.{shown(operators[0])}", scope, wild=wild)

    def side(self, value: object, path: str, *, upwards: bool) -> Iterator[Node]:
        """The nodes of a `parentQuery` or `childQuery`: by char type."""
        if not is_object(value):
            self._refuse(path, "must be an object with char type ids as keys")
            return
        for key, inner in value.items():
            within = f"{path}.{shown(key)}"
            char_type = self._char_type(key, within, of_records=True)
            yield Related(upwards, char_type, self.node(inner, within, Scope(char_type, joins=1)))

    def field(self, name: object, path: str, scope: Scope) -> Found | None:
        """The field that is named; None where there is none."""
        found = find_field(self._blueprint, scope.char_type, name) if isinstance(name, str) else None
        if found is None:
            self._refuse(path, f"{shown(name)} is not a field" if isinstance(name, str) else "must name a field")
        return found

    def _refuse(self, path: str, message: str) -> Node:
        self._refusals.note(path, message)
        return _NOTHING

    def _is_wild(self, node: Mapping[str, object], path: str) -> bool:
        said = next((value for name, value in node.items() if name.lower() == wire.ANYWHERE), True)
        flags: Sequence[object] = said if is_array(said) else [said]
        if not flags or not all(isinstance(one, bool) for one in flags):
            self._refuse(f"{path}.{wire.ANYWHERE}", "must be [true] or [false]")
        return False in flags

    def _operated(self, operator: str, said: object, path: str, scope: Scope, *, wild: bool) -> Node:  # noqa: PLR0917
        name = operator.lower()
        if name == "$not" and is_object(said):
            said = [said]
        if not is_array(said):
            known = name in _ONE or name in _SEVERAL or name in self._OTHERS
            return self._refuse(path, "must be a list of arguments" if known else "is not an operator")
        if name in _ONE:
            return self._one(_ONE[name], said, path, scope, wild=wild)
        if name in _SEVERAL:
            return self._several(_SEVERAL[name], said, path, scope, wild=wild)
        if name in self._OTHERS:
            return self._OTHERS[name](self, said, path, scope)
        return self._refuse(path, "is not an operator")

    # --- Comparisons -----------------------------------------------------------------------------------------

    def _one(self, test: How, said: Sequence[object], path: str, scope: Scope, *, wild: bool) -> Node:  # noqa: PLR0917
        if len(said) != 2:  # noqa: PLR2004 - a field and a value
            return self._refuse(path, f"takes a field and a value, and has {len(said)} arguments")
        return self._compared(test, said[0], [(said[1], f"{path}[1]")], path, scope, wild=wild)

    def _several(  # noqa: PLR0917
        self, test: How, said: Sequence[object], path: str, scope: Scope, *, wild: bool
    ) -> Node:
        if len(said) != 2 or not is_array(said[1]):  # noqa: PLR2004 - a field and a list
            return self._refuse(path, "takes a field and a list of values")
        most = wire.MOST_PARTS if test in _PARTS or wild else wire.MOST_VALUES
        if not 1 <= len(said[1]) <= most:
            return self._refuse(f"{path}[1]", f"must have between 1 and {most:,} values")
        values = [(value, f"{path}[1][{at}]") for at, value in enumerate(said[1])]
        return self._compared(test, said[0], values, path, scope, wild=wild)

    def _compared(  # noqa: PLR0917
        self, test: How, name: object, values: Sequence[tuple[object, str]], path: str, scope: Scope, *, wild: bool
    ) -> Node:
        field, turned = self._field_here(name, f"{path}[0]", scope)
        if field is None:
            return _NOTHING
        if field.sort is Sort.TIME:
            return turned(self._at_times(test, field, values, path))
        if test in _PARTS and field.sort is Sort.NUMBER:
            return self._refuse(path, f"{field.name} is a number and has no parts")
        part = test in _PARTS or wild
        read = [tuple(values_of(value, field, where, part=part, refusals=self._refusals)) for value, where in values]
        if test in _IN_ORDER and any(None in one for one in read):
            return self._refuse(path, "null is neither more nor less than anything")
        return turned(_comparison(test, field, read, wild=wild))

    def _at_times(self, test: How, field: Found, values: Sequence[tuple[object, str]], path: str) -> Node:  # noqa: PLR0917 - each as plain as the next
        if test in _PARTS:
            return self._refuse(path, f"{field.name} is a time and has no parts")
        spans = [one for value, where in values if (one := span_of(value, where, self._refusals)) is not None]
        if test in _IN_ORDER:
            return Both(tuple(Compare(field.name, test, (_edge(test, one),)) for one in spans))
        within = tuple(Between(field.name, one.first, one.last) for one in spans)
        if test is How.ALL:
            return Both(within)
        return Not(Either(within)) if test in {How.DIFFERS, How.NONE} else Either(within)

    def _range(self, said: Sequence[object], path: str, scope: Scope) -> Node:  # noqa: PLR0911 - one for each case
        flags = said[3:]
        if not _IN_RANGE[0] <= len(said) <= _IN_RANGE[1] or not all(isinstance(one, bool) for one in flags):
            return self._refuse(path, "takes a field, two values, and whether each of them is included")
        field, turned = self._field_here(said[0], f"{path}[0]", scope)
        if field is None:
            return _NOTHING
        with_low, with_high = flags[0] is not False if flags else True, flags[1] is not False if flags[1:] else True
        if field.sort is Sort.TIME:
            low, high = (span_of(said[at], f"{path}[{at}]", self._refusals) for at in (1, 2))
            if low is None or high is None:
                return _NOTHING
            first = low.first if with_low else low.last + 1
            return turned(Between(field.name, first, high.last if with_high else high.first - 1))
        ends = [next(self._end(said[at], field, f"{path}[{at}]"), None) for at in (1, 2)]
        if ends[0] is None or ends[1] is None or isinstance(ends[0], str) is not isinstance(ends[1], str):
            return self._refuse(path, "its two values must be of one sort")
        return turned(Between(field.name, ends[0], ends[1], with_low, with_high, field.ignore_case))

    def _end(self, value: object, field: Found, path: str) -> Iterator[str | int | float]:
        for one in values_of(value, field, path, part=False, refusals=self._refusals):
            if one is not None:
                yield one

    def _field_here(self, name: object, path: str, scope: Scope) -> tuple[Found | None, _Turn]:
        """The field, and what a question about it is to be wrapped in."""
        around = scope.around
        if around is not None and isinstance(name, str):
            own = find_field(self._blueprint, scope.char_type, name)
            of_hit = find_field(self._blueprint, around.char_type, name)
            if own is None and of_hit is not None:
                return of_hit, partial(Related, around.upwards, around.char_type)
        return self.field(name, path, scope), _as_it_is

    # --- What joins nodes ------------------------------------------------------------------------------------

    def _both(self, said: Sequence[object], path: str, scope: Scope) -> Node:
        return Both(self._nodes(said, path, scope))

    def _either(self, said: Sequence[object], path: str, scope: Scope) -> Node:
        return Either(self._nodes(said, path, scope))

    def _nodes(self, said: Sequence[object], path: str, scope: Scope) -> tuple[Node, ...]:
        if not said:
            self._refuse(path, "takes at least one node")
        within = said[: wire.MOST_NODES + 1]
        return tuple(self.node(one, f"{path}[{at}]", scope.deeper()) for at, one in enumerate(within))

    def _not(self, said: Sequence[object], path: str, scope: Scope) -> Node:
        if len(said) != 1:
            return self._refuse(path, f"takes one node, and has {len(said)}")
        return Not(self.node(said[0], f"{path}[0]", scope.deeper()))

    def _linked(self, said: Sequence[object], path: str, scope: Scope, *, as_child: bool) -> Node:
        if len(said) != 1:
            return self._refuse(path, f"takes one node, and has {len(said)}")
        if scope.char_type == RELATIONSHIP:
            return self._refuse(path, "cannot be asked of relationships")
        around = Related(upwards=not as_child, char_type=scope.char_type, node=_NOTHING)
        return Linked(as_child, self.node(said[0], f"{path}[0]", scope.beyond(RELATIONSHIP, around)))

    def _related(self, said: Sequence[object], path: str, scope: Scope, *, upwards: bool) -> Node:
        if len(said) != 2:  # noqa: PLR2004 - a char type and a node
            return self._refuse(path, f"takes a char type and a node, and has {len(said)} arguments")
        char_type = self._char_type(said[0], f"{path}[0]", of_records=True)
        return Related(upwards, char_type, self.node(said[1], f"{path}[1]", scope.beyond(char_type)))

    def _joined(self, said: Sequence[object], path: str, scope: Scope) -> Node:
        if len(said) != _IN_JOIN:
            return self._refuse(path, f"takes a char type, two fields and a node, and has {len(said)} arguments")
        char_type = self._char_type(said[0], f"{path}[0]", of_records=False)
        theirs = self.field(said[1], f"{path}[1]", Scope(char_type))
        ours = self.field(said[2], f"{path}[2]", scope)
        node = self.node(said[3], f"{path}[3]", scope.beyond(char_type))
        if theirs is None or ours is None:
            return _NOTHING
        for at, field in ((1, theirs), (2, ours)):
            if field.sort in {Sort.NAME, Sort.TIME}:
                self._refuse(f"{path}[{at}]", f"cannot be joined by {field.name}")
        return Joined(char_type, ours.name, theirs.name, node)

    def _char_type(self, value: object, path: str, *, of_records: bool) -> int:
        char_type = char_type_named(value)
        if char_type is None or (of_records and char_type == RELATIONSHIP):
            self._refuse(path, "must be the id of a char type")
            return RELATIONSHIP
        return char_type

    _OTHERS: ClassVar[Mapping[str, Callable[..., Node]]] = MappingProxyType(
        {
            "$range": _range,
            "$and": _both,
            "$or": _either,
            "$not": _not,
            "$join_parent_rel": partial(_linked, as_child=True),
            "$join_child_rel": partial(_linked, as_child=False),
            "$join_parent_entity": partial(_related, upwards=True),
            "$join_child_entity": partial(_related, upwards=False),
            "$join": _joined,
        }
    )
    """What takes more than a field and its values; called with the reader, what was said, path and scope."""


def _comparison(test: How, field: Found, read: Sequence[tuple[Value, ...]], *, wild: bool) -> Node:
    """The test, where each value that was sent may mean several."""

    def compare(how: How, values: Sequence[Value]) -> Compare:
        return Compare(field.name, how, tuple(values), field.ignore_case, wild, field.below)

    if test in _IN_ORDER:
        # What can be a number is compared as one.
        return Both(tuple(compare(test, one[-1:]) for one in read))
    if test is How.ALL:
        return Both(tuple(compare(How.ANY, one) for one in read))
    several = any(len(one) > 1 for one in read)
    return compare(_AS_LIST.get(test, test) if several else test, [value for one in read for value in one])


def _edge(test: How, span: Span) -> int:
    return span.last if test in {How.OVER, How.UP_TO} else span.first


def _as_it_is(node: Node) -> Node:
    return node
