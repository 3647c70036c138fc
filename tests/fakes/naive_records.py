"""The rules of record batches in the plainest way: dictionaries, copied whole before each step, read from A5 to A10.

It knows the one small configuration of `naive_values` and answers in the vendor's own shapes, so that a server can be
held against it word for word.
"""

from collections.abc import Sequence
from copy import deepcopy

from tests.fakes.naive_values import (
    AVAILABLE,
    COMPONENTS,
    CONTACT,
    FIELDS,
    LEADS_TO,
    LOCKED,
    NOT_COPIED,
    TEMPLATES,
    UNDELETABLE,
    Json,
    filled,
    title_faults,
    verdict,
)

Key = tuple[int, int]
"""Char type and number; the char type of relationships is 0."""
State = tuple[dict[Key, Json], dict[int, Json], dict[int, int]]
DIRECTOR = 9
NO_PARTY = "Unable to create relationship. Relationship Type ID must be a valid Party ID."
INVALID, UNRELATED = "Invalid Record.", "Invalid Relationship"


class Refused(Exception):
    """One operation was not done."""

    def __init__(self, code: int, message: str, missing: Sequence[Key] = ()) -> None:
        super().__init__(message)
        self.code, self.message, self.missing = code, message, missing


class NaiveRecords:
    """Everything a tenant has. A record is its title, status and characteristics; a relationship its ends and type."""

    def __init__(self) -> None:
        self.records: dict[Key, Json] = {}
        self.links: dict[int, Json] = {}
        self.heads = {1: 0, 2: 0, 3: 0, 0: 0}

    # --- Batches -----------------------------------------------------------------------------------------------

    def batch(self, body: Json, *, reads_only: bool = False) -> Json:
        """What the server should answer in the end: `batchStatus` and `batchResults`."""
        method = body["method"]
        before = self._state()
        told = [
            (char_type, self._tried(method, char_type, one, reads_only=reads_only))
            for char_type, one in _in_order(method, body)
        ]
        failing = [one for one in told if one[1]["code"] != 200]
        if not failing or not body.get("batchOptions", {}).get("cancelIfRecordFails", False):
            return _answer("Complete", told)
        self._back(before)
        unusable = any(one["code"] in {400, 500} for _, one in failing)
        return _answer("Errored" if unusable else "Cancelled", failing)

    def _tried(self, method: str, char_type: int, one: Json, *, reads_only: bool) -> Json:
        savepoint = self._state()
        try:
            return self._one("DENIED" if reads_only and method != "GET" else method, char_type, one)
        except Refused as refused:
            self._back(savepoint)
            return _failure(method, one, refused)

    def _state(self) -> State:
        return deepcopy((self.records, self.links, self.heads))

    def _back(self, state: State) -> None:
        self.records, self.links, self.heads = deepcopy(state)

    def _one(self, method: str, char_type: int, one: Json) -> Json:
        if method == "DENIED":
            raise Refused(403, "Access Denied.")
        if char_type == 0:
            return self._one_link(method, one)
        if method == "POST":
            return self._create(char_type, one)
        number = one.get("id")
        if number is None or (method == "EXECUTE-WORKFLOW" and "actionId" not in one):
            raise Refused(400, INVALID)
        key = (char_type, number)
        if key not in self.records:
            raise Refused(404, "Record Not Found.")
        does = {
            "GET": lambda: self._told("Found.", key),
            "PUT": lambda: self._update(key, one),
            "DELETE": lambda: self._delete(key),
            "EXECUTE-WORKFLOW": lambda: self._execute(key, one["actionId"]),
            "COPY": lambda: self._copy(key, one),
        }
        return does[method]()

    def _told(self, message: str, key: Key, reference: str | None = None) -> Json:
        count = sum(link["child"] == key for link in self.links.values())
        record = {**deepcopy(self.records[key]), "parentRelationshipCount": count}
        entry: Json = {"code": 200, "message": message, "id": key[1], "record": record}
        return entry | ({"referenceId": reference} if reference is not None else {})

    # --- Records -----------------------------------------------------------------------------------------------

    def _create(self, char_type: int, one: Json) -> Json:
        errors: dict[str, list[str]] = {}
        template = one.get("template", {}).get("templateId")
        title = one.get("title")
        values: Json = {}
        if template == 1:
            values, errors["CharDataValidation"] = filled(char_type, {}, one["characteristics"])
        else:
            named = f"Invalid template {template}."
            errors["TemplateValidation"] = ["TemplateId is required" if template is None else named]
        if title or char_type not in COMPONENTS:
            errors["TitleValidation"] = title_faults(title or "")
        _check(errors, status=None)
        key = self._new(char_type)
        named = title or f"{TEMPLATES[char_type]} Record {key[1]}"
        self.records[key] = {"title": named, "status": 1, "characteristics": values}
        return self._told("Created.", key, one.get("referenceId"))

    def _new(self, char_type: int) -> Key:
        self.heads[char_type] += 1
        return char_type, self.heads[char_type]

    def _update(self, key: Key, one: Json) -> Json:
        record, raw = self.records[key], one.get("characteristics", {})
        if self._is_locked(key):
            raise Refused(409, "Record Locked.")
        if key[0] == 1 and "fixed" in raw and raw["fixed"] != record["characteristics"].get("fixed"):
            raise Refused(403, "Access Denied.")
        template = one.get("template", {}).get("templateId", 1)
        values, faults = filled(key[0], record["characteristics"], raw)
        errors = {
            "TemplateValidation": [] if template == 1 else [f"Invalid template {template}."],
            "TitleValidation": title_faults(one["title"]) if "title" in one else [],
            "CharDataValidation": faults,
        }
        _check(errors, status=record["status"] if key[0] == 1 else 0)
        record["characteristics"] = values
        record["title"] = one.get("title", record["title"])
        return self._told("Updated.", key)

    def _delete(self, key: Key) -> Json:
        kept = key[0] == 1 and self.records[key]["status"] in UNDELETABLE
        if kept or any(self._is_locked(other) for other in self._neighbours(key)):
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

    # --- Copies ------------------------------------------------------------------------------------------------

    def _copy(self, key: Key, one: Json) -> Json:
        source, to = self.records[key], one.get("charTypeId", key[0])
        template = one.get("template", {}).get("templateId", 1 if to == key[0] else None)
        if template != 1:
            named = f"Invalid template {template}."
            _check({"TemplateValidation": ["TemplateId is required" if template is None else named]}, status=None)
        listed = self._listed(key, one.get("copyRelationships", []))
        parties = [n for n in self._own(key) if n not in listed and self.links[n]["type"] == DIRECTOR]
        if to != CONTACT:
            # Who takes part is a contact.
            parties = [n for n in parties if self.links[n]["parent"] == key]
        keeps_parties = one.get("copyParties", True)
        chosen = [n for n in listed + parties if keeps_parties or self.links[n]["type"] != DIRECTOR]
        copied = self._copied_values(source, to)
        values, faults = filled(to, copied, one.get("characteristics", {}))
        title = str(one.get("title", source["title"]))
        _check({"TitleValidation": title_faults(title), "CharDataValidation": faults}, status=None)
        copy = self._new(to)
        status = source["status"] if to == key[0] else 1
        self.records[copy] = {"title": title, "status": status, "characteristics": values}
        self._repeat(key, copy, chosen, parties=keeps_parties)
        return self._told("Copied.", copy)

    def _copied_values(self, source: Json, to: int) -> Json:
        values = deepcopy(source["characteristics"])
        return {label: value for label, value in values.items() if label in FIELDS[to] and label not in NOT_COPIED}

    def _own(self, key: Key) -> list[int]:
        """A record's relationships: to its parents, then to its children."""
        above = [n for n, link in self.links.items() if link["child"] == key]
        return above + [n for n, link in self.links.items() if link["parent"] == key]

    def _listed(self, key: Key, asked: object) -> list[int]:
        """Those of a record's relationships that are to be repeated, each once."""
        own = self._own(key)
        if not isinstance(asked, list):
            return [n for n in own if asked is True and self.links[n]["type"] == 0]
        listed = list(dict.fromkeys(link["id"] for link in asked))
        if not set(listed) <= set(own):
            raise Refused(400, UNRELATED)
        return listed

    def _repeat(self, key: Key, copy: Key, chosen: list[int], *, parties: bool) -> None:
        """Make the chosen relationships of the record for its copy, with copies of the components below it.

        The rules leave open in which order: it is the one in which the components were met, the last one first.
        """
        copies, repeated, waiting = {key: copy}, {key: chosen}, [key]
        while waiting:
            for child in [self.links[n]["child"] for n in repeated[waiting.pop()]]:
                if child[0] in COMPONENTS and child not in repeated:
                    repeated[child] = [n for n in self._own(child) if self._goes_along(n, child, parties=parties)]
                    waiting.append(child)
        for component in list(repeated)[1:]:
            copies[component] = self._new(component[0])
            original = self.records[component]
            values = self._copied_values(original, component[0])
            self.records[copies[component]] = {**deepcopy(original), "characteristics": values}
        for number in dict.fromkeys(n for numbers in repeated.values() for n in numbers):
            link = self.links[number]
            parent, child = link["parent"], link["child"]
            self._join(copies.get(parent) or parent, copies.get(child) or child, link["type"])

    def _goes_along(self, number: int, parent: Key, *, parties: bool) -> bool:
        """Whether a relationship is repeated for the copy of a component."""
        link = self.links[number]
        if link["parent"] != parent:
            return False
        return parties if link["type"] == DIRECTOR else link["child"][0] in COMPONENTS

    # --- Relationships -----------------------------------------------------------------------------------------

    def _one_link(self, method: str, one: Json) -> Json:
        if method == "POST":
            return self._relate(one)
        number = one.get("id")
        if number is None:
            raise Refused(400, INVALID)
        if number not in self.links:
            raise Refused(404, "Record Not Found.")
        if method == "DELETE":
            del self.links[number]
            return {"code": 200, "message": "Deleted.", "id": number}
        return self._told_link("Found.", number)

    def _relate(self, one: Json) -> Json:
        parent = (one["parentCharTypeId"], one["parentRecordId"])
        child = (one["childCharTypeId"], one["childRecordId"])
        missing = [key for key in dict.fromkeys((parent, child)) if key not in self.records]
        if missing:
            raise Refused(404, "Record Not Found.", missing)
        kind = one.get("relationshipType", {}).get("relationshipTypeId", 0)
        return self._told_link("Created.", self._join(parent, child, kind))

    def _join(self, parent: Key, child: Key, kind: int) -> int:
        """Make a relationship, by the rules of A9.2. Templates without pairings allow everything."""
        if kind not in {0, DIRECTOR}:
            raise Refused(400, NO_PARTY)
        if parent == child or (kind == DIRECTOR and child[0] != CONTACT):
            raise Refused(400, UNRELATED)
        if parent[0] == child[0] and self._reaches(child, parent):
            raise Refused(400, UNRELATED)
        made = {"parent": parent, "child": child, "type": kind}
        if made in self.links.values():
            raise Refused(409, "Relationship Already Exists.")
        _, number = self._new(0)
        self.links[number] = made
        return number

    def _reaches(self, start: Key, goal: Key) -> bool:
        below = {
            link["child"] for link in self.links.values() if link["parent"] == start and link["child"][0] == start[0]
        }
        return goal in below or any(self._reaches(one, goal) for one in below)

    def _told_link(self, message: str, number: int) -> Json:
        return {"code": 200, "message": message, "id": number, "relationship": deepcopy(self.links[number])}


