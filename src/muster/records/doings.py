"""How each operation is done: the one table."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from muster.domain.records.char_types import RELATIONSHIP, RecordRef
from muster.domain.records.operation import (
    Act,
    Amortize,
    Change,
    Copy,
    Create,
    Denial,
    Denied,
    Fetch,
    FetchLink,
    Operation,
    Relate,
    Remove,
    Result,
    Unrelate,
    Unusable,
)
from muster.records.amortization.posting import AMORTIZE
from muster.records.entities.copying import COPY
from muster.records.entities.making import CHANGE, CREATE, FETCH
from muster.records.entities.relationships import FETCH_LINK, RELATE, UNRELATE
from muster.records.entities.removal import REMOVE
from muster.records.entities.workflow import ACT
from muster.records.work.performing import Doing
from muster.records.work.permissions import may_relate, may_write
from muster.records.work.workspace import Workspace


async def _gather(workspace: Workspace, operations: Sequence[Unusable]) -> None:
    """The records they seem to mean: their results tell where those stand."""
    await workspace.gather([RecordRef(one.group, one.number) for one in operations if one.number], lock=False)


def _refuse(workspace: Workspace, operation: Unusable) -> Result:
    if operation.writes and operation.group == RELATIONSHIP:
        may_relate(workspace)
    elif operation.writes:
        may_write(workspace, operation.group, None)
    raise Denied(Denial.UNUSABLE)


DOINGS: Mapping[type[Operation], Doing] = MappingProxyType(
    {
        Fetch: FETCH,
        Create: CREATE,
        Change: CHANGE,
        Remove: REMOVE,
        FetchLink: FETCH_LINK,
        Relate: RELATE,
        Unrelate: UNRELATE,
        Act: ACT,
        Copy: COPY,
        Amortize: AMORTIZE,
        Unusable: Doing(_gather, _refuse),
    }
)
