"""One small configuration of a record store, and which values its fields take, read from A8 in the plainest way."""

import json
from typing import Any

Json = dict[str, Any]

BLUEPRINT = """
title = "Naive"
company_currency = "USD"

[[lists]]
id = 1
name = "Genre"
values = [{ id = 11, label = "Drama", xref = "DRA" }, { id = 12, label = "Comedy" }, { id = 13, label = "Horror" }]

[[parties]]
id = 9
name = "Director"

[[processes]]
id = 4
name = "Production"
statuses = [
  { id = 1, name = "Development", actions = [2, 3] },
  { id = 2, name = "Locked", locked = true, deletable = false, actions = [1] },
  { id = 3, name = "Kept", deletable = false, actions = [1, 2, 5] },
]
actions = [
  { id = 1, name = "Back", initial = true, to = 1 },
  { id = 2, name = "Lock", to = 2 },
  { id = 3, name = "Keep", to = 3 },
  { id = 5, name = "Nothing" },
]

[[templates]]
type = "catalog-item"
id = 1
name = "Feature"
process = 4
[templates.fields]
code = { name = "Code", required = true, max_length = 5 }
year = { name = "Year", type = "year" }
genre = { name = "Genre", list = "Genre", multiple = true }
fixed = { name = "Fixed", editable = false }

[[templates]]
type = "contact"
id = 1
name = "Person"
[templates.fields]
city = { name = "City" }

[[templates]]
type = "right"
id = 1
name = "Window"
[templates.fields]
note = { name = "Note", copied = false }
city = { name = "City" }
"""
TEMPLATES = {1: "Feature", 2: "Person", 3: "Window"}
PATHS = {1: "catalog-item", 2: "contact", 3: "right"}
CONTACT, RIGHT = 2, 3
COMPONENTS = {RIGHT}
LONGEST_TITLE = 500
AVAILABLE = {1: [2, 3], 2: [1], 3: [1, 2, 5]}
"""The actions of catalog items, by status; nothing else has a process."""
LEADS_TO = {1: 1, 2: 2, 3: 3, 5: None}
LOCKED, UNDELETABLE = {2}, {2, 3}
GENRES: dict[int, tuple[str, str | None]] = {11: ("Drama", "DRA"), 12: ("Comedy", None), 13: ("Horror", None)}
FIELDS = {
    1: {"code": "Code", "year": "Year", "genre": "Genre", "fixed": "Fixed"},
    2: {"city": "City"},
    3: {"note": "Note", "city": "City"},
}
NOT_COPIED = {"note"}


def filled(char_type: int, before: Json, raw: Json) -> tuple[Json, list[str]]:
    """The values of a record once `raw` was written over those it had, and everything that is wrong with it."""
    values, faults = dict(before), list[str]()
    for label, given in raw.items():
        if label not in FIELDS[char_type]:
            faults.append(f"Invalid field found {label}.")
        elif given in (None, "", []):
            values.pop(label, None)
        else:
            faults += _set(values, label, given)
    if char_type == 1 and "code" not in values and not any("code" in fault for fault in faults):
        faults.append("Code (code) is required")
    return values, faults


def _set(values: Json, label: str, given: object) -> list[str]:
    """Write one value; what is wrong with it."""
    if label == "year":
        if not 1000 <= _number(given) <= 9999:
            return ["Invalid value found for year."]
        values[label] = _number(given)
    elif label == "genre":
        chosen = [_genre(one) for one in (given if isinstance(given, list) else [given])]
        if None in chosen:
            return ["Invalid value found for genre."]
        values[label] = chosen
    elif label == "code" and len(str(given)) > 5:
        return ["code exceeds the maximum length of 5."]
    else:
        values[label] = given
    return []


def _number(given: object) -> int:
    digits = str(given)
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _genre(given: object) -> Json | None:
    for number, (label, xref) in GENRES.items():
        if given in (label, {"id": number}, {"value": label}) or (xref and given == {"xref": xref}):
            return {"id": number, "value": label} | ({"xref": xref} if xref else {})
    return None


def title_faults(title: str) -> list[str]:
    """What is wrong with a title."""
    if not title:
        return ["Title is required"]
    too_long = f"Title exceeds the maximum length of {LONGEST_TITLE}."
    return [too_long] if len(title) > LONGEST_TITLE else []


def verdict(errors: dict[str, list[str]], *, status: int | None) -> str:
    """The validation object of A8.4. `status` None: there is no record yet, 0: it has no process."""
    order = ("TemplateValidation", "TitleValidation", "CharDataValidation", "RelationshipValidation")
    told = {
        "IsValid": False,
        "IsLocked": status in LOCKED,
        "IsDeletable": status is not None and status not in UNDELETABLE,
        "Errors": [{"Key": key, "Value": errors[key]} for key in order if errors.get(key)],
        "HasConflicts": False,
        "HasBlockingConflicts": False,
        "DbValidationErrors": [],
    }
    return json.dumps(told, separators=(",", ":"))
