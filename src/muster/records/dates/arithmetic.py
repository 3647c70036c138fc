"""What a date is worked out to be (specification A11.3). Nothing here knows of records' keeping."""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import MAXYEAR, MINYEAR, date, timedelta
from graphlib import CycleError, TopologicalSorter

from muster.domain.records.date_rule import Awaiting, Choosing, DateRule, Shift, Source, Spot, Unit

_MONTHS = 12
_WEEK = 7
_WORKDAYS = 5
"""Days of a week that count as business days: Monday to Friday. There is no calendar of holidays."""


class Circular(Exception):
    """Rules that wait for each other: they have no order."""


def shift(day: date, by: Shift) -> date | None:
    """The day so much later (or earlier); None where the calendar, years 1 to 9999, does not reach so far.

    Years first, then months, each to the end of the month where it is shorter; then weeks, then days.
    """
    sign = -1 if by.back else 1
    try:
        moved = _months_on(day, sign * _MONTHS * by.years)
        moved = _months_on(moved, sign * by.months)
        moved += timedelta(weeks=sign * by.weeks)
        return _units_on(moved, sign * by.days, by.unit)
    except OverflowError:
        return None


def _units_on(day: date, count: int, unit: Unit) -> date:
    match unit:
        case Unit.DAYS:
            return day + timedelta(days=count)
        case Unit.WEEKS:
            return day + timedelta(weeks=count)
        case Unit.MONTHS:
            return _months_on(day, count)
        case Unit.YEARS:
            return _months_on(day, count * _MONTHS)
        case Unit.BUSINESS_DAYS:
            return _workdays_on(day, count)


def _months_on(day: date, count: int) -> date:
    years, month = divmod(day.year * _MONTHS + day.month - 1 + count, _MONTHS)
    if not MINYEAR <= years <= MAXYEAR:
        raise OverflowError
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


def _workdays_on(day: date, count: int) -> date:
    """From a weekend, the first business day counts as one."""
    if count == 0:
        return day
    forward = count > 0
    if (beyond := day.weekday() - (_WORKDAYS - 1)) > 0:
        # Stand on the business day from which the first step leads out of the weekend.
        day += timedelta(days=-beyond if forward else _WEEK - (_WORKDAYS - 1) - beyond)
    weeks, rest = divmod(abs(count), _WORKDAYS)
    weekend = _WEEK - _WORKDAYS
    if (forward and day.weekday() + rest >= _WORKDAYS) or (not forward and day.weekday() - rest < 0):
        rest += weekend
    step = weeks * _WEEK + rest
    return day + timedelta(days=step if forward else -step)


def evaluate(rule: DateRule, dates: Mapping[Spot, date | None]) -> date | None:
    """What the rule comes to; `dates` are those that stand in its sources' fields. None: there is no result."""
    ordered = sorted(rule.sources, key=_priority)
    found = [_reached(source, dates) for source in ordered]
    if rule.awaiting is Awaiting.KEEP and None in found:
        return None
    chosen = _chosen(rule, [day for day in found if day is not None])
    return chosen.replace(day=1) if chosen is not None and rule.first_of_month else chosen


def _priority(source: Source) -> tuple[int, int]:
    return source.order, source.number


def _reached(source: Source, dates: Mapping[Spot, date | None]) -> date | None:
    day = dates.get(source.spot)
    return None if day is None else shift(day, source.shift)


def _chosen(rule: DateRule, days: Sequence[date]) -> date | None:
    """From those that are there, in the order of priority."""
    beside = [rule.compare_to] if rule.compare_to is not None else []
    match rule.choosing:
        case Choosing.EQUALS | Choosing.PRIORITY:
            return days[0] if days else None
        case Choosing.EARLIEST:
            return min([*days, *beside], default=None)
        case Choosing.LATEST:
            return max([*days, *beside], default=None)


def in_order(rules: Iterable[DateRule]) -> Sequence[DateRule]:
    """The rules so that each comes after those whose results it looks at. Raises Circular where there is no such order.

    The order does not depend on that of `rules`. At most one rule for each target.
    """
    by_target = {rule.target: rule for rule in sorted(rules, key=lambda rule: rule.number)}
    waits: TopologicalSorter[Spot] = TopologicalSorter()
    for target, rule in by_target.items():
        waits.add(target, *dict.fromkeys(one.spot for one in rule.sources if one.spot in by_target))
    try:
        return [by_target[target] for target in waits.static_order()]
    except CycleError as cycle:
        raise Circular from cycle
