"""Our own words: the style of an endpoint that names no other. Pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from muster.domain.event import Event, EventType
from muster.ports.push import Style

STANDARD = "standard"
"""The name of this style."""


def public_type(type_: EventType) -> str:
    """The type as receivers see it: `batch:completed` is sent as `batch.completed`."""
    return type_.value.replace(":", ".")


def envelope(event: Event, message: str) -> bytes:
    """The body: `id`, `type`, `timestamp` (when it happened) and `data`. The same bytes on every retry."""
    return msgspec.json.encode(
        {
            "id": message,
            "type": public_type(event.type),
            "timestamp": event.created_at,
            "data": msgspec.Raw(event.body.encode()),
        }
    )


class Standard:
    """Fulfils ports.push.Style: tells everything."""

    names: Mapping[str, Sequence[EventType]] = MappingProxyType(
        {public_type(one): (one,) for one in EventType if one is not EventType.ENDPOINT_TESTED}
    )
    default: Sequence[EventType] = ()

    def wants(self, event: Event) -> bool:  # noqa: ARG002 - the port's
        """Everything."""
        return True

    def envelope(self, event: Event, message: str) -> bytes:
        """See `envelope`."""
        return envelope(event, message)


def with_standard(styles: Mapping[str, Style]) -> Mapping[str, Style]:
    """Every style of a server that has these besides ours."""
    return MappingProxyType({STANDARD: Standard(), **styles})


def askable(style: Style) -> Mapping[str, Sequence[EventType]]:
    """Every event that an endpoint of this style may ask for, by our name and by the style's own."""
    events = (one for several in style.names.values() for one in several)
    return {**{public_type(one): (one,) for one in events}, **style.names}
