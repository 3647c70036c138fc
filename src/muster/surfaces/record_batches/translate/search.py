"""Searches: from bodies to our search, and from hits to answers (specification B1, B2)."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from zlib import crc32

import msgspec
from msgspec import UNSET, UnsetType

from muster.domain.errors import BadInput
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import RELATIONSHIP
from muster.domain.records.record import LinkView, View
from muster.domain.records.search import MOST_ROWS, Both, Node, Order, Search
from muster.ports.store.records import Found
from muster.surfaces.bodies import is_array
from muster.surfaces.record_batches.translate.bodies import Fields, whole
from muster.surfaces.record_batches.translate.entities import render_entity
from muster.surfaces.record_batches.translate.relationships import render_link
from muster.surfaces.record_batches.translate.search_fields import Refusals, Sort, shown
from muster.surfaces.record_batches.translate.search_nodes import Reader, Scope
from muster.surfaces.record_batches.wire import search as wire

_REFUSED = "The search is not valid."
_SORTED_BY = {"template": "templateid", "status": "statusid"}
_DIRECTIONS = {"asc": False, "desc": True}
_BY_NUMBER = frozenset({Sort.NUMERIC})


class Asked(msgspec.Struct, frozen=True):
    """A search as it was asked for. `token` is what was sent to continue from; None: nothing was."""

    search: Search
    token: str | None


def read_search(body: Fields, char_type: int, blueprint: Blueprint) -> Asked:
    """The search among the records of a char type (0: among relationships). Raises BadInput with every fault."""
    refusals = Refusals()
    reader = Reader(blueprint, refusals)
    order = _order(body.get("sortOrders"), reader, char_type, refusals)
    token = _token(body.get("cursorToken"), refusals)
    asked = Search(
        char_type=char_type,
        keywords=_keywords(body.get("keywords"), char_type, refusals),
        node=_node(body, reader, char_type),
        start=0 if token is not None else _count(body, "start", 0, refusals),
        rows=min(_count(body, "rows", wire.DEFAULT_ROWS, refusals), MOST_ROWS),
        order=order,
        after=_after(token, order, refusals),
    )
    if refusals.faults:
        raise BadInput(_REFUSED, refusals.faults)
    return Asked(asked, token)


def render_entities(found: Found[View], asked: Asked, *, extended: bool) -> wire.FoundEntities:
    """The answer to a search among records."""
    return wire.FoundEntities(
        num_found=found.total,
        entities=[render_entity(one, extended=extended) for one in found.hits],
        cursor_token=_next_token(found.after, asked),
    )


def render_links(found: Found[LinkView], asked: Asked) -> wire.FoundRelationships:
    """The answer to a search among relationships."""
    return wire.FoundRelationships(
        num_found=found.total,
        entities=[render_link(one) for one in found.hits],
        cursor_token=_next_token(found.after, asked),
    )


def _node(body: Fields, reader: Reader, char_type: int) -> Node | None:
    nodes: list[Node] = []
    query = body.get("query")
    if query is not None and query != {}:
        nodes.append(reader.node(query, "query", Scope(char_type)))
    for name, upwards in (("parentQuery", True), ("childQuery", False)):
        side = body.get(name)
        if side is not None:
            nodes.extend(reader.side(side, name, upwards=upwards))
    if not nodes:
        return None
    return nodes[0] if len(nodes) == 1 else Both(tuple(nodes))


def _keywords(value: object, char_type: int, refusals: Refusals) -> str:
    if value is None or value == "":
        return ""
    if not isinstance(value, str):
        refusals.note("keywords", "must be a text")
    elif char_type == RELATIONSHIP:
        refusals.note("keywords", "relationships have no words")
    elif len(value) > wire.LONGEST_KEYWORDS or len(value.split()) > wire.MOST_WORDS:
        refusals.note("keywords", f"must have up to {wire.MOST_WORDS} words of {wire.LONGEST_KEYWORDS} characters")
    elif any("\ud800" <= one <= "\udfff" for one in value):
        refusals.note("keywords", "must not have halves of surrogate pairs")
    else:
        return value
    return ""


def _count(body: Fields, name: str, usual: int, refusals: Refusals) -> int:  # noqa: PLR0917 - each as plain as the next
    given = body.get(name)
    if given is None:
        return usual
    count = whole(given)
    if count is None or not 0 <= count <= wire.LARGEST_START:
        refusals.note(name, f"must be a whole number between 0 and {wire.LARGEST_START:,}")
        return usual
    return count


def _order(value: object, reader: Reader, char_type: int, refusals: Refusals) -> tuple[Order, ...]:  # noqa: PLR0917 - each as plain as the next
    asked: Sequence[object] = value if is_array(value) else [] if value is None or value == "" else [value]
    if len(asked) > wire.MOST_ORDERS:
        refusals.note("sortOrders", f"must not have more than {wire.MOST_ORDERS}")
        return ()
    read = (_sort_key(one, f"sortOrders[{at}]", reader, char_type, refusals) for at, one in enumerate(asked))
    return tuple({key.field: key for key in reversed([one for one in read if one is not None])}.values())[::-1]


def _sort_key(  # noqa: PLR0917 - one of a list
    value: object, path: str, reader: Reader, char_type: int, refusals: Refusals
) -> Order | None:
    words = value.split() if isinstance(value, str) else []
    descending = _DIRECTIONS.get(words[1].lower()) if len(words) == 2 else False  # noqa: PLR2004 - field, direction
    if not 1 <= len(words) <= 2 or descending is None:  # noqa: PLR2004
        refusals.note(path, 'must be a field and "asc" or "desc"')
        return None
    field = reader.field(words[0], path, Scope(char_type))
    if field is None:
        return None
    return Order(_SORTED_BY.get(field.name, field.name), descending, numeric=field.sort in _BY_NUMBER)


def _token(value: object, refusals: Refusals) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and len(value) <= wire.LONGEST_TOKEN:
        return value
    refusals.note("cursorToken", f'must be "{wire.START}", or what an earlier answer gave')
    return None


def _after(token: str | None, order: Sequence[Order], refusals: Refusals) -> tuple[object, ...] | None:
    if token is None or token == wire.START:
        return None
    try:
        known, keys = msgspec.json.decode(urlsafe_b64decode(token.encode()), type=tuple[int, list[_Key]])
    except (msgspec.MsgspecError, binascii.Error, UnicodeError, ValueError):
        refusals.note("cursorToken", f'must be "{wire.START}", or what an earlier answer gave')
        return None
    if known != _sign(order) or len(keys) != len(order) + 1:
        refusals.note("cursorToken", "belongs to a search with other sortOrders")
        return None
    return tuple(keys)


_Key = str | int | float | None


def _next_token(after: tuple[object, ...] | None, asked: Asked) -> str | UnsetType:
    """Where the next part begins. Behind the last hit it stays the same."""
    if asked.token is None:
        return UNSET
    if after is None:
        return asked.token
    return urlsafe_b64encode(msgspec.json.encode((_sign(asked.search.order), after))).decode()


def _sign(order: Sequence[Order]) -> int:
    return crc32(shown_order(order).encode())


def shown_order(order: Sequence[Order]) -> str:
    """The sort keys in one line."""
    return ",".join(f"{shown(one.field)} {one.descending} {one.numeric}" for one in order)
