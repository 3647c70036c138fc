"""Documents of TOML and JSON as plain values with exact numbers. What is wrong with the text is told with its place."""

import json
import tomllib
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, TypeGuard

from muster.domain.errors import MalformedBody, TooLarge

MOST_BYTES: Final = 32 << 20
"""The largest document that is read."""
_BOM: Final = "\ufeff"


def is_table(value: object) -> TypeGuard[dict[str, object]]:
    """Whether it has named parts."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether it is a list."""
    return isinstance(value, list)


def form_of(name: str, document: bytes) -> str:
    """Of which form a file of this name is: by its ending, else by how it begins."""
    ending = name.lower().rpartition(".")[2]
    if ending in {"toml", "json"}:
        return ending
    return "json" if document.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" else "toml"


def parse(document: bytes, form: str, *, what: str = "file") -> dict[str, object]:
    """What the document says. Raises TooLarge; MalformedBody with line and column where the text gives them.

    `what` is what such faults call the document.
    """
    if len(document) > MOST_BYTES:
        raise TooLarge(f"The {what} is larger than {MOST_BYTES >> 20} MiB")
    try:
        text = document.decode().removeprefix(_BOM)
    except UnicodeDecodeError as error:
        raise MalformedBody(f"The {what} is not UTF-8 text (byte {error.start})") from None
    try:
        return _json(text, what) if form == "json" else tomllib.loads(text, parse_float=_exact)
    except RecursionError:
        raise MalformedBody(f"The {what} is nested too deeply") from None
    except json.JSONDecodeError as error:
        message = f"The {what} is not JSON: {error.msg} (at line {error.lineno}, column {error.colno})"
        raise MalformedBody(message) from None
    except (ValueError, ArithmeticError) as error:
        # Of TOML, which tells the place itself; or a number of more digits than Python reads.
        raise MalformedBody(f"The {what} cannot be read: {error}") from None


def _json(text: str, what: str) -> dict[str, object]:
    found: object = json.loads(text, object_pairs_hook=_named_once, parse_constant=_exact, parse_float=_exact)
    if not is_table(found):
        raise MalformedBody(f"The {what} must be one JSON object")
    return found


def _exact(spelled: str) -> Decimal:
    number = Decimal(spelled)
    if not number.is_finite():
        message = f"{spelled} is no number"
        raise ValueError(message)
    return number


def _named_once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        message = f"an object names {twice[:100]!r} twice"
        raise ValueError(message)
    return found
