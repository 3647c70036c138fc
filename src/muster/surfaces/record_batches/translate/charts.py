"""A schedule as a picture: charges as bars, the closing balance as a line, on one axis of months. SVG, made by hand.

Two panels stand one above the other, because a charge is often a small part of the balance: on one scale nobody could
read it. Coordinates are rough numbers; all amounts that are written out are exact.
"""

import math
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from muster.records.amortization.desk import Posting, Schedule
from muster.surfaces.record_batches.translate.schedules import spell_amount

_WIDTH, _HEIGHT = 960, 540
_LEFT, _RIGHT = 110, 930
_GAP = 0.28
"""Of a month's place, what is left free beside its bar."""
_MOST_LABELS: Final = 12
_MOST_NUMBERS: Final = 12
"""Bars that have their amount above them; more would overlap."""
_LONGEST_TITLE: Final = 72
_BAR, _LINE, _INK, _FAINT, _GRID = "#2563a8", "#b4521b", "#1d2733", "#5a6775", "#dfe4ea"
_FONT = "font-family=\"system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif\""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNITS = ((10**12, " T"), (10**9, " B"), (10**6, " M"))
_MONTHS_OF_YEAR = 12


class _Panel(NamedTuple):
    """A part of the picture with an axis of amounts."""

    top: float
    bottom: float
    low: float
    high: float
    step: float

    def y(self, amount: float) -> float:
        """Where an amount lies."""
        return self.bottom - (amount - self.low) / (self.high - self.low) * (self.bottom - self.top)

    def ticks(self) -> Sequence[float]:
        """The amounts that are written at the axis."""
        count = round((self.high - self.low) / self.step)
        return [self.low + self.step * index for index in range(count + 1)]


class _Months(NamedTuple):
    """The axis of months."""

    first: int
    many: int

    def x(self, month: int, part: float = 0.5) -> float:
        """Where a part of a month lies, 0 its beginning, 1 its end."""
        return _LEFT + (month - self.first + part) * (_RIGHT - _LEFT) / self.many


def draw(schedule: Schedule) -> str:
    """The whole picture as an SVG document."""
    inside = "".join(_chart(schedule) if schedule.postings else _nothing())
    kind = "posted" if schedule.posted else "preview, nothing is posted"
    model = f"{schedule.model} · " if schedule.model else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
        f' role="img" aria-labelledby="title desc" {_FONT}>'
        f'<title id="title">{_text(f"Amortization of {_cut(schedule.title)}")}</title>'
        f'<desc id="desc">{_text(_described(schedule))}</desc>'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>'
        f"{_words(24, 34, _cut(schedule.title), size=20, ink=_INK, weight=600)}"
        f"{_words(24, 58, f'{model}{_money(schedule)} · {kind}', size=13, ink=_FAINT)}"
        f"{inside}</svg>\n"
    )


def _described(schedule: Schedule) -> str:
    if not schedule.postings:
        return "Nothing is charged."
    first, last = schedule.postings[0].charge, schedule.postings[-1].charge
    return (
        f"{len(schedule.postings)} charges from {first.date.isoformat()} to {last.date.isoformat()} come to"
        f" {spell_amount(schedule.total):,f} {schedule.currency}."
        f" The balance goes from {spell_amount(first.opening):,f} to {spell_amount(last.closing):,f}."
    )


def _money(schedule: Schedule) -> str:
    return f"{spell_amount(schedule.cost):,f} {schedule.currency}"


def _chart(schedule: Schedule) -> Iterator[str]:
    postings = schedule.postings
    first, last = _month(postings[0].charge.date), _month(postings[-1].charge.date)
    months = _Months(first, last - first + 1)
    charges = _panel(124, 322, [float(one.charge.amount) for one in postings])
    balances = _panel(
        388, 488, [float(amount) for one in postings for amount in (one.charge.opening, one.charge.closing)]
    )
    yield _heading(96, f"Charge of the month ({schedule.currency})", _BAR)
    yield from _axis(charges)
    yield from _bars(charges, months, postings)
    yield _heading(372, f"Closing balance ({schedule.currency})", _LINE)
    yield from _axis(balances)
    yield from _line(balances, months, postings)
    yield from _month_labels(months)


def _nothing() -> Iterator[str]:
    yield _words(_WIDTH / 2, _HEIGHT / 2, "Nothing is charged.", size=16, ink=_FAINT, anchor="middle")


def _heading(y: float, words: str, colour: str) -> str:
    mark = f'<rect x="24" y="{y - 10}" width="10" height="10" rx="2" fill="{colour}"/>'
    return mark + _words(40, y, words, size=13, ink=_INK, weight=600)


def _panel(top: float, bottom: float, amounts: Sequence[float]) -> _Panel:
    low, high = min(0.0, *amounts), max(0.0, *amounts)
    step = _step((high - low) or 1.0)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    return _Panel(top, bottom, low, high if high > low else low + step, step)


def _step(extent: float) -> float:
    """A round distance between ticks, so that there are three to six."""
    rough = extent / 4
    power = math.pow(10, math.floor(math.log10(rough)))
    return next((power * part for part in (1, 2, 2.5, 5) if power * part >= rough), power * 10)


