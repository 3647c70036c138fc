"""Records as they are shown."""

from collections.abc import Mapping

from msgspec import UNSET

from muster.domain.records.record import Flags, View
from muster.surfaces.record_batches.translate.relationships import render_link
from muster.surfaces.record_batches.translate.times import spell_time
from muster.surfaces.record_batches.wire import entities as wire


def render_entity(view: View, *, extended: bool = False) -> wire.Entity:
    """The record; with its relationships to parents where they are known. `extended`: with what is known of dates."""
    record = view.record
    whole = view.links is not None
    return wire.Entity(
        id=record.ref.number,
        revision_id=record.revision,
        title=record.title,
        template=wire.EntityTemplate(
            template_id=record.template,
            template_name=view.template_name,
            process_id=view.process,
            process_name=view.process_name or None,
        ),
        status=wire.EntityStatus(status_id=record.status, status_name=view.status_name),
        characteristics=dict(record.values),
        characteristics_extended=_flags(record.flags) if extended else UNSET,
        comments=[] if whole else None,
        parent_relationship=UNSET if view.links is None else [render_link(link) for link in view.links],
        parent_relationship_count=view.parents,
        relationship_update_rules=None if whole else UNSET,
        created_by_id=record.created.by,
        created_date=spell_time(record.created.at),
        last_updated_by_id=record.updated.by,
        last_updated_date=spell_time(record.updated.at),
        status_updated_by_id=record.moved.by,
        status_updated_date=spell_time(record.moved.at),
    )


def _flags(flags: Mapping[str, Flags]) -> dict[str, wire.DateFlags]:
    return {label: wire.DateFlags(estimated=one.estimated, block_date_math=one.blocked) for label, one in flags.items()}
