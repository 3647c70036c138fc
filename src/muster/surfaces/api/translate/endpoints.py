"""Webhook endpoints."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from muster.catalog.endpoints import EndpointChange, EndpointWish
from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.events.standard import STANDARD, public_type
from muster.ports.store.endpoints import Endpoint
from muster.surfaces.api import wire
from muster.surfaces.api.translate.fields import Fields


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
