"""Between the JSON of our API and the catalogue. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from muster.catalog.endpoints import EndpointChange, EndpointWish
from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.events.standard import STANDARD, public_type
from muster.ports.store.endpoints import Endpoint
from muster.surfaces.api import wire
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


def read_wish(content: Mapping[str, object]) -> tuple[EndpointWish, Sequence[Fault]]:
    """The endpoint that a body describes, as far as it can be read, and what cannot be."""
    change, faults = read_change(content, required=("url",))
    wish = EndpointWish(
        url=change.url or "",
        description=change.description or "",
        types=change.types or (),
        style=STANDARD if change.style is None else change.style,
    )
    return wish, faults


def read_whole(content: Mapping[str, object]) -> tuple[EndpointChange, Sequence[Fault]]:
    """The same as a change: what the body leaves out is as for a new endpoint."""
    wish, faults = read_wish(content)
    change = EndpointChange(url=wish.url, description=wish.description, types=wish.types, style=wish.style)
    return change, faults


def read_change(
    content: Mapping[str, object], *, required: Sequence[str] = ()
) -> tuple[EndpointChange, Sequence[Fault]]:
    """What is to be different about an endpoint, as far as it can be read, and what cannot be."""
    fields = Fields(content, listed=("url", "description", "types", "style"))
    fields.require(*required)
    change = EndpointChange(
        url=fields.text("url"),
        description=fields.text("description"),
        types=fields.texts("types", most=wire.MOST_TYPES),
        style=fields.text("style"),
    )
    return change, fields.faults


def read_range(content: Mapping[str, object]) -> tuple[datetime, datetime | None]:
    """Since when, and until when where the body says so. Raises BadInput with every fault."""
    fields = Fields(content, listed=("since", "until"))
    fields.require("since")
    since, until = fields.moment("since"), fields.moment("until")
    if since is None or fields.faults:
        raise BadInput("The range cannot be read", fields.faults)
    return since, until


def endpoint(found: Endpoint) -> wire.Endpoint:
    """An endpoint without its secrets."""
    return wire.Endpoint(
        id=str(found.id),
        url=found.url,
        description=found.description,
        style=found.style,
        types=[public_type(one) for one in found.types],
        state=found.state.value,
        created_at=found.created_at,
        failing_since=found.failing_since,
        disabled_reason=found.disabled_reason or None,
    )


def with_secret(found: Endpoint) -> wire.Endpoint:
    """An endpoint with its newest secret."""
    return msgspec.structs.replace(endpoint(found), secret=found.secrets[0].value)
