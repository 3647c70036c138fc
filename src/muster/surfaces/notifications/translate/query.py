"""The query string of a list: conditions, order, which part, and what to show of the rows."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.query import Condition, Every, Order, Query
from muster.lookup.shelves import ShelfName
from muster.surfaces.notifications.translate import ids, rql
from muster.surfaces.notifications.translate.conditions import MOST_CONDITIONS, Conditions
from muster.surfaces.notifications.translate.fields import FIELDS, Fields
from muster.surfaces.notifications.translate.rql.refusals import UNKNOWN_PATH
from muster.surfaces.notifications.translate.rql.tree import All, Expression, Wrapped
from muster.surfaces.notifications.translate.select import Selection

DEFAULT_LIMIT: Final = 100
MOST_ROWS: Final = 1000
"""Of one page: who asks for more gets so many, and is told."""
MOST_KEYS: Final = 10
"""Of one order."""
_FARTHEST: Final = 2**53
_BUYERS: Final = "group.buyers.id"
_CONTROL: Final = re.compile(r"(limit|offset|select|order)=(.*)", re.DOTALL)
_WHOLE: Final = re.compile(r"-?[0-9]{1,30}")
_IGNORED: Final = "render()"
_SEVERAL: Final = "One or more validation errors occurred."


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller asks of a list."""

    query: Query
    selection: Selection
    buyer: int | None = None
    """Only contacts whose groups see this buyer; 0: a buyer that cannot exist."""
    most: int | None = None
    """How many rows a stream may have at most; None: all of them."""


class _Reading:
    """One query string, and the faults found in it."""

    def __init__(self, fields: Fields) -> None:
        self.faults: list[Fault] = []
        self.buyers: list[int] = []
        self._fields = fields

    def whole(self, controls: Mapping[str, str], name: str, *, least: int = 0) -> int | None:
        """The number that a control has; None where it has none."""
        text = controls.get(name)
        if text is None:
            return None
        if not _WHOLE.fullmatch(text) or int(text) < least:
            self.faults.append(
                Fault(name, "INVALID_VALUE", f"{name} must be a whole number of {max(0, least)} or more")
            )
            return None
        return min(int(text), _FARTHEST)

    def order(self, text: str) -> tuple[Order, ...]:
        """The sort keys."""
        keys: dict[str, Order] = {}
        for item in filter(None, map(str.strip, text.split(","))):
            path = item.lstrip("+- ")
            field = self._fields.fields.get(path)
            if field is None or not field.ordered:
                self.faults.append(Fault(path[:100] or item[:100], "INVALID_ORDER", UNKNOWN_PATH))
            else:
                keys.setdefault(field.name, Order(field.name, descending=item.startswith("-")))
            if len(keys) > MOST_KEYS or len(self.faults) > MOST_KEYS:
                self.faults.append(Fault("order", "TOO_MANY", f"An order has at most {MOST_KEYS} keys"))
                break
        return tuple(keys.values())

    def where(self, texts: Sequence[str], *, buyers: bool) -> Condition | None:
        """What all the expressions together ask for."""
        conditions = Conditions()
        found: list[Condition] = []
        for text in texts:
            try:
                parsed = rql.parse(text)
            except BadInput as error:
                self.faults += error.faults
                continue
            parts = parsed.of if isinstance(parsed, All) else (parsed,)
            plain = [one for one in parts if not (buyers and self._is_buyer(one))]
            found += [conditions.read(one, self._fields) for one in plain]
        self.faults += conditions.faults
        return found[0] if len(found) == 1 else Every(tuple(found)) if found else None

    def _is_buyer(self, expression: Expression) -> bool:
        """Note the buyer where the expression is one."""
        if not isinstance(expression, Wrapped):
            return False
        if expression.path == _BUYERS:
            self.buyers.append(ids.read("BUY", expression.value.text or "") or 0)
        else:
            self.faults.append(Fault(expression.path[:100], "INVALID_EXPRESSION", UNKNOWN_PATH))
        return True


def read_query(shelf: ShelfName, raw: bytes, *, streaming: bool = False, buyers: bool = False) -> Asked:
    """What the query string asks for; `buyers`: whether it may ask for a buyer's. Raises BadInput with every fault."""
    controls, expressions = _sorted(raw)
    reading = _Reading(FIELDS[shelf])
    limit = reading.whole(controls, "limit", least=-1 if streaming else 0)
    offset = reading.whole(controls, "offset") or 0
    order = reading.order(controls.get("order", ""))
    where = reading.where(expressions, buyers=buyers)
    if len(set(reading.buyers)) > 1:
        reading.faults.append(Fault(_BUYERS, "INVALID_EXPRESSION", "Only one buyer can be named"))
    if reading.faults:
        messages = {fault.message for fault in reading.faults}
        raise BadInput(messages.pop() if len(messages) == 1 else _SEVERAL, reading.faults)
    page = min(DEFAULT_LIMIT if limit is None else limit, MOST_ROWS)
    return Asked(
        query=Query(where=where, order=order, offset=offset, limit=max(0, page)),
        selection=_selection(shelf, controls),
        buyer=reading.buyers[0] if reading.buyers else None,
        most=None if limit is None or limit < 0 else limit,
    )


def read_selection(shelf: ShelfName, raw: bytes) -> Selection:
    """What of one object the query string asks for; whatever else stands in it is ignored. Raises BadInput."""
    return _selection(shelf, _sorted(raw)[0])


def _selection(shelf: ShelfName, controls: Mapping[str, str]) -> Selection:
    return Selection(shelf, controls.get("select", "").split(","))


def _sorted(raw: bytes) -> tuple[Mapping[str, str], Sequence[str]]:
    """The controls of a query string, the last of each name, and its expressions."""
    controls: dict[str, str] = {}
    expressions: list[str] = []
    for part in map(rql.decode, rql.split(raw)):
        control = _CONTROL.fullmatch(part)
        if control is not None:
            controls[control[1]] = control[2]
        elif part != _IGNORED and part.strip():
            expressions.append(part)
    if len(expressions) > MOST_CONDITIONS:
        message = f"A query has at most {MOST_CONDITIONS} conditions"
        raise BadInput(message, [Fault("query", "TOO_MANY", message)])
    return controls, expressions
