"""Draws batches of what may be asked of the naive record store: mostly good ones, lest all end as failures."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from tests.fakes.naive_values import PATHS, TEMPLATES, Json

Strategy = st.SearchStrategy[Any]
"""Draws JSON."""
_FIRST = 4
"""Of how many records of each type there is talk from the start."""
_NUMBERS = st.sampled_from([*range(1, _FIRST + 1)] * 4 + [_FIRST + 1, _FIRST + 2])
_ALL_OR_NONE = st.sampled_from([True, True, True, False])
_LINKS: Strategy = st.sampled_from([*range(1, 8)] * 3 + [8, 9]).map(lambda number: {"id": number})
_TYPES = st.sampled_from([1, 2, 3])
_CHILD_TYPES = st.sampled_from([3, 3, 1, 2])
_KINDS = st.sampled_from([0] * 10 + [9] * 5 + [24] * 3 + [77])
_TITLES = st.sampled_from(["One", "Two", "Three", "Four", "", "x" * 501])
_LABELS = {
    1: ["code", "year", "genre", "fixed", "delivery", "city"],
    2: ["city", "live", "genre", "code"],
    3: ["note", "city", "genre", "year", "delivery"],
}
_GENRE = st.sampled_from(
    ["Drama", "Comedy", "Horror", "Nope", {"id": 13}, {"id": 21}, {"xref": "DRA"}, {"value": "Horror"}]
)
_RAW: Mapping[str, Strategy] = {
    "code": st.sampled_from(["A", "ABCDE", "ABCDEF", "", None, ["A"], ["A", "B"]]),
    "year": st.sampled_from([1999, "2024", "20x6", 999, None]),
    "genre": _GENRE | st.lists(_GENRE, max_size=3, unique_by=json.dumps),
    "fixed": st.sampled_from(["as made", "otherwise"]),
    "delivery": st.sampled_from(["2024-02-29", "02/29/2024", "2023-02-29", "soon", None]),
    "city": st.sampled_from(["Oslo", "Rome", "", None]),
    "live": st.sampled_from([True, "No", {"id": 2}, "perhaps", None]),
    "note": st.just("n"),
}
_GOOD: Mapping[tuple[int, int], Json] = {
    (1, 1): {"code": "OK", "year": 1999, "genre": ["Drama", "Horror"], "fixed": "as made"},
    (2, 1): {"city": "Oslo", "live": True},
    (2, 2): {"city": "Oslo", "genre": ["Horror"]},
    (3, 1): {"note": "n", "city": "Rome", "genre": ["Drama"], "year": "1999"},
    (3, 2): {"delivery": "2024-02-29"},
}


def _rarely(draw: st.DrawFn, one_in: int) -> bool:
    # Shrinks to the common case.
    return draw(st.integers(0, one_in - 1)) == one_in - 1


def _template(draw: st.DrawFn, char_type: int) -> int:
    """One of those that there are, as a rule."""
    return 8 if _rarely(draw, 10) else draw(st.sampled_from([number for one, number in TEMPLATES if one == char_type]))


# --- Entries -----------------------------------------------------------------------------------------------------


@st.composite
def _content(draw: st.DrawFn, char_type: int, *, likely: bool) -> Json:
    """Values; mostly with the required ones where they must be for the record to be of use afterwards."""
    labels = draw(st.lists(st.sampled_from(_LABELS[char_type]), max_size=3, unique=True))
    values = {label: draw(_RAW[label]) for label in labels}
    required = {1: {"code": "OK"}, 2: {"city": "Oslo"}}.get(char_type, {})
    return values | required if likely and not _rarely(draw, 4) else values


@st.composite
def _good(draw: st.DrawFn, char_type: int) -> Json:
    """A record that can be made."""
    number = draw(st.sampled_from([number for one, number in TEMPLATES if one == char_type]))
    title = draw(st.sampled_from(["One", "Two"]))
    return {"title": title, "template": {"templateId": number}, "characteristics": _GOOD[char_type, number]}


@st.composite
def _created(draw: st.DrawFn, char_type: int) -> Json:
    one: Json = draw(_good(char_type))
    if draw(st.booleans()):
        one["characteristics"] = draw(_content(char_type, likely=True))
    if _rarely(draw, 5):
        one["template"] = {"templateId": _template(draw, char_type)}
    if _rarely(draw, 12):
        del one["template"]
    if _rarely(draw, 5):
        one["title"] = draw(_TITLES)
    if _rarely(draw, 10):
        del one["title"]
    if _rarely(draw, 4):
        one["parentRelationship"] = draw(st.lists(_parent(), max_size=2))
    return one | _reference(draw)


def _reference(draw: st.DrawFn) -> Json:
    return {"referenceId": draw(st.sampled_from(["a", "b"]))} if _rarely(draw, 3) else {}


@st.composite
def _parent(draw: st.DrawFn) -> Json:
    kind = draw(_KINDS)
    one: Json = {"parentCharTypeId": draw(_TYPES), "parentRecordId": draw(_NUMBERS)}
    return one | ({"relationshipType": {"relationshipTypeId": kind}} if kind else {})


@st.composite
def _updated(draw: st.DrawFn, char_type: int) -> Json:
    one: Json = draw(_named())
    if draw(st.booleans()):
        one["parentRelationship"] = draw(st.lists(_parent(), max_size=1))
        one["relationshipUpdateRules"] = draw(_rules())
        if not _rarely(draw, 4):
            return one
    if draw(st.booleans()):
        one["title"] = draw(_TITLES)
    if draw(st.booleans()):
        one["characteristics"] = draw(_content(char_type, likely=False))
    if _rarely(draw, 8):
        one["template"] = {"templateId": _template(draw, char_type)}
    return one


@st.composite
def _rules(draw: st.DrawFn) -> Json:
    """What becomes of parents that an update does not name."""
    spared = st.fixed_dictionaries({"parentEntityType": _TYPES}, optional={"parentEntityTemplateIds": st.just([2])})
    rule = draw(st.sampled_from(["ReplaceAll", "ReplaceAll", "AddUpdateOnly"]))
    return {"rule": rule, "exceptions": draw(st.lists(spared, max_size=1))}


@st.composite
def _acted(draw: st.DrawFn, _char_type: int) -> Json:
    action = {} if _rarely(draw, 20) else {"actionId": draw(st.sampled_from([1, 2, 2, 3, 5, 7, 8, 9, 95]))}
    return draw(_named()) | action


@st.composite
def _copied(draw: st.DrawFn, char_type: int) -> Json:
    one: Json = draw(_named())
    to = draw(_TYPES) if _rarely(draw, 3) else char_type
    if to != char_type or _rarely(draw, 6):
        one["charTypeId"] = to
    if draw(st.booleans()):
        one["title"] = draw(_TITLES)
    if to != char_type and not _rarely(draw, 3):
        made = draw(_good(to))
        one |= {"template": made["template"], "characteristics": made["characteristics"]}
    elif _rarely(draw, 3):
        one["template"] = {"templateId": _template(draw, to)}
    if _rarely(draw, 3):
        one["characteristics"] = draw(_content(to, likely=True))
    if not _rarely(draw, 4 if to == char_type else 2):
        one["copyRelationships"] = draw(st.lists(_LINKS, max_size=2)) if _rarely(draw, 3) else draw(_ALL_OR_NONE)
    if _rarely(draw, 4):
        one["copyParties"] = False
    return one


@st.composite
def _related(draw: st.DrawFn) -> Json:
    one: Json = draw(_parent())
    kind = one.get("relationshipType", {}).get("relationshipTypeId", 0)
    party = kind in {9, 24} and not _rarely(draw, 6)
    return (
        one
        | {"childCharTypeId": 2 if party else draw(_CHILD_TYPES), "childRecordId": draw(_NUMBERS)}
        | _reference(draw)
    )


@st.composite
def _named(draw: st.DrawFn, _char_type: int = 0) -> Json:
    return {} if _rarely(draw, 20) else {"id": draw(_NUMBERS)}


# --- Batches -----------------------------------------------------------------------------------------------------

_ENTRY: Mapping[str, Callable[[int], Strategy]] = {
    "GET": _named,
    "POST": _created,
    "PUT": _updated,
    "DELETE": _named,
    "EXECUTE-WORKFLOW": _acted,
    "COPY": _copied,
}
_METHODS = st.sampled_from([*_ENTRY, "COPY", "COPY", "EXECUTE-WORKFLOW", "EXECUTE-WORKFLOW", "PUT", "DELETE"])


@st.composite
def founding(draw: st.DrawFn) -> Json:
    """The batch that makes what all others are about."""
    records: Json = {}
    for char_type in PATHS:
        made = [_created(char_type) if _rarely(draw, 8) else _good(char_type) for _ in range(_FIRST)]
        records[str(char_type)] = [draw(one) for one in made]
    return {"method": "POST", "records": records, "relationships": draw(st.lists(_related(), min_size=8, max_size=16))}


@st.composite
def settling(draw: st.DrawFn) -> Json:
    """The batch after it: some records move on, so that there are locked ones and such that are kept."""
    records: Json = {}
    for char_type, actions, most in ((1, [2, 3, 7, 9], 2), (2, [2], 1), (3, [2, 3], 1)):
        moved = draw(st.lists(st.integers(1, _FIRST), min_size=1, max_size=most, unique=True))
        records[str(char_type)] = [{"id": number, "actionId": draw(st.sampled_from(actions))} for number in moved]
    return {"method": "EXECUTE-WORKFLOW", "records": records}


@st.composite
def a_batch(draw: st.DrawFn) -> Json:
    """Any other batch, of any method except amortization."""
    method = draw(_METHODS)
    records: Json = {}
    for char_type in draw(st.lists(_TYPES, max_size=3, unique=True)):
        records[str(char_type)] = draw(st.lists(_ENTRY[method](char_type), min_size=1, max_size=5))
    body: Json = {"method": method, "records": records}
    if method in {"GET", "POST", "DELETE"} and (not records or draw(st.booleans())):
        link: Strategy = _related() if method == "POST" else _LINKS
        body["relationships"] = draw(st.lists(link, min_size=1, max_size=4))
        if _rarely(draw, 20):
            body["relationships"][0].pop("id", None)
    elif not records:
        body["records"] = {"1": [draw(_ENTRY[method](1))]}
    options = {"cancelIfRecordFails": draw(st.booleans()), "validateOnly": _rarely(draw, 6)}
    if any(options.values()) or draw(st.booleans()):
        body["batchOptions"] = {name: chosen for name, chosen in options.items() if chosen or draw(st.booleans())}
    return body
