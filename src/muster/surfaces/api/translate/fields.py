"""The fields of a body."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from muster.domain.fault import Fault
from muster.surfaces.bodies import is_array

_REQUIRED, _INVALID_TYPE = "required", "invalid_type"


class Fields:
    """The fields of a body, and everything that is wrong with them. A field that is not listed is refused."""

    def __init__(self, content: Mapping[str, object], *, listed: Sequence[str]) -> None:
        self._content = content
        message = f"there is no such field; there are {', '.join(listed)}"
        self.faults = [Fault(name, "unknown_field", message) for name in content if name not in listed]

    def require(self, *names: str) -> None:
        """Note a fault for each of these that the body lacks."""
        self.faults.extend(Fault(name, _REQUIRED, "is required") for name in names if name not in self._content)

    def text(self, name: str) -> str | None:
        """The string, if there is one."""
        value = self._content.get(name)
        if isinstance(value, str):
            return value
        if name in self._content:
            self.faults.append(Fault(name, _INVALID_TYPE, "must be a string"))
        return None

    def texts(self, name: str, *, most: int) -> tuple[str, ...] | None:
        """The array of at most `most` strings, if there is one."""
        if name not in self._content:
            return None
        value = self._content[name]
        if not is_array(value):
            self.faults.append(Fault(name, _INVALID_TYPE, "must be an array of strings"))
            return None
        if len(value) > most:
            self.faults.append(Fault(name, "too_long", f"must have at most {most} items"))
            return None
        wrong = [at for at, one in enumerate(value) if not isinstance(one, str)]
        self.faults.extend(Fault(f"{name}[{at}]", _INVALID_TYPE, "must be a string") for at in wrong)
        return tuple(one for one in value if isinstance(one, str))

    def moment(self, name: str) -> datetime | None:
        """The time in UTC, if there is one."""
        text = self.text(name)
        if text is None:
            return None
        try:
            found = datetime.fromisoformat(text)
            if found.tzinfo is not None:
                return found.astimezone(UTC)
            message = "must have a zone: for UTC, a Z at its end"
        except (ValueError, OverflowError):
            message = "must be a time such as 2025-01-15T09:30:00Z"
        self.faults.append(Fault(name, "invalid_format", message))
        return None
