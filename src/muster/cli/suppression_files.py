"""Lists of suppressions as CSV: as others write them, and as we do."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TextIO

import msgspec

from muster.catalog.suppressions import Listed, is_source
from muster.domain.errors import BadInput
from muster.ports.store.suppressions import Suppression

HEADER = ("address", "source", "created_at", "origin")
_ADDRESS = ("address", "phone", "phonenumber", "phone_number", "number", "email", "recipient")
_LONGEST_LINE = 10_000
# A spreadsheet takes what begins so for a formula. We put an apostrophe before it, and before one that stands there.
_FORMULA = re.compile(r"['=+\-@\t\r]")
_ESCAPED = re.compile(r"'['=+\-@\t\r]")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ORIGIN = re.compile(r"(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9]{1,10})?")


class BadRow(msgspec.Struct, frozen=True, gc=False):
    """A row that is left out, and why."""

    line: int
    """1-based."""
    message: str


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a row must keep to."""

    fault_of: Callable[[str], str | None]
    """What is wrong with an address."""
    source: str
    """Of rows that tell none."""
    now: datetime


def read_rows(file: TextIO, rules: Rules) -> Iterator[Listed | BadRow]:
    """Each row of a list, one address a line, or of a CSV with a header.

    A row never goes on behind the end of its line, so that a lost quotation mark takes no other row with it.
    Raises BadInput when the header names no column of addresses.
    """
    columns: Mapping[str, int] | None = None
    for number, line in enumerate(_lines(file), start=1):
        cells = _cells(line)
        if isinstance(cells, str):
            yield BadRow(number, cells)
        elif any(cell.strip() for cell in cells):
            if columns is None:
                columns = _header(cells)
                if columns is not None:
                    continue
                columns = {"address": 0}
            yield _row({name: cells[at] for name, at in columns.items() if at < len(cells)}, rules, number)


def write_rows(suppressions: Iterable[Suppression]) -> Iterator[Sequence[str]]:
    """Each as a row under `HEADER`, safe to be opened in a spreadsheet, and read back by `read_rows`."""
    for one in suppressions:
        at = one.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        yield tuple(_escaped(cell) for cell in (one.address, one.source, at, one.origin))


def _lines(file: TextIO) -> Iterator[str]:
    """The lines; of one that is too long only its beginning, which is too long still."""
    while line := file.readline(_LONGEST_LINE + 1):
        rest = line
        while len(rest) > _LONGEST_LINE and not rest.endswith("\n"):
            rest = file.readline(_LONGEST_LINE + 1)
        yield line


def _cells(line: str) -> Sequence[str] | str:
    """The cells of a line, or why it has none."""
    if len(line) > _LONGEST_LINE:
        return f"is longer than {_LONGEST_LINE:,} characters"
    if "\ufffd" in line or "\0" in line:
        return "is not UTF-8 text"
    try:
        return next(csv.reader([line]), list[str]())
    except csv.Error as error:
        return f"is not CSV: {error}"


def _header(cells: Sequence[str]) -> Mapping[str, int] | None:
    """Where each known column stands; None where this is no header. Raises BadInput for one without addresses."""
    names = [cell.strip().lower() for cell in cells]
    address = next((names.index(name) for name in _ADDRESS if name in names), None)
    if address is None and len(cells) > 1:
        raise BadInput(f"The file has no column named {', '.join(_ADDRESS[:-1])} or {_ADDRESS[-1]}.")
    if address is None:
        return None
    return {"address": address, **{name: names.index(name) for name in HEADER[1:] if name in names}}


def _row(cells: Mapping[str, str], rules: Rules, line: int) -> Listed | BadRow:
    found = {name: _plain(cell.strip()) for name, cell in cells.items()}
    address, source = found.get("address", ""), found.get("source") or rules.source
    created_at = _moment(found.get("created_at", ""))
    faults = (
        "the address is missing" if not address else _said("address", rules.fault_of(address)),
        None if is_source(source) else "the source must have 1 to 64 characters",
        _time_fault(created_at, found.get("created_at", ""), rules.now),
        None if _ORIGIN.fullmatch(found.get("origin", "")) else "the origin must be <batch id>/<position>",
    )
    told = "; ".join(fault for fault in faults if fault)
    if told:
        return BadRow(line, told)
    return Listed(address=address, source=source, created_at=created_at, origin=found.get("origin", ""))


def _said(name: str, fault: str | None) -> str | None:
    return None if fault is None else f"the {name} {fault}"


def _time_fault(created_at: datetime | None, text: str, now: datetime) -> str | None:
    if text and created_at is None:
        return "created_at must be a time with its zone, such as 2026-01-08T06:31:30Z"
    if created_at is not None and created_at > now:
        return "created_at must not lie in the future"
    return None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _escaped(cell: str) -> str:
    # Older versions took any source; a line break in one would end the row.
    cell = _UNSEEN.sub(" ", cell)
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _plain(cell: str) -> str:
    return cell[1:] if _ESCAPED.match(cell) else cell
