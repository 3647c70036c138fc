"""The workflow of records: processes, their statuses and actions (specification A10)."""

from functools import cached_property

import msgspec

NO_PROCESS = 0


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record of the process can stand. `actions` are the ids of those that can be taken from here."""

    id: int
    name: str
    description: str = ""
    active: bool = True
    locked: bool = False
    deletable: bool = True
    sequence: int = 0
    actions: tuple[int, ...] = ()
    roles: tuple[int, ...] = ()


class Chained(msgspec.Struct, frozen=True, kw_only=True):
    """An action that follows another on the same record."""

    process: int
    action: int


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """A step. `status` is where it leads, None: nowhere. `roles` are ids of who may take it; empty: everybody."""

    id: int
    name: str
    description: str = ""
    initial: bool = False
    sequence: int = 0
    status: int | None = None
    converts: bool = False
    """It works out the amounts in the company's currency again."""
    roles: tuple[int, ...] = ()
    chained: tuple[Chained, ...] = ()


class Process(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One workflow. Ids of statuses and actions are unique within it."""

    id: int
    name: str
    description: str = ""
    sequence: int = 0
    statuses: tuple[Status, ...] = ()
    actions: tuple[Action, ...] = ()

    @cached_property
    def status_by_id(self) -> dict[int, Status]:
        """Its statuses."""
        return {status.id: status for status in self.statuses}

    @cached_property
    def action_by_id(self) -> dict[int, Action]:
        """Its actions."""
        return {action.id: action for action in self.actions}

    @property
    def initial_status(self) -> Status:
        """Where its records begin: where the first of the initial actions leads."""
        first = min((one for one in self.actions if one.initial and one.status is not None), key=_order, default=None)
        if first is not None and first.status is not None:
            return self.status_by_id[first.status]
        return min(self.statuses, key=lambda status: (status.sequence, status.id), default=ACTIVE)


def _order(action: Action) -> tuple[int, int]:
    return action.sequence, action.id


ACTIVE = Status(id=1, name="Active")
"""Where records without a process stand."""
NONE = Process(id=NO_PROCESS, name="", statuses=(ACTIVE,))
