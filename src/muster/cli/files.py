"""Files that people hand over: the door's JSON, or entries as CSV or JSON lines."""

import csv
import io
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

import msgspec

from muster.domain.errors import BadInput, MalformedBody
from muster.domain.fault import Fault
from muster.domain.ids import TemplateId
from muster.kinds.workflow_batches.entries import Draft
from muster.kinds.workflow_batches.steps import PHONE
from muster.surfaces.bodies import decode
from muster.surfaces.workflow_batches.translate.orders import BatchOrder, read_order

_TITLE = ("title", "name")
_HOURS = ("hours", "expiry_hours", "expiryinhours", "expiry")
_MEMO = ("memo", "customer_memo", "customermemo")
_PHONE = ("phone", "phone_number", "phonenumber", "msisdn", "address")
_PARAMETERS = "parameters"
_UNTITLED = "entry"


class Handed(msgspec.Struct, frozen=True):
    """A batch from a file: what it asks for, and a digest that is equal for files that ask for the same."""

    order: BatchOrder
    fingerprint: bytes


def json_object(raw: bytes) -> dict[str, object]:
    """The JSON object in a file. Raises MalformedBody."""
    return decode(raw).content


def read_batch(raw: bytes, *, name: str, template: str | None, key: str | None) -> Handed:
    """The batch in a file called `name`.

    A JSON object is the door's own body; it names its template. `.jsonl` has one entry a line, anything else is CSV
    with a header; both need `template`. `key` wins over a key in the file. Raises BadInput with every fault.
    """
    first = raw.lstrip()[:1]
    lines = name.lower().endswith((".jsonl", ".ndjson"))
    if first == b"{" and not lines:
        if template is not None:
            raise BadInput("The file names its template itself: leave --template out.")
        body = decode(raw)
        order = read_order(body.content, None)
        return Handed(order if key is None else msgspec.structs.replace(order, idempotency_key=key), body.fingerprint)
    if template is None:
        raise BadInput("A file of entries names no template: give --template NAME.")
    drafts = _from_lines(raw) if lines else _from_csv(raw)
    if not drafts:
        raise BadInput("The file has no entries.")
    digest = sha256(msgspec.json.encode((template, drafts))).digest()
    return Handed(BatchOrder(template=_template(template), idempotency_key=key, drafts=drafts), digest)


def _template(name: str) -> TemplateId | str:
    try:
        return TemplateId(UUID(name))
    except ValueError:
        return name


def _from_lines(raw: bytes) -> list[Draft]:
    """One JSON object a line: an entry as the door takes it, or flat like a row of CSV."""
    drafts: list[Draft] = []
    faults: list[Fault] = []
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            drafts.append(_draft(decode(line).content))
        except MalformedBody as exc:
            faults.append(Fault(path=f"line {number}", code="malformed", message=exc.message))
    if faults:
        raise BadInput(f"{len(faults):,} lines are not JSON objects; the first are:", faults[:20])
    return drafts


def _from_csv(raw: bytes) -> list[Draft]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise BadInput(f"The file is not UTF-8 text (byte {exc.start}); save it as CSV UTF-8.") from exc
    dialect = ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=dialect, strict=True)
    names = [(name or "").strip() for name in reader.fieldnames or ()]
    if not any(name.lower() in _PHONE for name in names):
        found = ", ".join(names)[:200] or "nothing"
        raise BadInput(f"The first line must name the columns, one of them phone; it has: {found}")
    try:
        return [_draft(_filled(row)) for row in reader if any(row.values())]
    except csv.Error as exc:
        raise BadInput(f"Line {reader.line_num} is not CSV: {exc}") from exc


def _filled(row: dict[str | None, str | list[str] | None]) -> dict[str, object]:
    """A row without its empty cells; cells beyond the header are a fault of that entry, not of the file."""
    cells: dict[str, object] = {}
    for name, value in row.items():
        if value:
            cells[(name or "beyond the header").strip()] = value.strip() if isinstance(value, str) else " ".join(value)
    return cells


def _draft(cells: dict[str, object]) -> Draft:
    """An entry from its named cells; what is no field of an entry is a parameter under its own name."""
    if isinstance(cells.get(_PARAMETERS), dict):
        title, hours, memo = (_first(cells, names) for names in (_TITLE, _HOURS, _MEMO))
        return Draft(title, hours, memo, cells[_PARAMETERS])
    rest = {name: value for name, value in cells.items() if name.lower() not in {*_TITLE, *_HOURS, *_MEMO, *_PHONE}}
    phone = _first(cells, _PHONE)
    if phone is not None:
        rest[PHONE] = phone
    return Draft(_first(cells, _TITLE) or _UNTITLED, _whole(_first(cells, _HOURS)), _first(cells, _MEMO), rest)


def _first(cells: dict[str, object], names: Sequence[str]) -> object:
    return next((value for name, value in cells.items() if name.lower() in names), None)


def _whole(value: object) -> object:
    """A cell of CSV as a number where it is one; anything else is left for the entry's own check."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
