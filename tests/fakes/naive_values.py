"""One small configuration of a record store, and which values its fields take, read from A8 in the plainest way."""

import json
import tomllib
from datetime import datetime
from typing import Any

Json = dict[str, Any]

BLUEPRINT = """
title = "Naive"
company_currency = "USD"
lists = [
  { id = 1, name = "Genre", values = [
    { id = 11, label = "Drama", xref = "DRA" }, { id = 12, label = "Comedy" }, { id = 13, label = "Horror" } ] },
  { id = 2, name = "Mood", values = [{ id = 21, label = "Drama" }, { id = 22, label = "Horror", xref = "H" }] },
]
parties = [{ id = 9, name = "Director" }, { id = 24, name = "Watcher" }]
roles = [{ id = 1, name = "Legal", members = ["owner"] }]

[[processes]]
id = 4
name = "Production"
statuses = [
  { id = 1, name = "Development", actions = [2, 3, 7, 9] },
  { id = 2, name = "Locked", locked = true, deletable = false, actions = [1] },
  { id = 3, name = "Kept", deletable = false, actions = [1, 2, 5, 8] },
]
actions = [
  { id = 1, name = "Back", initial = true, to = 1 },
  { id = 2, name = "Lock", to = 2 },
  { id = 3, name = "Keep", to = 3 },
  { id = 5, name = "Nothing" },
  { id = 7, name = "Keep quietly", chained = [3, { process = 5, action = 2 }, 5] },
  { id = 8, name = "Back, then lock", to = 1, chained = [5, 2] },
  { id = 9, name = "Judge", roles = [1], chained = [7] },
]

[[processes]]
id = 5
name = "Companies"
statuses = [{ id = 1, name = "Active", actions = [2] }, { id = 4, name = "Frozen", locked = true, actions = [1] }]
actions = [{ id = 1, name = "Thaw", initial = true, to = 1 }, { id = 2, name = "Freeze", to = 4 }]

[[templates]]
type = "catalog-item"
id = 1
name = "Feature"
process = 4
children = ["catalog-item/1", "right/1", "right/2"]
[templates.fields]
code = { name = "Code", required = true, max_length = 5 }
year = { name = "Year", type = "year" }
genre = { name = "Genre", list = 1, multiple = true }
fixed = { name = "Fixed", editable = false }
delivery = { name = "Delivery", type = "date" }

[[templates]]
type = "contact"
id = 1
name = "Person"
[templates.fields]
city = { name = "City" }
live = { name = "Live", type = "checkbox" }

[[templates]]
type = "contact"
id = 2
name = "Company"
process = 5
parents = ["catalog-item/1"]
[templates.fields]
city = { name = "City", required = true }
genre = { name = "Genre", list = 2, multiple = true }

[[templates]]
type = "right"
id = 1
name = "Window"
[templates.fields]
note = { name = "Note", copied = false }
city = { name = "City" }
genre = { name = "Genre", list = 2, multiple = true }
year = { name = "Year" }

[[templates]]
type = "right"
id = 2
name = "Option"
process = 4
[templates.fields]
delivery = { name = "Delivery", type = "date" }
"""
CONFIG = tomllib.loads(BLUEPRINT)
PATHS = {1: "catalog-item", 2: "contact", 3: "right"}
CONTACT, RIGHT = 2, 3
COMPONENTS = {RIGHT}
PARTIES = {one["id"] for one in CONFIG["parties"]}
LISTS: dict[int, list[Json]] = {one["id"]: one["values"] for one in CONFIG["lists"]}
YES_NO: list[Json] = [{"id": 1, "label": "Yes"}, {"id": 2, "label": "No"}]
TEMPLATES: dict[tuple[int, int], Json] = {
    (char_type, one["id"]): one
    for char_type, path in PATHS.items()
    for one in CONFIG["templates"]
    if one["type"] == path
}
PROCESSES: dict[int, Json] = {
    one["id"]: {key: {part["id"]: part for part in one[key]} for key in ("statuses", "actions")}
    for one in [*CONFIG["processes"], {"id": 0, "statuses": [{"id": 1, "actions": []}], "actions": []}]
}
LONGEST_TITLE = 500


class Unfit(Exception):
    """A value that a field does not take."""


