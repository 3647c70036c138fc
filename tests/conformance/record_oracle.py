"""What a search among records means, in plain Python, worked out from the records themselves."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from muster.domain.records.char_types import RELATIONSHIP, RecordRef
from muster.domain.records.record import Link, Record
from muster.domain.records.search import Between, Both, Compare, Either, How, Joined, Linked, Node, Not, Related

Asked = str | int | float


class Single(NamedTuple):
    """A single value: how it reads, and its number if it has one."""

    text: str
    digits: float | None


class World(NamedTuple):
    """Everything a tenant has."""

    records: Mapping[RecordRef, Record]
    links: Sequence[Link]


Row = Record | Link


def hits(world: World, char_type: int, node: Node | None, keywords: str = "") -> list[int]:  # noqa: PLR0917 - each as plain as the next
    """The numbers of what matches, ascending."""
    rows: Iterable[Row] = world.links if char_type == RELATIONSHIP else world.records.values()
    return sorted(
        _number(row)
        for row in rows
        if (isinstance(row, Link) or row.ref.char_type == char_type)
        and (node is None or holds(world, row, node))
        and all(_has_word(row, word) for word in keywords.split())
    )


def holds(world: World, row: Row, node: Node) -> bool:  # noqa: C901, PLR0911 - one case for each node
    """Whether the node is true of the row."""
    match node:
        case Both():
            return all(holds(world, row, one) for one in node.nodes)
        case Either():
            return any(holds(world, row, one) for one in node.nodes)
        case Not():
            return not holds(world, row, node.node)
        case Compare():
            return _compared(singles(row, node.field), node)
        case Between():
            return any(_between(single, node) for single in singles(row, node.field))
        case Linked():
            return any(
                holds(world, link, node.node)
                for link in world.links
                if isinstance(row, Record) and _end(link, up=node.as_child)[0] == row.ref
            )
        case Related():
            return any(
                other.char_type == node.char_type and holds(world, world.records[other], node.node)
                for other in _others(world, row, up=node.upwards)
            )
        case Joined():
            return _joined(world, row, node)


def singles(row: Row, field: str) -> list[Single]:
    """The values of a field."""
    fixed = _fixed(row)
    if field in fixed:
        value = fixed[field]
        return [Single(value, None) if isinstance(value, str) else Single(str(value), value)]
    kept = row.values.get(field, []) if isinstance(row, Record) else []
    return [_single(one) for one in (kept if isinstance(kept, list) else [kept])]


def _single(value: object) -> Single:
    if isinstance(value, dict):
        return Single(value["value"], value["id"]) if "id" in value else _single(value["locAmt"])
    if isinstance(value, int | Decimal):
        return Single(str(value), float(value))
    return Single(str(value), None)


def _fixed(row: Row) -> Mapping[str, str | int]:
    if isinstance(row, Link):
        return {
            "relrecid": row.number,
            "relind": row.kind,
            "parentchartypeid": row.parent.char_type,
            "parentrecordid": row.parent.number,
            "childchartypeid": row.child.char_type,
            "childrecordid": row.child.number,
            "sequencenumber": row.sequence,
        }
    return {
        "recordid": row.ref.number,
        "chartypeid": row.ref.char_type,
        "title": row.title,
        "recrevid": row.revision,
        "templateid": row.template,
        "statusid": row.status,
        "created_by": row.created.by,
    }


def _number(row: Row) -> int:
    return row.number if isinstance(row, Link) else row.ref.number


def _has_word(row: Row, word: str) -> bool:
    assert isinstance(row, Record)
    texts = [row.title, *(one.text for label in row.values for one in singles(row, label))]
    return any(word.lower() in text.lower() for text in texts)


def _others(world: World, row: Row, *, up: bool) -> list[RecordRef]:
    """The records above a record, or below it; of a relationship, the one at its end."""
    if isinstance(row, Link):
        return [row.parent if up else row.child]
    return [there for link in world.links for here, there in [_end(link, up=up)] if here == row.ref]


def _end(link: Link, *, up: bool) -> tuple[RecordRef, RecordRef]:
    return (link.child, link.parent) if up else (link.parent, link.child)


def _joined(world: World, row: Row, node: Joined) -> bool:
    there = hits(world, node.char_type, node.node)
    rows: Mapping[int, Row] = (
        {link.number: link for link in world.links}
        if node.char_type == RELATIONSHIP
        else {ref.number: one for ref, one in world.records.items() if ref.char_type == node.char_type}
    )
    theirs = {single.text for number in there for single in singles(rows[number], node.theirs)}
    return any(single.text in theirs for single in singles(row, node.ours))


def _compared(values: Sequence[Single], node: Compare) -> bool:
    if node.test in _ORDERED:
        return any(_in_order(single, node.test, one, node.ignore_case) for single in values for one in node.values)
    contains = node.test in {
        How.CONTAINS, How.LACKS, How.CONTAINS_ANY, How.CONTAINS_NONE, How.CONTAINS_ALL
    }  # fmt: skip

    def test(asked: Asked | bool | None) -> bool:  # noqa: FBT001 - a value
        if asked is None:
            return not values
        return any(_same(single, asked, node, contains=contains) for single in values)

    found = [test(one) for one in node.values]
    if node.test in {How.ALL, How.CONTAINS_ALL}:
        return all(found)
    if node.test in {How.DIFFERS, How.LACKS, How.NONE, How.CONTAINS_NONE}:
        return not any(found)
    return any(found)


_ORDERED: Mapping[How, Callable[[float, float], bool]] = {
    How.OVER: lambda a, b: a > b,
    How.FROM: lambda a, b: a >= b,
    How.UNDER: lambda a, b: a < b,
    How.UP_TO: lambda a, b: a <= b,
}


def _in_order(single: Single, test: How, asked: object, ignore_case: bool) -> bool:  # noqa: PLR0917, FBT001 - one of four
    if isinstance(asked, bool):
        asked = "Yes" if asked else "No"
    if asked is None:
        return False
    if isinstance(asked, str):
        pair = (single.text.lower(), asked.lower()) if ignore_case else (single.text, asked)
        return _ORDERED[test](*pair)  # type: ignore[arg-type]  # texts have an order, too
    return single.digits is not None and _ORDERED[test](single.digits, float(asked))  # type: ignore[arg-type]


def _between(single: Single, node: Between) -> bool:
    low, high = How.FROM if node.with_low else How.OVER, How.UP_TO if node.with_high else How.UNDER
    return _in_order(single, low, node.low, node.ignore_case) and _in_order(single, high, node.high, node.ignore_case)


def _same(single: Single, asked: Asked | bool, node: Compare, *, contains: bool) -> bool:  # noqa: FBT001 - a value
    if isinstance(asked, bool):
        asked = "Yes" if asked else "No"
    if not isinstance(asked, str):
        return not contains and single.digits == float(asked)
    text, words = (single.text.lower(), asked.lower()) if node.ignore_case else (single.text, asked)
    if node.wild and "*" in words:
        words = f"*{words}*" if contains else words
        return re.fullmatch(".*".join(map(re.escape, words.split("*"))), text, re.DOTALL) is not None
    return words in text if contains else words == text
