"""What the routes call upon, and what they share."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter, SkipValidation

from muster.catalog.templates import TemplateCatalog
from muster.domain.tenant import Principal
from muster.intake.control import Control
from muster.intake.submit import Submit
from muster.intake.workflows import WorkflowControl
from muster.lookup.batches import BatchLookup
from muster.lookup.entries import EntryLookup
from muster.lookup.workflows import WorkflowLookup
from muster.surfaces.access import Access, Call
from muster.surfaces.bodies import Limits
from muster.surfaces.paging import Paging


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes call upon."""

    submit: Submit
    control: Control
    batches: BatchLookup
    entries: EntryLookup
    templates: TemplateCatalog
    workflows: WorkflowLookup
    workflow_control: WorkflowControl
    access: Access
    limits: Limits


TheDoor = NamedDependency[SkipValidation[Door]]
Caller = NamedDependency[SkipValidation[Principal]]
Text = FromQuery[str | None]
TemplateQuery = Annotated[str | None, QueryParameter(name="templateId")]
Id = FromPath[str]
Sort = Annotated[list[str] | None, QueryParameter(name="sort", description="field,ASC or field,DESC; repeatable")]
_Shape = TypeVar("_Shape")


async def caller(request: Call, door: TheDoor) -> Principal:
    """Who calls. Raises NotAuthenticated, RateLimited, NotAllowed."""
    return await door.access.caller(request)


def envelope(shape: Callable[..., _Shape], paging: Paging, total: int, *, content: Sequence[object]) -> _Shape:
    """A page of a list, with what stands around every list."""
    return shape(
        total_elements=total,
        total_pages=paging.pages(total),
        number=paging.number,
        number_of_elements=len(content),
        has_next=paging.number < paging.pages(total),
        content=content,
    )
