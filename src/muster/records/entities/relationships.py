"""Relating records to each other, and parting them."""

from collections.abc import Collection, Sequence

from muster.domain.records.char_types import CONTACT, RecordRef
from muster.domain.records.operation import Denial, Denied, Done, FetchLink, Relate, Result, Unrelate
from muster.domain.records.record import EXPLICIT, Link, Record
from muster.domain.records.template import Pairing, Template
from muster.domain.records.trace import Happening
from muster.records.work.performing import Doing
from muster.records.work.permissions import may_relate
from muster.records.work.roots import gather_roots
from muster.records.work.views import link_view
from muster.records.work.workspace import News, Workspace

MOST_LEVELS = 100
"""How many records of one char type may stand above each other. It bounds the search for circles."""
LINK = "link"
"""The counter of relationships."""
_Pair = tuple[RecordRef, RecordRef]


# --- Making ----------------------------------------------------------------------------------------------------


async def gather_for_relating(workspace: Workspace, pairs: Collection[_Pair]) -> None:
    """Have everything at hand that making relationships between these needs, and the counter.

    The ends are locked, then the counter is taken, then it is looked what stands above the parents: so nobody else
    can close a circle in the meantime.
    """
    await gather_ends(workspace, pairs)
    await gather_for_linking(workspace, pairs)


async def gather_ends(workspace: Workspace, pairs: Collection[_Pair]) -> None:
    """The first half of it: the records."""
    await workspace.gather([end for pair in pairs for end in pair])


async def gather_for_linking(workspace: Workspace, pairs: Collection[_Pair]) -> None:
    """The second half of it: once all records are locked, the counter and what is related already."""
    if not pairs:
        return
    await workspace.gather_heads([LINK])
    await workspace.gather_between(pairs)
    frontier = list(dict.fromkeys(parent for parent, child in pairs if parent.char_type == child.char_type))
    seen = set(frontier)
    for _ in range(MOST_LEVELS):
        if not frontier:
            return
        # Anew: what is at hand may have been read before the counter was held.
        await workspace.gather_above(frontier, anew=True)
        above = dict.fromkeys(parent for ref in frontier for parent in _parents(workspace, ref))
        frontier = [ref for ref in above if ref not in seen]
        seen.update(frontier)


def relate(  # noqa: PLR0917 - from which, to which, and how: nobody takes them for each other
    workspace: Workspace, parent: RecordRef, child: RecordRef, kind: int, *, given: bool = False
) -> Link:
    """Make a relationship. Raises Denied.

    `given`: the server makes it by itself. Then nobody's rights are asked, nor the templates, and a relationship that
    is there already is taken for the one wanted.
    """
    if not given:
        may_relate(workspace)
    ends = _ends(workspace, parent, child)
    if not given:
        may_relate(workspace, *ends)
        check_kind(workspace, child, kind)
    same = [link for link in workspace.between(parent, child) if link.kind == kind]
    if same and given:
        return same[0]
    if not fits(workspace, ends, kind, given=given):
        raise Denied(Denial.BAD_LINK)
    if same:
        raise Denied(Denial.LINK_EXISTS)
    return join(workspace, (parent, child), kind)


def join(workspace: Workspace, pair: _Pair, kind: int, *, numbered: int | None = None) -> Link:
    """Make a relationship, from a parent to a child, for which all rules were looked at.

    `numbered`: a number that was claimed before.
    """
    number = workspace.next(LINK) if numbered is None else numbered
    link = Link(
        number=number,
        kind=kind,
        parent=pair[0],
        child=pair[1],
        sequence=number,
        created=workspace.stamp,
        updated=workspace.stamp,
    )
    workspace.put_link(link)
    workspace.tell(News(happening=Happening.CREATED, what=link))
    return link


def check_kind(workspace: Workspace, child: RecordRef, kind: int) -> None:
    """Nothing, where there is such a kind of relationship, and the child can be in it. Raises Denied otherwise."""
    if kind == EXPLICIT:
        return
    if kind not in workspace.blueprint.party_by_id:
        raise Denied(Denial.NOT_A_PARTY)
    if child.char_type != CONTACT:
        raise Denied(Denial.BAD_LINK)


def fits(workspace: Workspace, ends: tuple[Record, Record], kind: int, *, given: bool = False) -> bool:
    """Whether the templates allow it, and it makes no circle. Parties are not bound to the templates' lists."""
    parent, child = ends
    if parent.ref == child.ref or _closes_circle(workspace, parent.ref, child.ref):
        return False
    if given or kind != EXPLICIT:
        return True
    return paired(workspace.template_of(parent), workspace.template_of(child))


