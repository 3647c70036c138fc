"""Reading single fields of a request's JSON object, and collecting what is wrong with them."""

from collections.abc import Mapping
from typing import TypeVar

from msgspec import UNSET, UnsetType

from muster.domain.fault import Fault
from muster.surfaces.bodies import is_array, is_object
from muster.surfaces.notifications.translate.ids import read

MOST_REFERENCES = 1_000
"""How many things one list in a request may name."""
_Value = TypeVar("_Value")


class Reading:
    """The fields of one object, each read once; `faults` are found on the way. Unknown fields are nobody's concern."""

    def __init__(self, content: Mapping[str, object], *, within: str = "") -> None:
        """`within`: the path of the object in the request."""
        self._content = content
        self._begin = f"{within}." if within else ""
        self.faults: list[Fault] = []
        self.named: dict[str, str] = {}
        """The ids that were read, by their paths."""

    def anything(self, name: str) -> object:
        """Whatever stands there; UNSET where nothing does."""
        return self._content.get(name, UNSET)

    def text(self, name: str) -> str | UnsetType:
        """The string there, if there is one; null counts as absent."""
        found = self.perhaps(name)
        return UNSET if found is None else found

    def perhaps(self, name: str) -> str | UnsetType | None:
        """The string or null there, if there is one."""
        value = self._content.get(name, UNSET)
        if value is None or value is UNSET or isinstance(value, str):
            return value
        self._refuse(name, "must be a string")
        return UNSET

    def flag(self, name: str) -> bool | UnsetType:
        """The boolean there, if there is one; null counts as absent."""
        value = self._content.get(name)
        if isinstance(value, bool):
            return value
        if value is not None:
            self._refuse(name, "must be true or false")
        return UNSET

    def references(self, name: str, prefix: str) -> tuple[int, ...] | UnsetType:
        """The numbers of what a list of `{"id": …}` names; 0 for what is no such id. Null counts as absent."""
        value = self._content.get(name)
        if value is None:
            return UNSET
        if not is_array(value):
            self._refuse(name, 'must be a list of {"id": …}')
            return UNSET
        if len(value) > MOST_REFERENCES:
            self._refuse(name, f"must not name more than {MOST_REFERENCES}")
            return UNSET
        return tuple(self._reference(f"{name}[{at}]", one, prefix) for at, one in enumerate(value))

    def below(self, name: str) -> "Reading":
        """The object there; an empty one where there is none. Its faults and ids count among these."""
        value = self._content.get(name)
        if value is not None and not is_object(value):
            self._refuse(name, "must be an object")
        inner = Reading(value if is_object(value) else {}, within=f"{self._begin}{name}")
        inner.faults, inner.named = self.faults, self.named
        return inner

    def _reference(self, path: str, value: object, prefix: str) -> int:
        text = value.get("id") if is_object(value) else None
        if not isinstance(text, str):
            self._refuse(path, 'must be an object with a string "id"')
            return 0
        self.named[f"{self._begin}{path}.id"] = text
        return read(prefix, text) or 0

    def _refuse(self, path: str, message: str) -> None:
        self.faults.append(Fault(f"{self._begin}{path}", "NOT_READABLE", message))


def given(value: _Value | UnsetType, otherwise: _Value) -> _Value:
    """`value`, or what stands for it where it was not given."""
    return otherwise if value is UNSET else value
