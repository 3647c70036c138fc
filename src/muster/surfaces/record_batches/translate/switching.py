"""Switching templates: what is asked, and what it costs (specification B6)."""

from msgspec import UNSET

from muster.domain.errors import BadInput
from muster.domain.records.char_types import RecordRef
from muster.records.entities.switching import Cost, Switch
from muster.surfaces.record_batches.translate.bodies import Fields
from muster.surfaces.record_batches.translate.drafts import Unreadable, read_template, read_title
from muster.surfaces.record_batches.translate.relationships import render_link
from muster.surfaces.record_batches.translate.results import path_name
from muster.surfaces.record_batches.wire import switching as wire
from muster.surfaces.record_batches.wire.relationships import Relationship


def read_switch(body: Fields, ref: RecordRef) -> Switch:
    """What is asked of the record. Raises BadInput, Unreadable."""
    said = body.get("id")
    if said is not None and body.number("id") != ref.number:
        raise BadInput("id must be the ID of the record in the path.")
    if body.get("newTemplateId") is None:
        raise BadInput("newTemplateId is required")
    template = body.number("newTemplateId")
    if template is None:
        raise Unreadable
    return Switch(ref=ref, template=template, before=read_template(body), title=read_title(body))


def render_cost(cost: Cost, *, number: int | None = None) -> wire.Switched:
    """What it costs; `number` is that of the record that was switched, None where it was only asked."""
    associations: dict[str, list[Relationship]] = {}
    for char_type, link in cost.links:
        associations.setdefault(path_name(char_type), []).append(render_link(link))
    return wire.Switched(
        id=UNSET if number is None else number,
        relationships_not_migrated=wire.LinksLost(
            parties=[render_link(link) for link in cost.parties], associations=associations
        ),
        characteristics_not_migrated=list(cost.dropped),
        characteristics_required_on_new_template=list(cost.required),
    )
