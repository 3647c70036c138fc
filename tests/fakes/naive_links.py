"""Relationships of the naive record store: which records may be related to each other, read from A7.3, A7.4 and A9."""

from collections.abc import Sequence
from copy import deepcopy

from tests.fakes.naive_values import CONTACT, PARTIES, PATHS, TEMPLATES, Json

Key = tuple[int, int]
"""Char type and number; the char type of relationships is 0."""
NO_PARTY = "Unable to create relationship. Relationship Type ID must be a valid Party ID."
INVALID, UNRELATED, MISSING = "Invalid Record.", "Invalid Relationship", "Record Not Found."


class Refused(Exception):
    """One operation was not done."""

    def __init__(self, code: int, message: str, missing: Sequence[Key] = ()) -> None:
        super().__init__(message)
        self.code, self.message, self.missing = code, message, missing


class NaiveLinks:
    """Records, and relationships: their ends and type."""

    def __init__(self) -> None:
        self.records: dict[Key, Json] = {}
        self.links: dict[int, Json] = {}
        self.heads = dict.fromkeys([0, *PATHS], 0)

    def _new(self, char_type: int) -> Key:
        self.heads[char_type] += 1
        return char_type, self.heads[char_type]

    def _template(self, key: Key) -> Json:
        return TEMPLATES[key[0], self.records[key]["template"]]

    def _parents(self, key: Key) -> list[Key]:
        return [link["parent"] for link in self.links.values() if link["child"] == key]

    def _children(self, key: Key) -> list[Key]:
        return [link["child"] for link in self.links.values() if link["parent"] == key]

    # --- Relationships -----------------------------------------------------------------------------------------

    def _one_link(self, method: str, one: Json) -> Json:
        if method == "POST":
            return self._create_link(one)
        number = one.get("id")
        if number is None:
            raise Refused(400, INVALID)
        if number not in self.links:
            raise Refused(404, MISSING)
        if method == "DELETE":
            del self.links[number]
            return {"code": 200, "message": "Deleted.", "id": number}
        return self._told_link("Found.", number)

    def _create_link(self, one: Json) -> Json:
        parent = (one["parentCharTypeId"], one["parentRecordId"])
        child = (one["childCharTypeId"], one["childRecordId"])
        missing = [key for key in dict.fromkeys((parent, child)) if key not in self.records]
        if missing:
            raise Refused(404, MISSING, missing)
        number = self._relate(parent, child, _kind(one))
        reference = {"referenceId": one["referenceId"]} if "referenceId" in one else {}
        return self._told_link("Created.", number) | reference

    def _relate(self, parent: Key, child: Key, kind: int) -> int:
        if kind != 0 and kind not in PARTIES:
            raise Refused(400, NO_PARTY)
        if not self._fits(parent, child, kind):
            raise Refused(400, UNRELATED)
        made = {"parent": parent, "child": child, "type": kind}
        if made in self.links.values():
            raise Refused(409, "Relationship Already Exists.")
        _, number = self._new(0)
        self.links[number] = made
        return number

    def _fits(self, parent: Key, child: Key, kind: int) -> bool:
        """The rules of A9.2, for a type of relationship that there is."""
        if parent == child or (parent[0] == child[0] and self._reaches(child, parent)):
            return False
        return child[0] == CONTACT if kind in PARTIES else self._paired(parent, child)

    def _paired(self, parent: Key, child: Key) -> bool:
        """Whether either template lists the other one. Templates that list nothing allow everything."""
        below, above = self._template(parent).get("children", []), self._template(child).get("parents", [])
        return not (below or above) or self._named(child) in below or self._named(parent) in above

    def _named(self, key: Key) -> str:
        return f"{PATHS[key[0]]}/{self.records[key]['template']}"

    def _reaches(self, start: Key, goal: Key) -> bool:
        below = [one for one in self._children(start) if one[0] == start[0]]
        return goal in below or any(self._reaches(one, goal) for one in below)

    def _told_link(self, message: str, number: int) -> Json:
        return {"code": 200, "message": message, "id": number, "relationship": deepcopy(self.links[number])}

    # --- Parents that are asked for along with a record --------------------------------------------------------

    def _parent_faults(self, key: Key, one: Json, *, is_new: bool = False) -> list[str]:
        """What is wrong with them; of a new record for which there is no template, only which ones there are not."""
        faults: list[str] = []
        for parent, kind in _parents_asked(one):
            if parent not in self.records or (is_new and parent == key):
                faults.append(f"Parent {PATHS[parent[0]]} {parent[1]} does not exist")
            elif {"parent": parent, "child": key, "type": kind} in self.links.values() or key not in self.records:
                continue
            elif kind not in {0, *PARTIES} or not self._fits(parent, key, kind):
                faults.append(UNRELATED)
        return faults

    def _take_parents(self, key: Key, one: Json) -> None:
        """Add the parents that are missing; with `ReplaceAll` the others go, save for the exceptions."""
        asked = _parents_asked(one)
        rules = one.get("relationshipUpdateRules", {})
        if "parentRelationship" in one and rules.get("rule") == "ReplaceAll":
            self.links = {
                n: link
                for n, link in self.links.items()
                if link["child"] != key
                or (link["parent"], link["type"]) in asked
                or any(self._is_spared(link["parent"], spare) for spare in rules.get("exceptions", []))
            }
        for parent, kind in asked:
            if {"parent": parent, "child": key, "type": kind} not in self.links.values():
                self._relate(parent, key, kind)

    def _is_spared(self, parent: Key, spare: Json) -> bool:
        templates = spare.get("parentEntityTemplateIds", [])
        fits = not templates or self.records[parent]["template"] in templates
        return fits and spare.get("parentEntityType", parent[0]) == parent[0]


def _parents_asked(one: Json) -> list[tuple[Key, int]]:
    asked = one.get("parentRelationship", [])
    return [((parent["parentCharTypeId"], parent["parentRecordId"]), _kind(parent)) for parent in asked]


def _kind(one: Json) -> int:
    kind: int = one.get("relationshipType", {}).get("relationshipTypeId", 0)
    return kind
