"""What the routes call upon, and who calls."""

from typing import Final

import msgspec
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from muster.catalog.endpoints import EndpointCatalog
from muster.catalog.suppressions import SuppressionList
from muster.domain.tenant import Principal
from muster.surfaces.access import Access, Call
from muster.surfaces.bodies import Limits

BODY: Final = (400, 403, 408, 413, 415)
"""What an operation that takes a body may refuse with."""


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes call upon."""

    endpoints: EndpointCatalog
    suppressions: SuppressionList
    access: Access
    limits: Limits


TheDoor = NamedDependency[SkipValidation[Door]]
Caller = NamedDependency[SkipValidation[Principal]]


async def caller(request: Call, door: TheDoor) -> Principal:
    """Who calls. Raises as `Access.caller` does."""
    return await door.access.caller(request)
