"""Records and relationships as they are shown: with what people call their templates, statuses and kinds."""

from muster.domain.records.blueprint import Blueprint
from muster.domain.records.record import EXPLICIT, IMPLICIT, End, Link, LinkView, Record, View
from muster.records.work.workspace import Workspace

EXPLICIT_NAME = "Default"
IMPLICIT_NAME = "Implicit"


def view(workspace: Workspace, record: Record) -> View:
    """The record as it is shown, without its relationships. How many parents it has must be at hand."""
    return view_of(workspace.blueprint, record, parents=workspace.parent_count(record.ref))


def view_of(blueprint: Blueprint, record: Record, *, parents: int, links: tuple[LinkView, ...] | None = None) -> View:
    """The record as it is shown."""
    end = end_of(blueprint, record)
    return View(
        record=record,
        template_name=end.template_name,
        process=end.process,
        process_name=end.process_name,
        status_name=end.status_name,
        parents=parents,
        links=links,
    )


def link_view(workspace: Workspace, link: Link, *, ends: bool = False) -> LinkView:
    """The relationship as it is shown; with `ends`, what is told of the records that are at hand."""
    parent = workspace.last_seen(link.parent) if ends else None
    child = workspace.last_seen(link.child) if ends else None
    return link_view_of(workspace.blueprint, link, parent=parent, child=child)


def link_view_of(
    blueprint: Blueprint, link: Link, *, parent: Record | None = None, child: Record | None = None
) -> LinkView:
    """The relationship as it is shown, with what is told of the ends that are given."""
    return LinkView(
        link=link,
        kind_name=kind_name(blueprint, link.kind),
        parent=end_of(blueprint, parent) if parent is not None else None,
        child=end_of(blueprint, child) if child is not None else None,
    )


def kind_name(blueprint: Blueprint, kind: int) -> str:
    """What people call a kind of relationship. A party that has the number of implicit ones comes first."""
    party = blueprint.party_by_id.get(kind)
    if party is not None:
        return party.name
    return {EXPLICIT: EXPLICIT_NAME, IMPLICIT: IMPLICIT_NAME}.get(kind, "")


def end_of(blueprint: Blueprint, record: Record) -> End:
    """What a record is called by its template, process and status; empty names where the blueprint has them no more."""
    template = blueprint.template_of(record.ref.char_type, record.template)
    process = blueprint.process_of(template)
    return End(
        template=record.template,
        template_name=template.name if template is not None else "",
        process=process.id,
        process_name=process.name,
        status=record.status,
        status_name=blueprint.status_of(template, record.status).name,
    )
