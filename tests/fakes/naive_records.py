"""The rules of record batches in the plainest way: dictionaries, copied whole before each step, read from A5 to A10.

It knows one small configuration (`BLUEPRINT`) and answers in the vendor's own shapes, so that a server can be held
against it word for word.
"""

import json
from copy import deepcopy
from typing import Any

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

Json = dict[str, Any]
Key = tuple[int, int]

TEMPLATES = {1: "Feature", 2: "Person", 3: "Window"}
PATHS = {1: "catalog-item", 2: "contact", 3: "right"}
COMPONENTS = {3}
STATUSES = {1: "Development", 2: "Locked", 3: "Kept"}
AVAILABLE = {1: [2, 3], 2: [1], 3: [1, 2, 5]}
LEADS_TO = {1: 1, 2: 2, 3: 3, 5: None}
LOCKED, UNDELETABLE = {2}, {2, 3}
GENRES = {11: ("Drama", "DRA"), 12: ("Comedy", None), 13: ("Horror", None)}
FIELDS = {
    1: {"code": "Code", "year": "Year", "genre": "Genre", "fixed": "Fixed"},
    2: {"city": "City"},
    3: {"note": "Note", "city": "City"},
}


class Refused(Exception):
    """One operation was not done."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class NaiveRecords:
    """Everything a tenant has."""

    def __init__(self) -> None:
        self.records: dict[Key, Json] = {}
        self.links: dict[int, Json] = {}
        self.heads = {1: 0, 2: 0, 3: 0, 0: 0}

    def batch(self, body: Json, *, reads_only: bool = False) -> Json:
        """What the server should answer in the end: `batchStatus` and `batchResults`."""
        whole = body.get("batchOptions", {}).get("cancelIfRecordFails", False)
        method = body["method"]
        asked: list[tuple[int, Json]] = [
            (int(char_type), one) for char_type, some in body.get("records", {}).items() for one in some
        ]
        related = [(0, one) for one in body.get("relationships", [])]
        asked = related + asked if method == "DELETE" else asked + related
        before = self._state()
        told: list[tuple[int, Json]] = []
        for char_type, one in asked:
            savepoint = self._state()
            try:
                if reads_only and method != "GET":
                    raise Refused(403, "Access Denied.")
                told.append((char_type, self._one(method, char_type, one)))
            except Refused as refused:
                self._back(savepoint)
                told.append((char_type, _failure(refused, method, char_type, one)))
        failing = [one for one in told if one[1]["code"] != 200]
        status = "Complete"
        if whole and failing:
            self._back(before)
            told = failing
            status = "Errored" if any(one["code"] in {400, 500} for _, one in failing) else "Cancelled"
        records: dict[str, list[Json]] = {}
        for char_type, one in told:
            if char_type and "missing" not in one:
                records.setdefault(str(char_type), []).append(one)
        for _, one in told:
            for char_type, number in one.get("missing", []):
                entry = {"code": 404, "message": "Record Not Found.", "id": number}
                records.setdefault(str(char_type), []).append(entry)
        links = [one for char_type, one in told if not char_type and "missing" not in one]
        return {"batchStatus": status, "batchResults": {"records": records, "relationships": links}}

    def _state(self) -> Any:
        return deepcopy((self.records, self.links, self.heads))

    def _back(self, state: Any) -> None:
        self.records, self.links, self.heads = deepcopy(state)

    def _one(self, method: str, char_type: int, one: Json) -> Json:
        if char_type == 0:
            return self._one_link(method, one)
        if method == "POST":
            return self._create(char_type, one)
        number = one.get("id")
        if not isinstance(number, int) or number < 1:
            raise Refused(400, "Invalid Record.")
        if method == "EXECUTE-WORKFLOW" and not isinstance(one.get("actionId"), int):
            raise Refused(400, "Invalid Record.")
        key = (char_type, number)
        if key not in self.records:
            raise Refused(404, "Record Not Found.")
        if method == "GET":
            return self._told("Found.", key)
        if method == "PUT":
            return self._update(key, one)
        if method == "DELETE":
            return self._delete(key)
        return self._execute(key, one["actionId"])

    def _told(self, message: str, key: Key, reference: str | None = None) -> Json:
        record = self.records[key]
        entry: Json = {"code": 200, "message": message, "id": key[1], "record": deepcopy(record)}
        entry["record"]["parentRelationshipCount"] = sum(link["child"] == key for link in self.links.values())
        return entry | ({"referenceId": reference} if reference is not None else {})

    # --- Records -----------------------------------------------------------------------------------------------

    def _create(self, char_type: int, one: Json) -> Json:
        errors: dict[str, list[str]] = {}
        template = one.get("template", {}).get("templateId")
        title = one.get("title")
        if template is None:
            errors["TemplateValidation"] = ["TemplateId is required"]
        elif template != 1:
            errors["TemplateValidation"] = [f"Invalid template {template}."]
        values: Json = {}
        faults: list[str] = []
        if template == 1:
            values, faults = _values(char_type, {}, one.get("characteristics", {}))
        if faults:
            errors["CharDataValidation"] = faults
        if not title and char_type not in COMPONENTS:
            errors["TitleValidation"] = ["Title is required"]
        elif title and len(title) > 500:
            errors["TitleValidation"] = ["Title exceeds the maximum length of 500."]
        if errors:
            raise Refused(400, _validation(errors, None))
        self.heads[char_type] += 1
        key = (char_type, self.heads[char_type])
        status = 1
        self.records[key] = {
            "title": title or f"{TEMPLATES[char_type]} Record {key[1]}",
            "status": status,
            "characteristics": values,
        }
        return self._told("Created.", key, one.get("referenceId"))

    def _update(self, key: Key, one: Json) -> Json:
        record = self.records[key]
        if key[0] == 1 and record["status"] in LOCKED:
            raise Refused(409, "Record Locked.")
        raw = one.get("characteristics", {})
        if key[0] == 1 and "fixed" in raw and raw["fixed"] != record["characteristics"].get("fixed"):
            raise Refused(403, "Access Denied.")
        errors: dict[str, list[str]] = {}
        template = one.get("template", {}).get("templateId", 1)
        if template != 1:
            errors["TemplateValidation"] = [f"Invalid template {template}."]
        values, faults = _values(key[0], record["characteristics"], raw)
        if faults:
            errors["CharDataValidation"] = faults
        if "title" in one and not one["title"]:
            errors["TitleValidation"] = ["Title is required"]
        if errors:
            raise Refused(400, _validation(errors, record["status"] if key[0] == 1 else 0))
        record["characteristics"] = values
        record["title"] = one.get("title", record["title"])
        return self._told("Updated.", key)

    def _delete(self, key: Key) -> Json:
        record = self.records[key]
        if key[0] == 1 and record["status"] in UNDELETABLE:
            raise Refused(409, "Record Not Deletable.")
        if any(self._is_locked(other) for other in self._neighbours(key)):
            raise Refused(409, "Record Not Deletable.")
        self._remove(key)
        return {"code": 200, "message": "Deleted.", "id": key[1]}

    def _is_locked(self, key: Key) -> bool:
        return key[0] == 1 and self.records[key]["status"] in LOCKED

    def _neighbours(self, key: Key) -> list[Key]:
        ends = [(link["parent"], link["child"]) for link in self.links.values()]
        return [child for parent, child in ends if parent == key] + [parent for parent, child in ends if child == key]

    def _remove(self, key: Key) -> None:
        children = [link["child"] for link in self.links.values() if link["parent"] == key]
        del self.records[key]
        self.links = {n: link for n, link in self.links.items() if key not in {link["parent"], link["child"]}}
        for child in children:
            orphan = not any(link["child"] == child for link in self.links.values())
            if child[0] in COMPONENTS and child in self.records and orphan:
                self._remove(child)

    def _execute(self, key: Key, action: int) -> Json:
        record = self.records[key]
        if key[0] != 1 or action not in AVAILABLE[record["status"]]:
            raise Refused(403, f"Action {action} not available to be taken from status {record['status']}")
        leads = LEADS_TO[action]
        record["status"] = leads if leads is not None else record["status"]
        return self._told("Action Executed.", key)

    # --- Relationships -----------------------------------------------------------------------------------------

    def _one_link(self, method: str, one: Json) -> Json:
        if method == "POST":
            return self._relate(one)
        number = one.get("id")
        if not isinstance(number, int) or number < 1:
            raise Refused(400, "Invalid Record.")
        if number not in self.links:
            raise Refused(404, "Record Not Found.")
        if method == "DELETE":
            del self.links[number]
            return {"code": 200, "message": "Deleted.", "id": number}
        return self._told_link("Found.", number)

    def _relate(self, one: Json) -> Json:
        parent = (one["parentCharTypeId"], one["parentRecordId"])
        child = (one["childCharTypeId"], one["childRecordId"])
        kind = one.get("relationshipType", {}).get("relationshipTypeId", 0)
        missing = [key for key in dict.fromkeys((parent, child)) if key not in self.records]
        if missing:
            raise Refused(404, json.dumps(missing))
        if kind not in {0, 9}:
            raise Refused(400, "Unable to create relationship. Relationship Type ID must be a valid Party ID.")
        self._check_link(parent, child, kind)
        self.heads[0] += 1
        self.links[self.heads[0]] = {"parent": parent, "child": child, "type": kind}
        return self._told_link("Created.", self.heads[0])

    def _check_link(self, parent: Key, child: Key, kind: int) -> None:
        """The rules of A9.2. Templates without pairings allow everything."""
        if parent == child or (kind == 9 and child[0] != 2):
            raise Refused(400, "Invalid Relationship")
        if parent[0] == child[0] and self._reaches(child, parent):
            raise Refused(400, "Invalid Relationship")
        if any(one == {"parent": parent, "child": child, "type": kind} for one in self.links.values()):
            raise Refused(409, "Relationship Already Exists.")

    def _reaches(self, start: Key, goal: Key) -> bool:
        below = {
            link["child"] for link in self.links.values() if link["parent"] == start and link["child"][0] == start[0]
        }
        return goal in below or any(self._reaches(one, goal) for one in below)

    def _told_link(self, message: str, number: int) -> Json:
        return {"code": 200, "message": message, "id": number, "relationship": deepcopy(self.links[number])}


def _values(char_type: int, before: Json, raw: Json) -> tuple[Json, list[str]]:
    values, faults = dict(before), []
    for label, given in raw.items():
        name = FIELDS[char_type].get(label)
        if name is None:
            faults.append(f"Invalid field found {label}.")
        elif given in (None, "", []):
            values.pop(label, None)
        else:
            fault = _set(values, label, given)
            faults += [fault] if fault else []
    if char_type == 1 and "code" not in values and not any("code" in fault for fault in faults):
        faults.append("Code (code) is required")
    return values, faults


def _set(values: Json, label: str, given: Any) -> str | None:
    if label == "year":
        good = (isinstance(given, int) and 1000 <= given <= 9999) or (
            isinstance(given, str) and given.isascii() and given.isdigit() and 1000 <= int(given) <= 9999
        )
        if not good:
            return "Invalid value found for year."
        values[label] = int(given)
    elif label == "genre":
        chosen = [_genre(one) for one in (given if isinstance(given, list) else [given])]
        if None in chosen:
            return "Invalid value found for genre."
        values[label] = chosen
    else:
        if label == "code" and len(given) > 5:
            return "code exceeds the maximum length of 5."
        values[label] = given
    return None


def _genre(given: Any) -> Json | None:
    for number, (label, xref) in GENRES.items():
        if given in (label, {"id": number}, {"value": label}) or (xref and given == {"xref": xref}):
            return {"id": number, "value": label} | ({"xref": xref} if xref else {})
    return None


def _validation(errors: dict[str, list[str]], status: int | None) -> str:
    """`status` None: there is no record yet."""
    order = ("TemplateValidation", "TitleValidation", "CharDataValidation", "RelationshipValidation")
    told = {
        "IsValid": False,
        "IsLocked": status in LOCKED,
        "IsDeletable": status is not None and status not in UNDELETABLE,
        "Errors": [{"Key": key, "Value": errors[key]} for key in order if key in errors],
        "HasConflicts": False,
        "HasBlockingConflicts": False,
        "DbValidationErrors": [],
    }
    return json.dumps(told, separators=(",", ":"))


def _failure(refused: Refused, method: str, char_type: int, one: Json) -> Json:
    number = one.get("id", 0) if method != "POST" else 0
    entry: Json = {"code": refused.code, "message": refused.message, "id": number if isinstance(number, int) else 0}
    if char_type == 0 and method == "POST" and refused.code == 404:
        entry["missing"] = [tuple(key) for key in json.loads(refused.message)]
    if method == "POST" and "referenceId" in one:
        entry["referenceId"] = one["referenceId"]
    return entry
