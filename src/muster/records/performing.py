"""Doing many operations as one unit of work: gather everything, then each in turn, with a savepoint around each."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from muster.domain.records.operation import Denied, Operation, Result
from muster.records.workspace import Workspace


class Performed(msgspec.Struct, frozen=True):
    """What came of it: one result an operation. Where not `kept`, everything was undone again."""

    results: Sequence[Result]
    kept: bool


class Doing(NamedTuple):
    """How operations of one class are done."""

    gather: Callable[[Workspace, Sequence[Any]], Awaitable[None]]
    """Bring everything to hand that any of them may need; the workspace is not changed yet."""
    do: Callable[[Workspace, Any], Result]
    """Do one of them in memory. Raises Denied."""


async def perform(
    workspace: Workspace, operations: Sequence[Operation], doings: Mapping[type[Operation], Doing], *, whole: bool
) -> Performed:
    """Do `operations` in order. `whole`: unless all succeed, nothing is done (all are tried, to name every failure)."""
    kinds = dict.fromkeys(type(one) for one in operations)
    for kind in kinds:
        await doings[kind].gather(workspace, [one for one in operations if type(one) is kind])
    start = workspace.mark()
    results = [_done(workspace, one, doings[type(one)]) for one in operations]
    kept = not whole or all(result.denial is None for result in results)
    if not kept:
        workspace.back_to(start)
    return Performed(results, kept)


def _done(workspace: Workspace, operation: Operation, doing: Doing) -> Result:
    mark = workspace.mark()
    try:
        return doing.do(workspace, operation)
    except Denied as denied:
        workspace.back_to(mark)
        return refusal(workspace, operation, denied)


def refusal(workspace: Workspace, operation: Operation, denied: Denied) -> Result:
    """The result of an operation that was not done."""
    number = getattr(operation, "number", 0)
    status = workspace.standing_of(operation.group, number)
    return Result(
        group=operation.group,
        number=number,
        denial=denied.denial,
        reference=operation.reference,
        flaws=denied.flaws,
        locked=status is not None and status.locked,
        deletable=status is not None and status.deletable,
        action=denied.action,
        status=denied.status,
        missing=denied.missing,
    )
