"""Doing many operations as one unit of work: gather everything, then each in turn, with a savepoint around each."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from muster.domain.records.operation import Copy, Denied, Operation, Result
from muster.records.work.pacing import Pace
from muster.records.work.workspace import Workspace


class Performed(msgspec.Struct, frozen=True):
    """What came of it: one result an operation. Where not `kept`, everything was undone again."""

    results: Sequence[Result]
    kept: bool


class Doing(NamedTuple):
    """How operations of one class are done."""

    gather: Callable[[Workspace, Sequence[Any]], Awaitable[None]]
    """Bring everything to hand that any of them may need; the workspace is not changed yet."""
    do: Callable[[Workspace, Any], Result | Awaitable[Result]]
    """Do one of them in memory. Raises Denied. What may take long is awaited, and pauses (`Pace`)."""
    finish: Callable[[Workspace, Sequence[Any]], Awaitable[None]] | None = None
    """Gather what is left once the records of all operations are locked: counters, for which others wait, and what
    must not change any more until the end."""


async def perform(
    workspace: Workspace,
    operations: Sequence[Operation],
    doings: Mapping[type[Operation], Doing],
    *,
    whole: bool,
    dry: bool = False,
) -> Performed:
    """Do `operations` in order. `whole`: unless all succeed, nothing is done (all are tried, to name every failure).

    `dry`: all are tried and all of it is undone again, however it went.
    """
    await _gather(workspace, operations, doings)
    start = workspace.mark()
    results: list[Result] = []
    pace = Pace()
    for one in operations:
        results.append(await _done(workspace, one, doings[type(one)]))
        await pace.breathe()
    kept = not dry and (not whole or all(result.denial is None for result in results))
    if not kept:
        workspace.back_to(start)
    return Performed(results, kept)


async def _gather(
    workspace: Workspace, operations: Sequence[Operation], doings: Mapping[type[Operation], Doing]
) -> None:
    by_class: dict[type[Operation], list[Operation]] = {}
    for one in operations:
        by_class.setdefault(type(one), []).append(one)
    for kind, same in by_class.items():
        await doings[kind].gather(workspace, same)
    for kind, same in by_class.items():
        finish = doings[kind].finish
        if finish is not None:
            await finish(workspace, same)


async def _done(workspace: Workspace, operation: Operation, doing: Doing) -> Result:
    mark = workspace.mark()
    try:
        done = doing.do(workspace, operation)
        return done if isinstance(done, Result) else await done
    except Denied as denied:
        workspace.back_to(mark)
        return refusal(workspace, operation, denied)


def refusal(workspace: Workspace, operation: Operation, denied: Denied) -> Result:
    """The result of an operation that was not done."""
    number = getattr(operation, "number", 0)
    # What is judged of a copy is the record that it was to become: there is none that could be locked.
    status = None if isinstance(operation, Copy) else workspace.standing_of(operation.group, number)
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
