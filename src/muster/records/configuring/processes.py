"""Processes of a blueprint's document: every action leads somewhere, every status can be reached."""

from collections.abc import Iterator, Mapping, Sequence

from muster.domain.document import is_table
from muster.domain.records.process import NO_PROCESS, Action, Chained, Process, Status
from muster.records.configuring.parts import describe
from muster.records.configuring.rows import Index, Row, identity, once


def read_processes(whole: Row, roles: Index) -> Iterator[Process]:
    """Workflows."""
    ids: set[object] = set()
    names: set[object] = set()
    rows = list(whole.rows("processes"))
    every = {number: row for row in rows if isinstance(number := row.take("id"), int)}
    index = heads("process", rows)
    actions = {number: heads("action", list(row.rows("actions"))) for number, row in every.items()}
    for place, row in enumerate(rows, 1):
        number, name = identity(row, ids), row.text("name", required=True)
        once(row, "name", name, seen=names)
        process = _Reader(row, roles, processes=index, actions=actions).read(number, name, place)
        row.done()
        yield process


def heads(sort: str, rows: Sequence[Row]) -> Index:
    """What tables of a list are called, by what can be read of them: so that others can name them."""
    found: dict[int, str] = {}
    for row in rows:
        number, name = row.take("id"), row.take("name")
        if isinstance(number, int) and not isinstance(number, bool):
            found.setdefault(number, name if isinstance(name, str) else "")
    return Index(sort, found.items())


class _Reader:
    """Reads one process."""

    def __init__(self, row: Row, roles: Index, *, processes: Index, actions: Mapping[int, Index]) -> None:
        self._row = row
        self._roles = roles
        self._processes = processes
        self._foreign = actions
        self._statuses = heads("status", list(row.rows("statuses")))
        self._actions = heads("action", list(row.rows("actions")))

    def read(self, number: int, name: str, place: int) -> Process:
        """The process."""
        row = self._row
        process = Process(
            id=number,
            name=name,
            description=describe(row),
            sequence=row.whole("sequence", place),
            statuses=tuple(self._read_statuses()),
            actions=tuple(self._read_actions(number)),
        )
        if not process.statuses:
            row.fault("statuses", "empty", "a process must have at least one status")
        else:
            self._walk(process)
        return process

    def _read_statuses(self) -> Iterator[Status]:
        ids: set[object] = set()
        names: set[object] = set()
        for place, row in enumerate(self._row.rows("statuses"), 1):
            status = Status(
                id=identity(row, ids),
                name=row.text("name", required=True),
                description=describe(row),
                active=row.flag("active", otherwise=True),
                locked=row.flag("locked", otherwise=False),
                deletable=row.flag("deletable", otherwise=True),
                sequence=row.whole("sequence", place),
                actions=row.references("actions", self._actions),
                roles=row.references("roles", self._roles),
            )
            once(row, "name", status.name, seen=names)
            row.done()
            yield status

    def _read_actions(self, process: int) -> Iterator[Action]:
        ids: set[object] = set()
        for place, row in enumerate(self._row.rows("actions"), 1):
            action = Action(
                id=identity(row, ids),
                name=row.text("name", required=True),
                description=describe(row),
                initial=row.flag("initial", otherwise=False),
                sequence=row.whole("sequence", place),
                status=row.reference("to", self._statuses),
                converts=row.flag("converts", otherwise=False),
                roles=row.references("roles", self._roles),
                chained=tuple(self._read_chained(row, process)),
            )
            if action.initial and not row.has("to"):
                row.fault("to", "missing", "an initial action must lead to a status")
            row.done()
            yield action

    def _read_chained(self, row: Row, process: int) -> Iterator[Chained]:
        """Actions that follow: of this process, or tables that name another one's."""
        for place, one in row.each("chained"):
            if not is_table(one):
                action = row.resolved(place, one, self._actions)
                yield Chained(process=process, action=action or 0)
                continue
            step = Row(one, row.at(place), row.findings)
            other = step.reference("process", self._processes) if step.has("process") else process
            known = self._actions if other == process else self._foreign.get(other or NO_PROCESS, Index("action"))
            action = step.reference("action", known) if other is not None else None
            if not step.has("action"):
                step.fault("action", "missing", "must be given")
            step.done()
            yield Chained(process=other or 0, action=action or 0)

    def _walk(self, process: Process) -> None:
        """Statuses that no record can come to, and actions that nobody can take."""
        if any(one.initial and one.status is None for one in process.actions):
            return
        reached = _reached(process)
        for one in process.statuses:
            if one.id not in reached:
                why = f"no action leads from {process.initial_status.name!r} to status {one.name!r}, by any way"
                self._row.fault(f"statuses[{one.id}]", "unreachable", why)
        offered = {action for one in process.statuses for action in one.actions}
        for step in process.actions:
            if step.id not in offered and not step.initial:
                self._row.fault(f"actions[{step.id}]", "unreachable", f"no status offers the action {step.name!r}")


def _reached(process: Process) -> set[int]:
    """The statuses that a record can come to."""
    reached = {process.initial_status.id}
    frontier = list(reached)
    while frontier:
        status = process.status_by_id.get(frontier.pop())
        steps = (process.action_by_id.get(one) for one in status.actions) if status else ()
        fresh = {step.status for step in steps if step is not None and step.status is not None} - reached
        reached |= fresh
        frontier.extend(sorted(fresh))
    return reached
