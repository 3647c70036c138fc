"""Tables as CSV, safe to be opened in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

# A spreadsheet takes what begins so for a formula. An apostrophe before it makes it plain text.
_FORMULA = re.compile(r"\s*['=+\-@\t\r]")
Cell = str | int | Decimal


def sheet(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The rows below a header."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return file.getvalue()


def _cell(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, int):
        return str(cell)
    return f"'{cell}" if _FORMULA.match(cell) else cell
