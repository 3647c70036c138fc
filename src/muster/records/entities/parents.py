"""Parents that are asked for along with a record: on making it, and on changing it."""

from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from muster.domain.records.char_types import CHAR_TYPES, RecordRef
from muster.domain.records.operation import Denied, Draft, Flaw, FlawKind, ParentAsk, Spare
from muster.domain.records.record import Link, Record
from muster.records.entities.relationships import check_kind, fits, join, part
from muster.records.work.permissions import may_relate
from muster.records.work.workspace import Workspace

MOST_FLAWS = 1_000
"""Parents that are not to be had which one record is told of."""


def wanted(draft: Draft) -> Sequence[ParentAsk]:
    """The parents asked for, each once, in order."""
    return list(dict.fromkeys(draft.parents or ()))


def parent_flaws(workspace: Workspace, record: Record, draft: Draft, *, given: bool = False) -> Sequence[Flaw]:
    """What is wrong with the parents that the record is to have. Raises Denied (locked, links not allowed)."""
    flaws = (_flaw(workspace, record, ask, given=given) for ask in wanted(draft))
    return list(islice((flaw for flaw in flaws if flaw is not None), MOST_FLAWS))


def flaw_of(kind: FlawKind, ask: ParentAsk) -> Flaw:
    """A flaw of a parent that is asked for."""
    known = CHAR_TYPES.get(ask.parent.char_type)
    path = known.path if known is not None else str(ask.parent.char_type)
    return Flaw(kind=kind, label=path, name=str(ask.parent.number))


def _flaw(workspace: Workspace, record: Record, ask: ParentAsk, *, given: bool) -> Flaw | None:
    parent = workspace.find(ask.parent)
    if parent is None:
        return flaw_of(FlawKind.PARENT_MISSING, ask)
    if _has(workspace, record.ref, ask):
        return None
    if not given:
        may_relate(workspace, parent, record)
    if (given or _is_kind(workspace, record.ref, ask.kind)) and fits(
        workspace, (parent, record), ask.kind, given=given
    ):
        return None
    return flaw_of(FlawKind.BAD_PARENT, ask)


def _is_kind(workspace: Workspace, child: RecordRef, kind: int) -> bool:
    try:
        check_kind(workspace, child, kind)
    except Denied:
        return False
    return True


def _has(workspace: Workspace, child: RecordRef, ask: ParentAsk) -> bool:
    return any(link.kind == ask.kind for link in workspace.between(ask.parent, child))


def take_parents(workspace: Workspace, child: RecordRef, draft: Draft) -> None:
    """Relate the record to the parents asked for, and where they replace others, part it from those.

    To be called once `parent_flaws` found nothing, or only what was looked over.
    """
    asked = wanted(draft)
    if draft.parents is not None and draft.replace_parents:
        for link in _replaced(workspace, child, draft):
            _part(workspace, link)
    for ask in asked:
        if not _has(workspace, child, ask):
            join(workspace, (ask.parent, child), ask.kind)


def _replaced(workspace: Workspace, child: RecordRef, draft: Draft) -> Sequence[Link]:
    asked = {(ask.parent, ask.kind) for ask in wanted(draft)}
    return [
        link
        for link in workspace.above(child)
        if (link.parent, link.kind) not in asked and not _is_spared(workspace, link, draft.spared)
    ]


def _part(workspace: Workspace, link: Link) -> None:
    ends = (workspace.find(link.parent), workspace.find(link.child))
    may_relate(workspace, *(one for one in ends if one is not None))
    part(workspace, link)


def _is_spared(workspace: Workspace, link: Link, spared: Iterable[Spare]) -> bool:
    parent, child = workspace.find(link.parent), workspace.find(link.child)
    return any(
        (one.parent_type in {None, link.parent.char_type} and _is_one_of(parent, one.parent_templates))
        and (one.child_type in {None, link.child.char_type} and _is_one_of(child, one.child_templates))
        for one in spared
    )


def _is_one_of(record: Record | None, templates: Collection[int]) -> bool:
    return not templates or (record is not None and record.template in templates)
