"""Relationships as they are shown."""

from collections.abc import Mapping

from msgspec import UNSET, UnsetType

from muster.domain.records.blueprint import Party
from muster.domain.records.record import EXPLICIT, IMPLICIT, End, LinkView
from muster.records.work.views import EXPLICIT_NAME, IMPLICIT_NAME
from muster.surfaces.record_batches.translate.times import spell_time
from muster.surfaces.record_batches.wire import relationships as wire


def render_link(view: LinkView) -> wire.Relationship:
    """The relationship; with templates and statuses of its ends where they are known."""
    link = view.link
    return wire.Relationship(
        id=link.number,
        relationship_type=wire.RelationshipType(relationship_type_id=link.kind, relationship_type_name=view.kind_name),
        created_by_id=link.created.by,
        created_date=spell_time(link.created.at),
        last_updated_by_id=link.updated.by,
        last_updated_date=spell_time(link.updated.at),
        parent_char_type_id=link.parent.char_type,
        parent_record_id=link.parent.number,
        parent_template=_template(view.parent),
        parent_status=_status(view.parent),
        child_char_type_id=link.child.char_type,
        child_record_id=link.child.number,
        child_template=_template(view.child),
        child_status=_status(view.child),
        sequence_number=link.sequence,
    )


def render_types(parties: Mapping[int, Party]) -> wire.RelationshipTypes:
    """Every type of relationship, parties last."""
    # A party may have the number of the implicit one (gap 6 of the door's specification): then it is the party.
    names = {EXPLICIT: EXPLICIT_NAME, IMPLICIT: IMPLICIT_NAME} | {one.id: one.name for one in parties.values()}
    return wire.RelationshipTypes(
        relationship_types=[
            wire.RelationshipType(relationship_type_id=number, relationship_type_name=names[number])
            for number in sorted(names)
        ]
    )


def _template(end: End | None) -> wire.EndTemplate | UnsetType:
    if end is None:
        return UNSET
    return wire.EndTemplate(
        template_id=end.template,
        template_name=end.template_name,
        process_id=end.process,
        process_name=end.process_name or None,
    )


def _status(end: End | None) -> wire.EndStatus | UnsetType:
    return UNSET if end is None else wire.EndStatus(status_id=end.status, status_name=end.status_name)
