"""Which module a component belongs to: told with what happens to the component."""

from collections.abc import Collection

from muster.domain.records.char_types import CHAR_TYPES, RecordRef, Standing
from muster.records.work.workspace import Workspace

MOST_LEVELS = 8
"""How many components may lie between a component and its module for that to be found."""


def is_component(char_type: int) -> bool:
    """Whether records of the char type belong to others."""
    known = CHAR_TYPES.get(char_type)
    return known is not None and known.standing is Standing.COMPONENT


async def gather_roots(workspace: Workspace, refs: Collection[RecordRef]) -> None:
    """Have at hand what leads from those of `refs` that are components up to their modules, and what that is."""
    above: dict[RecordRef, None] = {}
    frontier = [ref for ref in refs if is_component(ref.char_type)]
    for _ in range(MOST_LEVELS):
        if not frontier:
            break
        await workspace.gather_above(frontier)
        parents = dict.fromkeys(link.parent for ref in frontier for link in workspace.above(ref))
        frontier = [ref for ref in parents if is_component(ref.char_type) and ref not in above]
        above.update(parents)
    await workspace.gather(above, lock=False)


def root_of(workspace: Workspace, ref: RecordRef) -> RecordRef | None:
    """The module that a component belongs to: the nearest one above it. None of a module, and where it is unknown."""
    frontier = [ref] if is_component(ref.char_type) else []
    for _ in range(MOST_LEVELS):
        above = [link.parent for one in frontier if workspace.knows_above(one) for link in workspace.above(one)]
        module = next((parent for parent in above if not is_component(parent.char_type)), None)
        if module is not None or not above:
            return module
        frontier = above
    return None
