"""What the routes call upon, and who calls them.

Nobody comes as far as a handler who was not admitted, unless the handler's `opt` is `gate.unguarded()`.
"""

from typing import Final, cast

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from muster.domain.errors import NotAllowed
from muster.intake.record_batches import RecordBatchControl, RecordBatchIntake
from muster.intake.usage import Usage
from muster.lookup.record_batches import RecordBatchLookup
from muster.ports.clock import Clock
from muster.records.amortization.desk import AmortizationDesk
from muster.records.books.desk import Books
from muster.records.configuring.lists import ListDesk
from muster.records.dates.desk import DateDesk
from muster.records.desk import RecordDesk
from muster.records.entities.switching import TemplateSwitch
from muster.records.reading.finding import RecordFinder
from muster.records.work.blueprints import Blueprints
from muster.surfaces.access import Call
from muster.surfaces.bodies import Limits
from muster.surfaces.record_batches.gate import Gate, Seen

BATCH_SIZE: Final = 100
"""The most records and relationships that one batch has, unless the operator says otherwise."""
_SEEN: Final = "record_batches_caller"


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes call upon."""

    gate: Gate
    batches: RecordBatchIntake
    control: RecordBatchControl
    lookup: RecordBatchLookup
    desk: RecordDesk
    finder: RecordFinder
    blueprints: Blueprints
    dates: DateDesk
    amortizing: AmortizationDesk
    books: Books
    switching: TemplateSwitch
    lists: ListDesk
    usage: Usage
    clock: Clock
    limits: Limits
    batch_size: int = BATCH_SIZE


TheDoor = NamedDependency[SkipValidation[Door]]
"""The parameter of a handler is to be called `door`."""
Caller = NamedDependency[SkipValidation[Seen]]
"""The parameter of a handler is to be called `acting`."""
Id = FromPath[str]


def remember(call: Call, seen: Seen) -> None:
    """Keep who calls, for the handler."""
    call.state[_SEEN] = seen


async def caller(request: Call) -> Seen:
    """Who calls: whom the guard admitted."""
    return cast("Seen", request.state[_SEEN])


def check_may_change(seen: Seen) -> None:
    """Raise NotAllowed where the caller may only read. What operations on records check by themselves needs it not."""
    if not seen.who.may_write:
        raise NotAllowed("This service account may only read")
