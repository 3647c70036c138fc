"""Keeping out of closed books: what cannot be posted where it belongs is posted behind it (specification A12.3). Pure.

What was posted in a period that has been closed since *stands*: its books were reported, and neither a new run nor
another model nor another cost rewrites them. A new schedule takes what stands as charged already. By how much that
differs from what the schedule would have charged there is charged (or given back) in the first open month behind, so
that what stands and what is posted together come to the cost again. Running again with nothing changed changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from muster.domain.records.amortization import Charge
from muster.domain.records.operation import Denial, Denied, Flaw, FlawKind
from muster.records.amortization.costs import can_reach, last_day

_NOTHING = Decimal(0)
_IsClosed = Callable[[date], bool]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What was posted on a day that is closed now. `split` is a percentage."""

    date: date
    amount: Decimal
    split: Decimal = _NOTHING


def caught_up(
    charges: Sequence[Charge], *, is_closed: _IsClosed, standing: Sequence[Standing] = ()
) -> tuple[Charge, ...]:
    """The charges as they may be posted: what falls into closed months is added to the first open one behind them.

    Where nothing is charged in that month, it is charged there alone. `standing` is taken off. Raises Denied (faulty)
    where every month behind is closed.
    """
    due = sorted((*charges, *map(_taken_off, standing)), key=lambda one: one.date)
    cost = charges[0].opening if charges else _NOTHING
    return tuple(_balanced(cost, list(_posted(due, is_closed)), standing))


def _taken_off(one: Standing) -> Charge:
    return Charge(number=0, date=one.date, amount=-one.amount, split=-one.split, opening=_NOTHING, closing=_NOTHING)


def _posted(due: Iterable[Charge], is_closed: _IsClosed) -> Iterator[Charge]:
    waiting: list[Charge] = []
    for one in due:
        if is_closed(one.date):
            waiting.append(one)
            continue
        if waiting and (day := _first_open(waiting[-1].date, is_closed)) < one.date:
            yield from _alone(waiting, on=day)
            waiting = []
        yield _together([*waiting, one], on=one.date)
        waiting = []
    if waiting:
        yield from _alone(waiting, on=_first_open(waiting[-1].date, is_closed))


def _alone(waiting: Sequence[Charge], *, on: date) -> Iterator[Charge]:
    """What waited, in a month in which nothing else is charged; nothing where it comes to nothing."""
    charge = _together(waiting, on=on)
    if charge.amount:
        yield charge


def _together(charges: Sequence[Charge], *, on: date) -> Charge:
    return msgspec.structs.replace(
        charges[-1],
        number=max(one.number for one in charges),
        date=on,
        amount=sum((one.amount for one in charges), _NOTHING),
        split=sum((one.split for one in charges), _NOTHING),
    )


def _balanced(cost: Decimal, posted: Sequence[Charge], standing: Sequence[Standing]) -> Iterator[Charge]:
    """The charges with what is left of the cost before and after each; none has a lower number than those before."""
    left, number = cost, 1
    charged: list[Charge | Standing] = [*standing, *posted]
    for one in sorted(charged, key=lambda one: one.date):
        closing = left - one.amount
        if isinstance(one, Charge):
            number = max(number, one.number)
            yield msgspec.structs.replace(one, number=number, opening=left, closing=closing)
        left = closing


def _first_open(day: date, is_closed: _IsClosed) -> date:
    month = 0
    while can_reach(day, month) and is_closed(last_day(day, month)):
        month += 1
    if not can_reach(day, month):
        raise Denied(Denial.FAULTY, flaws=(Flaw(kind=FlawKind.BAD_TERM),))
    return last_day(day, month)
