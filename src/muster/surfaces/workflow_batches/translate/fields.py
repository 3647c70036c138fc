"""Reading single fields of a JSON object, and collecting what is wrong with them."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.ids import PrincipalId
from muster.surfaces.bodies import is_object
from muster.surfaces.workflow_batches.wire import Actor

MOST_FAULTS = 100
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
REQUIRED, INVALID_TYPE, INVALID_FORMAT = "REQUIRED", "INVALID_TYPE", "INVALID_FORMAT"
INVALID_VALUE, OUT_OF_RANGE, LENGTH_OUT_OF_RANGE = "INVALID_VALUE", "OUT_OF_RANGE", "LENGTH_OUT_OF_RANGE"

_First = TypeVar("_First")
_Second = TypeVar("_Second")


class Faults:
    """Every fault of a request, in the order found."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    @property
    def found(self) -> bool:
        """Whether there is any."""
        return bool(self._found)

    def add(self, path: str, code: str, message: str) -> None:
        """Note one fault."""
        self._found.append(Fault(path, code, message))

    def extend(self, faults: Sequence[Fault]) -> None:
        """Note faults that were found elsewhere."""
        self._found.extend(faults)

    def refuse(self) -> None:
        """Raise BadInput when there is at least one; it names the first hundred."""
        if self._found:
            raise BadInput("Request validation failed", self._found[:MOST_FAULTS])

    def an_object(self, value: object, path: str) -> dict[str, object] | None:
        """The object at `path`, which is required."""
        if is_object(value):
            return value
        if value is None:
            self.add(path, REQUIRED, "is required")
        else:
            self.add(path, INVALID_TYPE, "must be an object")
        return None

    def a_text(self, value: object, path: str, *, length: tuple[int, int]) -> str | None:
        """The string at `path`, if there is one; `length` is the least and the most characters."""
        if value is None:
            return None
        if not isinstance(value, str):
            self.add(path, INVALID_TYPE, "must be a string")
        elif not length[0] <= len(value) <= length[1]:
            self.add(path, LENGTH_OUT_OF_RANGE, f"must have {length[0]} to {length[1]} characters")
        else:
            return value
        return None

    def a_uuid(self, value: object, path: str) -> UUID | None:
        """The UUID at `path`, if there is one."""
        if value is None:
            return None
        if not isinstance(value, str):
            self.add(path, INVALID_TYPE, "must be a string")
        elif not _UUID.fullmatch(value):
            self.add(path, INVALID_FORMAT, "must be a UUID")
        else:
            return UUID(value)
        return None


def all_of(first: Callable[[], _First], second: Callable[[], _Second]) -> tuple[_First, _Second]:
    """What two readers of one request make of it. Raises BadInput with the faults of both."""
    try:
        one = first()
    except BadInput as refusal:
        try:
            second()
        except BadInput as other:
            raise BadInput(refusal.message, [*refusal.faults, *other.faults][:MOST_FAULTS]) from None
        raise
    return one, second()


def path_id(value: str, path: str) -> UUID:
    """The UUID in a path. Raises BadInput."""
    faults = Faults()
    found = faults.a_uuid(value, path)
    faults.refuse()
    return found or UUID(int=0)


def moment(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def actor(principal: PrincipalId | None) -> Actor:
    """Who made or changed something; None is the server itself."""
    # The nil id is the operator at the command line: no service account, so for this door the system itself.
    if principal is None or not principal.int:
        return Actor(id="", type="internal")
    return Actor(id=str(principal), type="service-account")