def _in_order(method: str, body: Json) -> list[tuple[int, Json]]:
    records = [(int(char_type), one) for char_type, some in body.get("records", {}).items() for one in some]
    links = [(0, one) for one in body.get("relationships", [])]
    return links + records if method == "DELETE" else records + links


def _answer(status: str, told: list[tuple[int, Json]]) -> Json:
    """What is missing for a relationship is told among the records, as their own."""
    records: dict[str, list[Json]] = {}
    links: list[Json] = []
    for char_type, one in told:
        if char_type:
            records.setdefault(str(char_type), []).append(one)
        elif "missing" not in one:
            links.append(one)
    for missing in [key for _, one in told for key in one.get("missing", [])]:
        entry = {"code": 404, "message": "Record Not Found.", "id": missing[1]}
        records.setdefault(str(missing[0]), []).append(entry)
    return {"batchStatus": status, "batchResults": {"records": records, "relationships": links}}


def _check(errors: dict[str, list[str]], *, status: int | None) -> None:
    if any(errors.values()):
        raise Refused(400, verdict(errors, status=status))


def _failure(method: str, one: Json, refused: Refused) -> Json:
    number = 0 if method == "POST" else one.get("id", 0)
    entry: Json = {"code": refused.code, "message": refused.message, "id": number}
    if refused.missing:
        entry["missing"] = refused.missing
    if method == "POST" and "referenceId" in one:
        entry["referenceId"] = one["referenceId"]
    return entry
