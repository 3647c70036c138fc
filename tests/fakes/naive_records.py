"""The rules of record batches in the plainest way: dictionaries, copied whole before each step, read from A5 to A10.

It knows the one small configuration of `naive_values` and answers in the vendor's own shapes, so that a server can be
held against it word for word.
"""

from copy import deepcopy
from datetime import UTC, datetime

from tests.fakes.naive_links import INVALID, MISSING, UNRELATED, Key, NaiveLinks, Refused
from tests.fakes.naive_values import (
    COMPONENTS,
    CONTACT,
    PARTIES,
    PROCESSES,
    TEMPLATES,
    Json,
    carried,
    filled,
    template_faults,
    title_faults,
    verdict,
)

State = tuple[dict[Key, Json], dict[int, Json], dict[int, int]]
DENIED = "Access Denied."


class NaiveRecords(NaiveLinks):
    """Everything a tenant has. A record is what is in it, and when it was made, changed and moved."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime.min.replace(tzinfo=UTC)
        self.who = "owner"

    # --- Batches -----------------------------------------------------------------------------------------------

    def batch(self, body: Json, *, at: datetime, who: str = "owner") -> Json:
        """What the server should answer in the end: `batchStatus` and `batchResults`. A `reader` only reads."""
        self.now, self.who = at, who
        method, options = body["method"], body.get("batchOptions", {})
        before = self._state()
        told = [(char_type, self._tried(method, char_type, one)) for char_type, one in _in_order(method, body)]
        failing = [one for one in told if one[1]["code"] != 200]
        cancelled = bool(failing) and options.get("cancelIfRecordFails", False)
        if cancelled or options.get("validateOnly", False):
            self.records, self.links, self.heads = before
        if not cancelled:
            return _answer("Complete", told)
        unusable = any(one["code"] in {400, 500} for _, one in failing)
        return _answer("Errored" if unusable else "Cancelled", failing)

    def _tried(self, method: str, char_type: int, one: Json) -> Json:
        savepoint = self._state()
        try:
            return self._one(method, char_type, one)
        except Refused as refused:
            self.records, self.links, self.heads = savepoint
            return _failure(method, one, refused)

    def _state(self) -> State:
        return deepcopy((self.records, self.links, self.heads))

    def _one(self, method: str, char_type: int, one: Json) -> Json:
        if self.who == "reader" and method != "GET":
            raise Refused(403, DENIED)
        if char_type == 0:
            return self._one_link(method, one)
        if method == "POST":
            return self._create(char_type, one)
        number = one.get("id")
        if number is None or (method == "EXECUTE-WORKFLOW" and "actionId" not in one):
            raise Refused(400, INVALID)
        key = (char_type, number)
        if key not in self.records:
            raise Refused(404, MISSING)
        does = {
            "GET": lambda: self._told("Found.", key),
            "PUT": lambda: self._update(key, one),
            "DELETE": lambda: self._delete(key),
            "EXECUTE-WORKFLOW": lambda: self._execute(key, one["actionId"]),
            "COPY": lambda: self._copy(key, one),
        }
        return does[method]()

    def _told(self, message: str, key: Key) -> Json:
        return {"code": 200, "message": message, "id": key[1], "record": self.shown(key)}

    def shown(self, key: Key) -> Json:
        """A record, with how many parents it has."""
        count = sum(link["child"] == key for link in self.links.values())
        return {**deepcopy(self.records[key]), "parentRelationshipCount": count}

    # --- Records -----------------------------------------------------------------------------------------------

    def _create(self, char_type: int, one: Json) -> Json:
        key, number = self._new(char_type), one.get("template", {}).get("templateId")
        template = TEMPLATES.get((char_type, number))
        title = one.get("title") or ""
        errors = {"TemplateValidation": template_faults(number, fits=template is not None)}
        if title or char_type not in COMPONENTS:
            errors["TitleValidation"] = title_faults(title)
        values: Json = {}
        if template:
            title = title or f"{template['name']} Record {key[1]}"
            values, errors["CharDataValidation"] = filled(template, {}, one["characteristics"])
            self._put(key, number, title=title, status=_initial(template), values=values)
        errors["RelationshipValidation"] = self._parent_faults(key, one, is_new=True)
        _check(errors, None)
        self._take_parents(key, one)
        reference = {"referenceId": one["referenceId"]} if "referenceId" in one else {}
        return self._told("Created.", key) | reference

    def _put(self, key: Key, template: int, *, title: str, status: int, values: Json) -> None:
        stamps = {"created": self.now, "updated": self.now, "moved": self.now}
        content = {"title": title, "template": template, "status": status, "characteristics": deepcopy(values)}
        self.records[key] = content | stamps

    def _status(self, key: Key) -> Json:
        """The status of a record, as it is configured."""
        status: Json = _process(self._template(key))["statuses"][self.records[key]["status"]]
        return status

    def _is_locked(self, key: Key) -> bool:
        return bool(self._status(key).get("locked", False))

    def _update(self, key: Key, one: Json) -> Json:
        record, raw, template = self.records[key], one.get("characteristics", {}), self._template(key)
        if self._is_locked(key):
            raise Refused(409, "Record Locked.")
        fixed = [label for label in raw if not template["fields"].get(label, {}).get("editable", True)]
        if any(raw[label] != record["characteristics"].get(label) for label in fixed):
            raise Refused(403, DENIED)
        number = one.get("template", {}).get("templateId", record["template"])
        values, faults = filled(template, record["characteristics"], raw)
        errors = {
            "TemplateValidation": template_faults(number, fits=number == record["template"]),
            "TitleValidation": title_faults(one["title"]) if "title" in one else [],
            "CharDataValidation": faults,
            "RelationshipValidation": self._parent_faults(key, one),
        }
        _check(errors, self._status(key))
        changed = {"characteristics": values, "title": one.get("title", record["title"])}
        if record != record | changed:
            record |= changed | {"updated": self.now}
        self._take_parents(key, one)
        return self._told("Updated.", key)

    def _delete(self, key: Key) -> Json:
        going = [key]
        for one in going:
            # The list grows by every component all of whose parents are on it.
            for child in self._children(one):
                if child[0] in COMPONENTS and child not in going and set(self._parents(child)) <= set(going):
                    going.append(child)
        beside = {end for one in going for end in (*self._parents(one), *self._children(one))} - {key}
        kept = any(not self._status(one).get("deletable", True) for one in going)
        if kept or any(self._is_locked(one) for one in beside):
            raise Refused(409, "Record Not Deletable.")
        self.records = {one: record for one, record in self.records.items() if one not in going}
        self.links = {n: link for n, link in self.links.items() if not {link["parent"], link["child"]} & set(going)}
        return {"code": 200, "message": "Deleted.", "id": key[1]}

    # --- Workflow ----------------------------------------------------------------------------------------------

    def _execute(self, key: Key, action: int) -> Json:
        status = self._status(key)
        if action not in status["actions"]:
            raise Refused(403, f"Action {action} not available to be taken from status {status['id']}")
        process = _process(self._template(key))
        if process["actions"][action].get("roles") and self.who != "owner":
            raise Refused(403, DENIED)
        self._take(key, process, action)
        return self._told("Action Executed.", key)

    def _take(self, key: Key, process: Json, action: int) -> None:
        """The action, and those that are chained to it, as far as they are of the process and available."""
        taken = process["actions"][action]
        if "to" in taken:
            self.records[key] |= {"status": taken["to"], "moved": self.now}
        for chained in taken.get("chained", []):
            if chained in self._status(key)["actions"]:
                self._take(key, process, chained)

    # --- Copies ------------------------------------------------------------------------------------------------

    def _copy(self, key: Key, one: Json) -> Json:
        source, to = self.records[key], one.get("charTypeId", key[0])
        same = to == key[0]
        number = one.get("template", {}).get("templateId", source["template"] if same else None)
        template = TEMPLATES.get((to, number))
        title: str = one["title"] if "title" in one else source["title"]
        if template is None or (same and number != source["template"]):
            faults = template_faults(number, fits=False)
            _check({"TemplateValidation": faults, "TitleValidation": title_faults(title)}, None)
            raise AssertionError
        chosen = self._chosen(key, to, one)
        copied = carried(self._template(key), template, source["characteristics"])
        values, faults = filled(template, copied, one.get("characteristics", {}))
        _check({"TitleValidation": title_faults(title), "CharDataValidation": faults}, None)
        copy = self._new(to)
        self._put(copy, number, title=title, status=source["status"] if same else _initial(template), values=values)
        self._repeat(key, copy, chosen, parties=one.get("copyParties", True))
        return self._told("Copied.", copy)

    def _own(self, key: Key) -> list[int]:
        """A record's relationships: to its parents, then to its children."""
        above = [n for n, link in self.links.items() if link["child"] == key]
        return above + [n for n, link in self.links.items() if link["parent"] == key]

    def _chosen(self, key: Key, to: int, one: Json) -> list[int]:
        """The relationships of a record that its copy is to have as well, each once."""
        own, asked = self._own(key), one.get("copyRelationships", [])
        if not isinstance(asked, list):
            listed = [n for n in own if asked is True and self.links[n]["type"] == 0]
        else:
            listed = list(dict.fromkeys(link["id"] for link in asked))
        if not set(listed) <= set(own):
            raise Refused(400, UNRELATED)
        parties = [n for n in own if n not in listed and self.links[n]["type"] in PARTIES]
        if to != CONTACT:
            # Who takes part is a contact.
            parties = [n for n in parties if self.links[n]["parent"] == key]
        keeps_parties = one.get("copyParties", True)
        return [n for n in listed + parties if keeps_parties or self.links[n]["type"] not in PARTIES]

    def _repeat(self, key: Key, copy: Key, chosen: list[int], *, parties: bool) -> None:
        """Make the chosen relationships of the record for its copy, with copies of the components below it.

        The rules leave open in which order: it is the one in which the components were met, the last one first.
        """
        copies: dict[Key, Key] = {key: copy}
        repeated, waiting = {key: chosen}, [key]
        while waiting:
            for child in [self.links[n]["child"] for n in repeated[waiting.pop()]]:
                if child[0] in COMPONENTS and child not in repeated:
                    repeated[child] = [n for n in self._own(child) if self._goes_along(n, child, parties=parties)]
                    waiting.append(child)
        for component in list(repeated)[1:]:
            copies[component], original = self._new(component[0]), self.records[component]
            template = self._template(component)
            values = carried(template, template, original["characteristics"])
            title, status = original["title"], original["status"]
            self._put(copies[component], original["template"], title=title, status=status, values=values)
        for number in dict.fromkeys(n for numbers in repeated.values() for n in numbers):
            link = self.links[number]
            ends: tuple[Key, Key] = (link["parent"], link["child"])
            parent, child = (copies.get(end, end) for end in ends)
            self._relate(parent, child, link["type"])

    def _goes_along(self, number: int, parent: Key, *, parties: bool) -> bool:
        """Whether a relationship is repeated for the copy of a component."""
        link = self.links[number]
        if link["parent"] != parent:
            return False
        return parties if link["type"] in PARTIES else link["child"][0] in COMPONENTS


