"""What people call things, turned into what records hold: names of templates and statuses, values above others.

The store knows templates and statuses by their ids, and nothing of lists.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import msgspec

from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import RELATIONSHIP
from muster.domain.records.search import Between, Both, Compare, Either, How, Joined, Linked, Node, Not, Related
from muster.domain.records.template import PickList, Template

_Value = str | int | float | bool | None
_Test = Callable[[str, int], bool]
"""Whether something with a name and an id is as asked."""
_NOTHING = Compare("recordid", How.ANY, ())
_NEGATIVE = frozenset({How.DIFFERS, How.NONE, How.LACKS, How.CONTAINS_NONE})
_EVERY = frozenset({How.ALL, How.CONTAINS_ALL})
_PARTS = frozenset({How.CONTAINS, How.CONTAINS_ANY, How.CONTAINS_ALL, How.LACKS, How.CONTAINS_NONE})
_WHOLE = frozenset({How.EQUALS, How.DIFFERS, How.ANY, How.NONE, How.ALL})


def by_id(node: Node, blueprint: Blueprint, char_type: int) -> Node:
    """The node as the store understands it, asked of records of a char type (0: of relationships)."""
    match node:
        case Both() | Either():
            return type(node)(tuple(by_id(one, blueprint, char_type) for one in node.nodes))
        case Not():
            return Not(by_id(node.node, blueprint, char_type))
        case Linked():
            return msgspec.structs.replace(node, node=by_id(node.node, blueprint, RELATIONSHIP))
        case Related() | Joined():
            return msgspec.structs.replace(node, node=by_id(node.node, blueprint, node.char_type))
        case Compare() | Between():
            return node if char_type == RELATIONSHIP else _leaf(node, blueprint, char_type)


def _leaf(node: Compare | Between, blueprint: Blueprint, char_type: int) -> Node:
    templates = [one for one in blueprint.templates if one.char_type == char_type]
    if node.field == "template":
        return _asked(node, lambda test: _templates(templates, test))
    if node.field == "status":
        return _asked(node, lambda test: _statuses(blueprint, templates, test))
    if isinstance(node, Compare) and node.below and node.test in _WHOLE:
        return _with_those_below(node, list(_lists(blueprint, templates, node.field)))
    return node


# --- Names -------------------------------------------------------------------------------------------------------


def _asked(node: Compare | Between, those: Callable[[_Test], Node]) -> Node:
    """Those whose name is as asked, or all others."""
    if isinstance(node, Between):
        return those(lambda name, _: _between(name, node))
    found = those(lambda name, id_: _named(name, id_, node))
    return Not(found) if node.test in _NEGATIVE else found


def _templates(templates: Iterable[Template], test: _Test) -> Node:
    return Compare("templateid", How.ANY, tuple(one.id for one in templates if test(one.name, one.id)))


def _statuses(blueprint: Blueprint, templates: Iterable[Template], test: _Test) -> Node:
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for template in templates:
        statuses = blueprint.process_of(template).statuses
        alike[tuple(sorted(one.id for one in statuses if test(one.name, one.id)))].append(template.id)
    if len(alike) == 1:
        # Whatever the template: the store has one condition less to look at.
        return Compare("statusid", How.ANY, next(iter(alike)))
    found = [
        Both((Compare("templateid", How.ANY, tuple(ids)), Compare("statusid", How.ANY, statuses)))
        for statuses, ids in alike.items()
        if statuses
    ]
    return Either(tuple(found)) if found else _NOTHING


def _named(name: str, id_: int, node: Compare) -> bool:
    """Whether the name is as asked, negation aside; a number asks for the id."""
    every = all if node.test in _EVERY else any
    return every(_is(name, id_, value, node) for value in node.values)


def _is(name: str, id_: int, value: _Value, node: Compare) -> bool:  # noqa: PLR0911, PLR0917 - one for each case
    if not isinstance(value, str):
        return value is not None and node.test not in _PARTS and id_ == value
    stands, words = (name.lower(), value.lower()) if node.ignore_case else (name, value)
    match node.test:
        case How.OVER:
            return stands > words
        case How.FROM:
            return stands >= words
        case How.UNDER:
            return stands < words
        case How.UP_TO:
            return stands <= words
        case _:
            return _fits(stands, words, parts=node.test in _PARTS, wild=node.wild)


def _fits(stands: str, words: str, *, parts: bool, wild: bool) -> bool:
    if not wild or "*" not in words:
        return words in stands if parts else words == stands
    pieces = (f"*{words}*" if parts else words).split("*")
    first, last = pieces[0], pieces[-1]
    if len(stands) < len(first) + len(last) or not (stands.startswith(first) and stands.endswith(last)):
        return False
    at, end = len(first), len(stands) - len(last)
    for piece in pieces[1:-1]:
        found = stands.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _between(name: str, node: Between) -> bool:
    low, high = str(node.low), str(node.high)
    stands, low, high = (text.lower() if node.ignore_case else text for text in (name, low, high))
    return (low < stands or (node.with_low and low == stands)) and (
        stands < high or (node.with_high and stands == high)
    )


# --- Lists -------------------------------------------------------------------------------------------------------


def _lists(blueprint: Blueprint, templates: Iterable[Template], label: str) -> Iterable[PickList]:
    """The lists that a field's values come from, whatever the template."""
    fields = (template.by_label.get(label) for template in templates)
    ids = dict.fromkeys(field.pick_list for field in fields if field is not None)
    return [blueprint.list_by_id[one] for one in ids if one is not None and one in blueprint.list_by_id]


def _with_those_below(node: Compare, lists: Sequence[PickList]) -> Node:
    """A value stands for itself and for every value below it, each of which is as good."""
    if node.test is How.ALL:
        each = (msgspec.structs.replace(node, test=How.ANY, values=(value,)) for value in node.values)
        return Both(tuple(_with_those_below(one, lists) for one in each))
    meant = [below for value in node.values for one in lists for below in _below(one, value)]
    test = How.NONE if node.test in _NEGATIVE else How.ANY
    return msgspec.structs.replace(node, test=test, values=tuple(dict.fromkeys((*node.values, *meant))), below=False)


def _below(options: PickList, value: _Value) -> Iterable[int]:
    """The ids of the values that are meant, and of all below them."""
    begin = [one.id for one in options.options if not isinstance(value, bool) and value in {one.id, one.label}]
    seen: dict[int, None] = {}
    while begin:
        id_ = begin.pop()
        if id_ not in seen and id_ in options.by_id:
            seen[id_] = None
            begin.extend(options.by_id[id_].children)
    return seen
