"""Copying records, with the components below them, their relationships and their date math (specification A6.6)."""

from collections.abc import Mapping, Sequence

from muster.domain.records.char_types import CHAR_TYPES, CONTACT, RecordRef
from muster.domain.records.operation import Copy, Denial, Denied, Done, Flaw, FlawKind, Result
from muster.domain.records.record import EXPLICIT, Link, Record, Values
from muster.domain.records.template import Template
from muster.records.entities.copied_dates import RULE, SOURCE, calculated_on_copy, copy_rules
from muster.records.entities.copied_values import copied_flags, copied_values
from muster.records.entities.drafting import exchange_of, title_flaws
from muster.records.entities.relationships import LINK, gather_for_linking, relate
from muster.records.values.validation import checked
from muster.records.work.altering import begin
from muster.records.work.performing import Doing
from muster.records.work.permissions import may_write
from muster.records.work.roots import is_component
from muster.records.work.views import view
from muster.records.work.workspace import Workspace

MOST_COPIES = 10_000
"""Records that one operation may make, and originals that all operations of a batch may have."""
MOST_LINKS = 20_000
"""Relationships that one operation may make."""
MOST_CHANGES = 50_000
"""Records and relationships that the operations of one batch may make together."""
MOST_LEVELS = 100
"""How deep components may lie below each other."""
TRACE = "trace"
_COMPONENTS = frozenset(char_type for char_type in CHAR_TYPES if is_component(char_type))


# --- Gathering -------------------------------------------------------------------------------------------------


async def _gather(workspace: Workspace, operations: Sequence[Copy]) -> None:
    """The originals are only looked at, so anybody may be changing them, and they may be locked by their status."""
    roots = list(dict.fromkeys(_root(one) for one in operations))
    await workspace.gather(roots, lock=False)
    await workspace.gather_links([number for one in operations for number in one.links])
    await workspace.gather_above(roots)
    await workspace.gather_below(roots)
    originals = await _gather_components(workspace, operations, roots)
    await workspace.gather_own_rules(originals)
    await workspace.gather(_others(workspace, operations, originals))
    await workspace.gather_money()


async def _gather_components(
    workspace: Workspace, operations: Sequence[Copy], roots: Sequence[RecordRef]
) -> Sequence[RecordRef]:
    """The originals and the components below them, level by level, as far as they may be copied."""
    found = dict.fromkeys(roots)
    wanted = {number for one in operations for number in one.links}
    everything = {_root(one) for one in operations if one.all_links}
    links = [link for ref in roots for link in workspace.below(ref) if link.number in wanted or ref in everything]
    for _ in range(MOST_LEVELS):
        level = [ref for link in links if is_component((ref := link.child).char_type) and ref not in found]
        level = list(dict.fromkeys(level))
        if not level or len(found) + len(level) > MOST_COPIES:
            break
        found.update(dict.fromkeys(level))
        await workspace.gather(level, lock=False)
        await workspace.gather_below(level)
        links = [link for ref in level for link in workspace.below(ref)]
    return list(found)


def _others(workspace: Workspace, operations: Sequence[Copy], originals: Sequence[RecordRef]) -> Sequence[RecordRef]:
    """What the copies may be related to beside each other. They are locked, lest somebody delete them meanwhile."""
    wanted = {number for one in operations for number in one.links}
    everything = {_root(one) for one in operations if one.all_links}
    return [
        link.child if link.parent == ref else link.parent
        for ref in originals
        for link in (*(workspace.above(ref) if workspace.knows_above(ref) else ()), *workspace.below(ref))
        if (link.number in wanted or ref in everything or _is_party(workspace, link))
        and not (link.parent == ref and is_component(link.child.char_type))
    ]