def _ends(workspace: Workspace, parent: RecordRef, child: RecordRef) -> tuple[Record, Record]:
    above, below = workspace.find(parent), workspace.find(child)
    if above is None or below is None:
        missing = [ref for ref, record in ((parent, above), (child, below)) if record is None]
        raise Denied(Denial.END_MISSING, missing=tuple(dict.fromkeys(missing)))
    return above, below


def paired(parent: Template | None, child: Template | None) -> bool:
    """Whether either template lists the other; lists that are empty allow everything."""
    below = parent.children if parent is not None else ()
    above = child.parents if child is not None else ()
    if not below and not above:
        return True
    return _lists(below, child) or _lists(above, parent)


def _lists(pairings: Sequence[Pairing], template: Template | None) -> bool:
    return template is not None and any(
        one.char_type == template.char_type and one.template == template.id for one in pairings
    )


def _closes_circle(workspace: Workspace, parent: RecordRef, child: RecordRef) -> bool:
    """Whether the child stands above the parent already, within its char type; or too much does to be sure."""
    if parent.char_type != child.char_type or (workspace.knows_below(child) and not workspace.below(child)):
        return False
    seen = {parent}
    frontier = [parent]
    for _ in range(MOST_LEVELS):
        if not frontier:
            return False
        if child in seen or not all(workspace.knows_above(ref) for ref in frontier):
            return True
        above = dict.fromkeys(one for ref in frontier for one in _parents(workspace, ref))
        frontier = [ref for ref in above if ref not in seen]
        seen.update(frontier)
    return True


def _parents(workspace: Workspace, ref: RecordRef) -> Sequence[RecordRef]:
    return [link.parent for link in workspace.above(ref) if link.parent.char_type == ref.char_type]


def _pairs(operations: Sequence[Relate]) -> Sequence[_Pair]:
    return [(one.parent, one.child) for one in operations]


async def _gather_relate(workspace: Workspace, operations: Sequence[Relate]) -> None:
    await gather_ends(workspace, _pairs(operations))
    await gather_roots(workspace, [end for pair in _pairs(operations) for end in pair])


async def _finish_relate(workspace: Workspace, operations: Sequence[Relate]) -> None:
    await gather_for_linking(workspace, _pairs(operations))


def _do_relate(workspace: Workspace, operation: Relate) -> Result:
    link = relate(workspace, operation.parent, operation.child, operation.kind)
    return _result(workspace, link, operation, done=Done.CREATED)


# --- Reading and parting ---------------------------------------------------------------------------------------


async def _gather_fetch(workspace: Workspace, operations: Sequence[FetchLink]) -> None:
    await workspace.gather_links([one.number for one in operations])


def _do_fetch(workspace: Workspace, operation: FetchLink) -> Result:
    return _result(workspace, workspace.link(operation.number), operation, done=Done.FOUND)


async def gather_for_parting(workspace: Workspace, numbers: Collection[int]) -> None:
    """Have these relationships at hand, their ends locked, so that nobody else deletes them as well."""
    await workspace.gather_links(numbers)
    links = [link for number in numbers if (link := workspace.link_or_none(number)) is not None]
    await workspace.gather([end for link in links for end in (link.parent, link.child)])
    await workspace.gather_links(numbers, anew=True)


def part(workspace: Workspace, link: Link) -> None:
    """Delete a relationship."""
    workspace.remove_link(link)
    workspace.tell(News(happening=Happening.DELETED, what=link))


async def _gather_unrelate(workspace: Workspace, operations: Sequence[Unrelate]) -> None:
    await gather_for_parting(workspace, [one.number for one in operations])


def _do_unrelate(workspace: Workspace, operation: Unrelate) -> Result:
    may_relate(workspace)
    link = workspace.link(operation.number)
    ends = (workspace.find(link.parent), workspace.find(link.child))
    may_relate(workspace, *(one for one in ends if one is not None))
    part(workspace, link)
    return Result(group=operation.group, number=link.number, done=Done.DELETED, reference=operation.reference)


def _result(workspace: Workspace, link: Link, operation: Relate | FetchLink, *, done: Done) -> Result:
    shown = link_view(workspace, link)
    return Result(group=operation.group, number=link.number, done=done, reference=operation.reference, link=shown)


RELATE = Doing(_gather_relate, _do_relate, _finish_relate)
FETCH_LINK = Doing(_gather_fetch, _do_fetch)
UNRELATE = Doing(_gather_unrelate, _do_unrelate)
