"""Deleting records with everything that hangs on them (specification A6.4, A7.5)."""

from collections.abc import Collection, Iterable, Sequence

from muster.domain.records.char_types import RecordRef
from muster.domain.records.operation import Denial, Denied, Done, Remove, Result
from muster.domain.records.record import Link, Record
from muster.domain.records.trace import Deed, Happening
from muster.records.dates.recalculation import drop_rules
from muster.records.entities.making import TRACE
from muster.records.entities.relationships import part
from muster.records.work.performing import Doing
from muster.records.work.permissions import may_write
from muster.records.work.roots import gather_roots, is_component, root_of
from muster.records.work.workspace import News, Workspace


async def gather_for_removal(workspace: Workspace, refs: Collection[RecordRef]) -> None:
    """Have at hand these records and what may go with them, locked; and what is related to any of it."""
    found: dict[RecordRef, None] = {}
    frontier = list(dict.fromkeys(refs))
    while frontier:
        found.update(dict.fromkeys(frontier))
        await workspace.gather(frontier)
        await workspace.gather_above(frontier)
        await workspace.gather_below(frontier)
        below = dict.fromkeys(link.child for ref in frontier for link in workspace.below(ref))
        frontier = [ref for ref in below if is_component(ref.char_type) and ref not in found]
    links = [link for ref in found for link in _links_of(workspace, ref)]
    await workspace.gather([end for link in links for end in (link.parent, link.child)], lock=False)
    await gather_roots(workspace, list(found))
    await workspace.gather_rules(list(found))


def remove(workspace: Workspace, record: Record) -> None:
    """Delete a record: with it its relationships, its date rules, and the components that belong to nothing else.

    Whether that is allowed is not asked.
    """
    _erase(workspace, _going(workspace, record))


def check_removable(workspace: Workspace, record: Record) -> None:
    """Nothing, where the record may be deleted with all that goes with it. Raises Denied otherwise."""
    going = _going(workspace, record)
    gone = {one.ref for one in going}
    if not all(workspace.status_of(one).deletable for one in going):
        raise Denied(Denial.NOT_DELETABLE)
    if any(workspace.status_of(one).locked for one in going if one.ref != record.ref):
        raise Denied(Denial.NOT_DELETABLE)
    if any(_is_locked(workspace, ref) for ref in _beside(workspace, gone)):
        raise Denied(Denial.NOT_DELETABLE)


def _going(workspace: Workspace, record: Record) -> Sequence[Record]:
    """The record, and the components below it of which all parents go as well."""
    going = {record.ref: record}
    frontier = [record.ref]
    while frontier:
        below = dict.fromkeys(link.child for ref in frontier for link in workspace.below(ref))
        frontier = [ref for ref in below if ref not in going and _belongs_to(workspace, ref, going)]
        going.update({ref: workspace.get(ref) for ref in frontier})
    return list(going.values())


def _belongs_to(workspace: Workspace, ref: RecordRef, going: Collection[RecordRef]) -> bool:
    return is_component(ref.char_type) and all(link.parent in going for link in workspace.above(ref))


def _links_of(workspace: Workspace, ref: RecordRef) -> Sequence[Link]:
    return (*workspace.above(ref), *workspace.below(ref))


def _beside(workspace: Workspace, refs: Collection[RecordRef]) -> Iterable[RecordRef]:
    """What is related to any of them, and is none of them."""
    ends = (end for ref in refs for link in _links_of(workspace, ref) for end in (link.parent, link.child))
    return (end for end in dict.fromkeys(ends) if end not in refs)


def _is_locked(workspace: Workspace, ref: RecordRef) -> bool:
    other = workspace.last_seen(ref)
    return other is not None and workspace.status_of(other).locked


def _erase(workspace: Workspace, going: Sequence[Record]) -> None:
    roots = {one.ref: root_of(workspace, one.ref) for one in going}
    links = {link.number: link for one in going for link in _links_of(workspace, one.ref)}
    for link in links.values():
        part(workspace, link)
    for one in going:
        workspace.remove(one)
        workspace.note(one, Deed.DELETED)
        workspace.tell(News(happening=Happening.DELETED, what=one, root=roots[one.ref]))
    for one in going:
        drop_rules(workspace, one.ref)


async def _gather(workspace: Workspace, operations: Sequence[Remove]) -> None:
    await gather_for_removal(workspace, [_ref(one) for one in operations])


async def _finish(workspace: Workspace, _: Sequence[Remove]) -> None:
    await workspace.gather_heads([TRACE])
    await workspace.gather_links_anew()


def _do(workspace: Workspace, operation: Remove) -> Result:
    may_write(workspace, operation.group, None)
    record = workspace.get(_ref(operation))
    may_write(workspace, record.ref.char_type, record.template)
    check_removable(workspace, record)
    remove(workspace, record)
    return Result(group=operation.group, number=operation.number, done=Done.DELETED, reference=operation.reference)


def _ref(operation: Remove) -> RecordRef:
    return RecordRef(operation.group, operation.number)


REMOVE = Doing(_gather, _do, _finish)