def filled(template: Json, before: Json, raw: Json) -> tuple[Json, list[str]]:
    """The values of a record once `raw` was written over those it had, and everything that is wrong with it."""
    fields, values, faults = template["fields"], dict(before), dict[str, str]()
    for label, given in raw.items():
        if label not in fields:
            faults[label] = f"Invalid field found {label}."
        elif given in (None, "", []):
            values.pop(label, None)
        else:
            try:
                values[label] = _value(label, fields[label], given)
            except Unfit as unfit:
                faults[label] = str(unfit)
    for label, field in fields.items():
        if field.get("required") and label not in values and label not in faults:
            faults[label] = f"{field['name']} ({label}) is required"
    return values, list(faults.values())


def carried(before: Json, after: Json, values: Json) -> Json:
    """Those values of a record of one template that a copy of another template, or of the same one, has."""
    kept: Json = {}
    for label, value in values.items():
        old, new = before["fields"][label], after["fields"].get(label)
        if new is None or not old.get("copied", True) or old.get("type") != new.get("type"):
            continue
        if "list" in new:
            fitting = [found for one in value if (found := _option(LISTS[new["list"]], one["value"]))]
        else:
            fitting = value
        if fitting:
            kept[label] = fitting
    return kept


def _value(label: str, field: Json, given: object) -> object:
    """One or more values in the form in which they are shown. Raises Unfit."""
    several = given if isinstance(given, list) else [given]
    if not field.get("multiple"):
        if len(several) > 1:
            raise Unfit(f"{label} does not allow multiple values.")
        return _single(label, field, several[0])
    # What is chosen from a list is chosen once.
    chosen = {one["id"]: one for one in (_single(label, field, given) for given in several)}
    return list(chosen.values())


def _single(label: str, field: Json, given: object) -> Any:  # noqa: ANN401 - whatever JSON the type has
    found: Any
    if "list" in field or field.get("type") == "checkbox":
        given = {True: "Yes", False: "No"}[given] if isinstance(given, bool) else given
        found = _option(LISTS[field["list"]] if "list" in field else YES_NO, given)
    elif field.get("type") == "year":
        found = _year(given)
    elif field.get("type") == "date":
        found = _date(given)
    else:
        found = str(given)
        if len(found) > field.get("max_length", 1000):
            raise Unfit(f"{label} exceeds the maximum length of {field['max_length']}.")
    if found is None:
        raise Unfit(f"Invalid value found for {label}.")
    return found


def _year(given: object) -> int | None:
    digits = str(given)
    return int(digits) if digits.isascii() and digits.isdigit() and 1000 <= int(digits) <= 9999 else None


def _date(given: object) -> str | None:
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return datetime.strptime(str(given), form).date().isoformat()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def _option(values: list[Json], given: object) -> Json | None:
    for one in values:
        names = [one["label"], {"id": one["id"]}, {"value": one["label"]}, {"xref": one.get("xref", "none")}]
        if given in names:
            return {"id": one["id"], "value": one["label"]} | ({"xref": one["xref"]} if "xref" in one else {})
    return None


def title_faults(title: str) -> list[str]:
    """What is wrong with a title."""
    if not title:
        return ["Title is required"]
    too_long = f"Title exceeds the maximum length of {LONGEST_TITLE}."
    return [too_long] if len(title) > LONGEST_TITLE else []


def template_faults(template: int | None, *, fits: bool) -> list[str]:
    """What is wrong with a template."""
    if template is None:
        return ["TemplateId is required"]
    return [] if fits else [f"Invalid template {template}."]


def verdict(errors: dict[str, list[str]], status: Json | None) -> str:
    """The validation object of A8.4; `status` None: there is no record yet. Each text is told once."""
    order = ("TemplateValidation", "TitleValidation", "CharDataValidation", "RelationshipValidation")
    told = {
        "IsValid": False,
        "IsLocked": status is not None and status.get("locked", False),
        "IsDeletable": status is not None and status.get("deletable", True),
        "Errors": [{"Key": key, "Value": list(dict.fromkeys(errors[key]))} for key in order if errors.get(key)],
        "HasConflicts": False,
        "HasBlockingConflicts": False,
        "DbValidationErrors": [],
    }
    return json.dumps(told, separators=(",", ":"))