# --- Configuration and bodies ------------------------------------------------------------------------------------


def _process(template: Json) -> Json:
    return PROCESSES[template.get("process", 0)]


def _initial(template: Json) -> int:
    """The status where records begin."""
    actions = _process(template)["actions"].values()
    return next((one["to"] for one in actions if one.get("initial")), 1)


def _in_order(method: str, body: Json) -> list[tuple[int, Json]]:
    records = [(int(char_type), one) for char_type, some in body.get("records", {}).items() for one in some]
    links = [(0, one) for one in body.get("relationships", [])]
    return links + records if method == "DELETE" else records + links


# --- Answers -----------------------------------------------------------------------------------------------------


def _answer(status: str, told: list[tuple[int, Json]]) -> Json:
    """What is missing for a relationship is told among the records, as their own."""
    records: dict[str, list[Json]] = {}
    links: list[Json] = []
    for char_type, one in told:
        if char_type:
            records.setdefault(str(char_type), []).append(one)
        elif "missing" not in one:
            links.append(one)
    for one in [one for _, one in told if "missing" in one]:
        for char_type, number in one["missing"]:
            entry = {key: value for key, value in one.items() if key != "missing"} | {"id": number}
            records.setdefault(str(char_type), []).append(entry)
    return {"batchStatus": status, "batchResults": {"records": records, "relationships": links}}


def _check(errors: dict[str, list[str]], status: Json | None) -> None:
    if any(errors.values()):
        raise Refused(400, verdict(errors, status))


def _failure(method: str, one: Json, refused: Refused) -> Json:
    number = 0 if method == "POST" else one.get("id", 0)
    entry: Json = {"code": refused.code, "message": refused.message, "id": number}
    if refused.missing:
        entry["missing"] = refused.missing
    if method == "POST" and "referenceId" in one:
        entry["referenceId"] = one["referenceId"]
    return entry