def _axis(panel: _Panel) -> Iterator[str]:
    for amount in panel.ticks():
        y = panel.y(amount)
        ink = "#8a96a3" if abs(amount) < panel.step / 2 else _GRID
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_RIGHT}" y2="{y:.1f}" stroke="{ink}"/>'
        yield _words(_LEFT - 10, y + 4, _short(amount, panel.step), size=12, ink=_FAINT, anchor="end")


def _bars(panel: _Panel, months: _Months, postings: Sequence[Posting]) -> Iterator[str]:
    zero = panel.y(0)
    numbered = len(postings) <= _MOST_NUMBERS and months.many <= _MOST_NUMBERS
    for one in postings:
        charge = one.charge
        month, y = _month(charge.date), panel.y(float(charge.amount))
        left, right = months.x(month, _GAP / 2), months.x(month, 1 - _GAP / 2)
        told = f"{charge.date.isoformat()}: {spell_amount(charge.amount):,f}"
        yield (
            f'<rect x="{left:.2f}" y="{min(y, zero):.2f}" width="{max(right - left, 0.4):.2f}"'
            f' height="{abs(zero - y):.2f}" fill="{_BAR}"><title>{_text(told)}</title></rect>'
        )
        if numbered:
            beyond = y - 6 if charge.amount >= 0 else y + 15
            words = f"{spell_amount(charge.amount):,f}"
            yield _words(months.x(month), beyond, words, size=_size(postings, months), ink=_INK, anchor="middle")


def _size(postings: Sequence[Posting], months: _Months) -> int:
    """The font in which the longest amount fits above its bar."""
    longest = max(len(f"{spell_amount(one.charge.amount):,f}") for one in postings)
    place = (_RIGHT - _LEFT) / months.many
    return max(8, min(12, int(place / longest / 0.58)))


def _line(panel: _Panel, months: _Months, postings: Sequence[Posting]) -> Iterator[str]:
    """From what there was at first, down by a step at the end of each month."""
    begin = months.x(months.first, 0), panel.y(float(postings[0].charge.opening))
    spots = [(months.x(_month(one.charge.date), 1), panel.y(float(one.charge.closing))) for one in postings]
    path = " ".join(f"H{x:.2f} V{y:.2f}" for x, y in spots)
    start, zero = f"M{begin[0]:.2f},{begin[1]:.2f}", panel.y(0)
    yield f'<path d="{start} {path} V{zero:.2f} H{begin[0]:.2f} Z" fill="{_LINE}" fill-opacity="0.10"/>'
    yield f'<path d="{start} {path}" fill="none" stroke="{_LINE}" stroke-width="2" stroke-linejoin="round"/>'
    for one, (x, y) in zip(postings, spots, strict=True):
        told = f"{one.charge.date.isoformat()}: {spell_amount(one.charge.closing):,f}"
        radius = 3 if len(postings) <= 4 * _MOST_LABELS else 1
        yield f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius}" fill="{_LINE}"><title>{_text(told)}</title></circle>'


def _month_labels(months: _Months) -> Iterator[str]:
    """At most a dozen: months, or the Januaries where there are too many years of them."""
    every = next((one for one in _distances() if months.many / one <= _MOST_LABELS), months.many)
    yearly = every % _MONTHS_OF_YEAR == 0
    for month in range(months.first, months.first + months.many):
        if (month % every if yearly else (month - months.first) % every) == 0:
            year, index = divmod(month, _MONTHS_OF_YEAR)
            words = f"{year}" if yearly else f"{_NAMES[index]} {year}"
            x = months.x(month, 0 if yearly else 0.5)
            yield f'<line x1="{x:.1f}" y1="488" x2="{x:.1f}" y2="493" stroke="#8a96a3"/>'
            yield _words(x, 510, words, size=12, ink=_FAINT, anchor="middle")


_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _distances() -> Iterator[int]:
    """How many months may lie between two labels."""
    yield from (1, 2, 3, 6)
    for power in (1, 10, 100, 1_000):
        yield from (_MONTHS_OF_YEAR * power * part for part in (1, 2, 5))


def _month(day: date) -> int:
    return day.year * _MONTHS_OF_YEAR + day.month - 1


def _short(amount: float, step: float) -> str:
    """An amount at an axis: no longer than it has to be."""
    size, unit = next(((size, unit) for size, unit in _UNITS if step >= size / 2), (1, ""))
    digits = max(0, -math.floor(math.log10(step / size * 1.0001)))
    # Steps of 2.5 need a digit more than those of 2.
    digits += round(step / size * 10**digits, 6) % 1 != 0
    words = f"{amount / size:,.{digits}f}{unit}"
    return words if abs(amount) > step / 2 else "0"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TITLE else f"{text[: _LONGEST_TITLE - 1]}…"


def _words(  # noqa: PLR0913 - how words look
    x: float, y: float, words: str, *, size: int, ink: str, anchor: str = "start", weight: int = 400
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{ink}" text-anchor="{anchor}"'
        f' stroke="#ffffff" stroke-width="3" paint-order="stroke" stroke-linejoin="round">{_text(words)}</text>'
    )


def _text(words: str) -> str:
    """Words as XML has them; what it cannot have at all is replaced."""
    return escape(_NOT_XML.sub("\ufffd", words))
