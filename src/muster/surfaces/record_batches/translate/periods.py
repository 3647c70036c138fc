"""Financial periods and what is wrong with them, in the vendor's words (specification B9, B10)."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from muster.domain.records.money import FinancialPeriod, PeriodState
from muster.records.books.closing import Setting
from muster.records.books.rules import BadBooks, BookFault, PeriodWish
from muster.surfaces.bodies import is_array, is_object
from muster.surfaces.record_batches.translate.bodies import Fields, whole
from muster.surfaces.record_batches.wire import periods as wire

TEXTS: Mapping[BookFault, str] = MappingProxyType(
    {
        BookFault.BAD_CURRENCY: "Please provide two different currencies by their ISO 4217 letters.",
        BookFault.BAD_RATE: "Please provide a valid rate.",
        BookFault.BAD_DAY: "Please provide a valid effective date.",
        BookFault.BAD_YEAR: "Please provide a valid year.",
        BookFault.BAD_PERIOD: "Please specify a valid period.",
        BookFault.BAD_START: "Please provide a valid start date.",
        BookFault.BAD_END: "Please provide a valid end date.",
        BookFault.NOT_BEGUN: "Financial period is in the Future.",
        BookFault.CLOSED: "Financial period is already Closed.",
        BookFault.OVERLAPPING: "Another financial period has some of these days.",
        BookFault.NO_SETTINGS: "At least one setting must be updated.",
        BookFault.BAD_PROCESS: (
            "Process id {} is not a valid amount process. The process must have at least 1 available action."
        ),
        BookFault.BAD_ACTION: "Action id ({}) is not available for the specified process ({}).",
    }
)
"""What is said about each fault."""

_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ][0-9:.,+\-Zz ]{0,40})?", re.ASCII)
_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)


def text_of(error: BadBooks) -> str:
    """What the vendor says about it."""
    return TEXTS[error.fault].format(*error.numbers)


def read_day(value: object) -> date | None:
    """The day in `yyyy-MM-dd`, in an ISO time (as it is written there) or in `MM/DD/YYYY`; None for anything else."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    iso, american = _ISO.fullmatch(text), _US.fullmatch(text)
    try:
        if iso is not None:
            return date.fromisoformat(iso[1])
        return date(int(american[3]), int(american[1]), int(american[2])) if american is not None else None
    except ValueError:
        return None


def spell_day(day: date) -> str:
    """A day as a time, as this vendor has it."""
    return f"{day.isoformat()}T00:00:00.000Z"


def read_period(body: Fields) -> PeriodWish:
    """The period asked for; what is absent is None. Raises BadBooks for what cannot be read."""
    return PeriodWish(
        year=_number(body, "year", BookFault.BAD_YEAR),
        period=_number(body, "period", BookFault.BAD_PERIOD),
        start=_day(body, "startDate", BookFault.BAD_START),
        end=_day(body, "endDate", BookFault.BAD_END),
    )


def _number(body: Fields, name: str, fault: BookFault) -> int | None:
    number = body.number(name)
    if number is None and body.get(name) is not None:
        raise BadBooks(fault)
    return number


def _day(body: Fields, name: str, fault: BookFault) -> date | None:
    day = read_day(body.get(name))
    if day is None and body.get(name) is not None:
        raise BadBooks(fault)
    return day


def read_settings(body: object) -> Mapping[int, int | None]:
    """The action for each process that is mentioned with one; None takes it away. Raises BadBooks."""
    items = body if is_array(body) else [body]
    wishes: dict[int, int | None] = {}
    for item in items:
        fields = Fields(item) if is_object(item) else Fields({})
        process, action = fields.number("processId"), whole(fields.get("actionId"))
        if process is None:
            raise BadBooks(BookFault.NO_SETTINGS)
        if action is not None:
            wishes[process] = None if action == wire.REMOVE else action
    return wishes


def render_period(period: FinancialPeriod, today: date) -> wire.Period:
    """The period as it is shown."""
    return wire.Period(
        id=period.id,
        year=period.year,
        period=period.period,
        start_date=spell_day(period.start),
        end_date=spell_day(period.end),
        status=_status(period, today),
    )


def _status(period: FinancialPeriod, today: date) -> str:
    state = period.state(today)
    if state is PeriodState.OPEN:
        return wire.CURRENT if today <= period.end else wire.OPEN
    return wire.CLOSED if state is PeriodState.CLOSED else wire.FUTURE


def render_settings(settings: Sequence[Setting]) -> list[wire.Setting]:
    """What closing does, process by process."""
    return [
        wire.Setting(
            process_name=one.process.name,
            process_id=one.process.id,
            action_id=None if one.action is None else one.action.id,
            action_name=None if one.action is None else one.action.name,
        )
        for one in settings
    ]