async def _finish(workspace: Workspace, operations: Sequence[Copy]) -> None:
    """Taken last: the counters, and what stands above the records that the copies will be related to."""
    pairs: dict[tuple[RecordRef, RecordRef], None] = {}
    kinds: set[int] = set()
    for one in operations:
        to = one.to or one.group
        kinds.add(to)
        kinds.update(
            _COMPONENTS if any(is_component(link.child.char_type) for link in workspace.below(_root(one))) else ()
        )
        # The copy has no number yet; what matters is what stands above its parents-to-be.
        pairs.update({(link.parent, RecordRef(to, 0)): None for link in workspace.above(_root(one))})
    await gather_for_linking(workspace, list(pairs))
    records = [f"record.{char_type}" for char_type in sorted(kinds & CHAR_TYPES.keys())]
    await workspace.gather_heads([*records, LINK, RULE, SOURCE, TRACE])


def _root(operation: Copy) -> RecordRef:
    return RecordRef(operation.group, operation.number)


# --- Doing -----------------------------------------------------------------------------------------------------


def _do(workspace: Workspace, operation: Copy) -> Result:
    may_write(workspace, operation.to or operation.group, None)
    original = workspace.get(_root(operation))
    template = _target_template(workspace, operation, original)
    links = _chosen(workspace, operation, original.ref)
    copier = _Copier(workspace, _with_components(workspace, original.ref, links, parties=operation.parties))
    root = copier.copy_root(operation, original, template)
    copier.copy_components()
    copier.relate()
    copy_rules(workspace, copier.copies, dates=operation.dates)
    return Result(
        group=operation.group,
        number=root.number,
        done=Done.COPIED,
        reference=operation.reference,
        record=view(workspace, workspace.get(root)),
    )


def _target_template(workspace: Workspace, operation: Copy, original: Record) -> Template:
    """The template of the copy. Raises Denied: with what else can be said of the copy without one."""
    to = operation.to if operation.to is not None else operation.group
    if to not in CHAR_TYPES:
        raise Denied(Denial.UNUSABLE)
    same = to == operation.group
    wanted = original.template if same and operation.template is None else operation.template
    template = workspace.blueprint.template_of(to, wanted) if wanted is not None else None
    if template is None or (same and wanted != original.template):
        flaw = Flaw(kind=FlawKind.NO_TEMPLATE) if wanted is None else _bad_template(wanted)
        raise Denied(Denial.FAULTY, flaws=(flaw, *title_flaws(_title(operation, original))))
    return template


def _title(operation: Copy, original: Record) -> str:
    return original.title if operation.title is None else operation.title


def _bad_template(number: int) -> Flaw:
    return Flaw(kind=FlawKind.BAD_TEMPLATE, label=str(number))


# --- Records ---------------------------------------------------------------------------------------------------


class _Copier:
    """Makes the copies of one operation. `repeated`: what is copied, each with its relationships, the root first."""

    def __init__(self, workspace: Workspace, repeated: Mapping[RecordRef, Sequence[Link]]) -> None:
        self.copies: dict[RecordRef, RecordRef] = {}
        """By original."""
        self._workspace = workspace
        self._repeated = repeated

    def copy_root(self, operation: Copy, original: Record, template: Template) -> RecordRef:
        """The copy of the record that was asked for. Raises Denied."""
        workspace = self._workspace
        same = template.char_type == original.ref.char_type
        return self._make(
            original,
            template,
            title=_title(operation, original),
            status=original.status if same else workspace.blueprint.process_of(template).initial_status.id,
            overriding=operation.values,
        )

    def copy_components(self) -> None:
        """The copies of everything else. Raises Denied."""
        for ref in self._repeated:
            if ref not in self.copies:
                original = self._workspace.get(ref)
                template = self._workspace.template_of(original)
                if template is None:
                    raise Denied(Denial.FAULTY, flaws=(_bad_template(original.template),))
                self._make(original, template, title=original.title, status=original.status)

    def relate(self) -> None:
        """Repeat the relationships. Raises Denied."""
        links = {link.number: link for links in self._repeated.values() for link in links}
        for link in links.values():
            parent, child = (self.copies.get(end, end) for end in (link.parent, link.child))
            relate(self._workspace, parent, child, link.kind)

    def _make(
        self, original: Record, template: Template, *, title: str, status: int, overriding: Values | None = None
    ) -> RecordRef:
        workspace = self._workspace
        may_write(workspace, template.char_type, template.id)
        ref = workspace.new_ref(template.char_type)
        self.copies[original.ref] = ref
        values, flaws = checked(
            template,
            workspace.blueprint.list_by_id,
            overriding or {},
            before=copied_values(workspace, original, template),
            exchange=exchange_of(workspace),
            creating=True,
            by_hand=True,
            calculated=calculated_on_copy(workspace, original.ref, template),
        )
        if flaws := [*title_flaws(title), *flaws]:
            raise Denied(Denial.FAULTY, flaws=tuple(flaws))
        stamp = workspace.stamp
        copy = Record(
            ref=ref,
            template=template.id,
            status=status,
            title=title,
            values=values,
            flags=copied_flags(original, values),
            created=stamp,
            updated=stamp,
            moved=stamp,
        )
        begin(workspace, copy)
        return ref


