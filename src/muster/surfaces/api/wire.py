"""The JSON of our own API."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from muster.catalog.endpoints import MOST_DESCRIPTION
from muster.events.standard import STANDARD

PATH = "/api/v1"
"""Where every path of this API begins."""
ENDPOINTS = f"{PATH}/webhook-endpoints"

SUPPRESSIONS = f"{PATH}/suppressions"

MOST_ADDRESSES = 10_000
"""How many addresses one body may have."""
MOST_TYPES = 100
"""How many names of events one endpoint may list."""

Description = Annotated[str, Meta(max_length=MOST_DESCRIPTION, description="A word for people.")]
Types = Annotated[
    list[str],
    Meta(
        max_length=MOST_TYPES,
        description="Names of events: ours (`batch.completed`), or the style's. None: what the style tells then.",
    ),
]
Style = Annotated[str, Meta(description="Whose words messages use: `standard`, or the name of a door.")]
Moment = Annotated[datetime, Meta(description="ISO 8601 with its zone.")]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A body of a request. The server reads it by hand, to name every fault at once; this is for clients."""


class NewEndpoint(_Strict, frozen=True, kw_only=True):
    """A webhook endpoint to be made, or as it is to be from now on."""

    url: str
    description: Description = ""
    types: Types = []
    style: Style = STANDARD


class EndpointChange(_Strict, frozen=True, kw_only=True):
    """What is to be different."""

    url: str | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    types: Types | UnsetType = UNSET
    style: Style | UnsetType = UNSET


class Replay(_Strict, frozen=True, kw_only=True):
    """Which events are to be told again: those made in [since, until)."""

    since: Moment
    until: Moment | UnsetType = UNSET
    """Absent: now."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook endpoint."""

    id: str
    url: str
    description: str
    style: str
    types: list[str]
    """In our names; empty: every event."""
    state: str
    """`active` or `disabled`."""
    created_at: datetime
    failing_since: datetime | None
    disabled_reason: str | None
    secret: str | UnsetType = UNSET
    """Only where it was just made."""


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Every webhook endpoint, oldest first."""

    endpoints: list[Endpoint]


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """What messages are signed with."""

    secret: str


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages will be sent."""

    queued: int


class Addresses(_Strict, frozen=True, kw_only=True):
    """Addresses in any spelling."""

    addresses: Annotated[list[str], Meta(max_length=MOST_ADDRESSES, description="Phone numbers or e-mail addresses.")]


class NewSuppressions(Addresses, frozen=True, kw_only=True):
    """Addresses that must not be reached."""

    source: Annotated[str, Meta(min_length=1, max_length=64, description="Why they are on the list.")] = "api"


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """An address that must not be reached."""

    address: str
    """In the form in which addresses are compared."""
    source: str
    """Why: `bounced`, `complained`, `api`, or what was said when it was put there."""
    origin: str | None
    """The message that brought it here, as `<batch id>/<position>`."""
    created_at: datetime


class Suppressions(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the list, newest first."""

    total: int
    """How many match in all."""
    page: int
    size: int
    suppressions: list[Suppression]


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """What came of addresses that were put on the list."""

    given: int
    added: int
    """How many were not on it."""


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of addresses that were taken off the list."""

    given: int
    removed: int
    """How many were on it."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One broken rule: where, which, and a sentence."""

    path: str
    code: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong: problem details as of RFC 9457, with a permanent `code` and every fault of the request."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    """`urn:uuid:` and a number that the server's log knows too."""
    code: str
    faults: list[Fault]