# --- Relationships ---------------------------------------------------------------------------------------------


def _chosen(workspace: Workspace, operation: Copy, root: RecordRef) -> Sequence[Link]:
    """The original's own relationships that are to be repeated, each once. Raises Denied (bad link)."""
    own = [*workspace.above(root), *workspace.below(root)]
    by_number = {link.number: link for link in own}
    if any(number not in by_number for number in operation.links):
        raise Denied(Denial.BAD_LINK)
    chosen = {number: by_number[number] for number in operation.links}
    if operation.all_links:
        chosen |= {link.number: link for link in own if link.kind == EXPLICIT}
    to = operation.to if operation.to is not None else operation.group
    # Who takes part is a contact: a copy that is none takes part in nothing.
    chosen |= {
        link.number: link for link in own if _is_party(workspace, link) and (link.parent == root or to == CONTACT)
    }
    return [link for link in chosen.values() if _is_repeated(workspace, link, parties=operation.parties)]


def _is_party(workspace: Workspace, link: Link) -> bool:
    return link.kind in workspace.blueprint.party_by_id


def _is_repeated(workspace: Workspace, link: Link, *, parties: bool) -> bool:
    """Not the ones that the server derives by itself, and parties only where they are wanted."""
    return parties if _is_party(workspace, link) else link.kind == EXPLICIT


def _with_components(
    workspace: Workspace, root: RecordRef, links: Sequence[Link], *, parties: bool
) -> Mapping[RecordRef, Sequence[Link]]:
    """Every record that is copied, with the relationships to be repeated: the root, then what belongs to it.

    Raises Denied (unusable) where that is too much.
    """
    repeated = {root: _without_charges(workspace, links)}
    frontier = [root]
    while frontier:
        children = (link.child for link in repeated[frontier.pop()] if is_component(link.child.char_type))
        for child in children:
            if child in repeated or child == root:
                continue
            if not workspace.knows_below(child):
                raise Denied(Denial.UNUSABLE)
            below = [link for link in workspace.below(child) if _goes_along(workspace, link, parties=parties)]
            repeated[child] = _without_charges(workspace, below)
            frontier.append(child)
    made, related = len(repeated), sum(map(len, repeated.values()))
    if made > MOST_COPIES or related > MOST_LINKS or len(workspace.news) + made + related > MOST_CHANGES:
        raise Denied(Denial.UNUSABLE)
    return repeated


def _goes_along(workspace: Workspace, link: Link, *, parties: bool) -> bool:
    """Of what is below a component, its own components are copied, and its parties named again."""
    return _is_repeated(workspace, link, parties=parties) and (
        is_component(link.child.char_type) or _is_party(workspace, link)
    )


def _without_charges(workspace: Workspace, links: Sequence[Link]) -> Sequence[Link]:
    """What amortization made of a row is no part of it: the copy has a schedule of its own, once asked for."""
    return [link for link in links if not _is_charge(workspace, link.child)]


def _is_charge(workspace: Workspace, ref: RecordRef) -> bool:
    record = workspace.find(ref) if workspace.knows(ref) else None
    return record is not None and record.origin is not None


COPY = Doing(_gather, _do, _finish)
