"""What one value must look like. Each rule answers None, or the code and the sentence of what is wrong."""

import re
from collections.abc import Callable
from typing import TypeGuard

from muster.kinds import addresses

Wrong = tuple[str, str]
"""A permanent code, and a sentence for the author of the value."""
Rule = Callable[[object], Wrong | None]

TITLE_LENGTH = 255
MEMO_LENGTH = 1000
MOST_HOURS = 8760
MOST_DOCUMENTS = 50
"""A customer is asked about one after the other."""

REQUIRED = "REQUIRED"
INVALID_TYPE = "INVALID_TYPE"
INVALID_FORMAT = "INVALID_FORMAT"
INVALID_VALUE = "INVALID_VALUE"
OUT_OF_RANGE = "OUT_OF_RANGE"
LENGTH_OUT_OF_RANGE = "LENGTH_OUT_OF_RANGE"
MUTUALLY_EXCLUSIVE = "MUTUALLY_EXCLUSIVE"
UNKNOWN_PARAMETER = "UNKNOWN_PARAMETER"
NOT_OVERRIDABLE = "NOT_OVERRIDABLE"

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
matches_phone = addresses.matches_phone
digits = addresses.digits
matches_uuid = _UUID.fullmatch
_MONEY = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,2})?")


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[object]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


def text(shortest: int, longest: int) -> Rule:
    """A string of `shortest` to `longest` characters, both inclusive; none of them NUL, which no store can keep."""

    def rule(value: object) -> Wrong | None:
        if not isinstance(value, str):
            return INVALID_TYPE, "must be a string"
        if not shortest <= len(value) <= longest:
            bounds = f"{shortest} to {longest}" if shortest else f"at most {longest}"
            return LENGTH_OUT_OF_RANGE, f"must have {bounds} characters"
        return (INVALID_FORMAT, "must not hold the character NUL") if "\0" in value else None

    return rule


def one_of(*values: str) -> Rule:
    """One of these strings, spelled exactly so."""

    def rule(value: object) -> Wrong | None:
        if not isinstance(value, str):
            return INVALID_TYPE, "must be a string"
        return None if value in values else (INVALID_VALUE, f"must be one of {', '.join(values)}")

    return rule


def some_of(*values: str) -> Rule:
    """A list of at least one of these strings, none of them twice."""

    def rule(value: object) -> Wrong | None:
        if not is_array(value):
            return INVALID_TYPE, "must be an array"
        known = {v for v in value if isinstance(v, str) and v in values}
        if not value or len(known) != len(value):
            return INVALID_VALUE, f"must name at least one of {', '.join(values)}, none of them twice"
        return None

    return rule


def whole(least: int, most: int) -> Rule:
    """A whole number from `least` to `most`, both inclusive."""

    def rule(value: object) -> Wrong | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return INVALID_TYPE, "must be an integer"
        if not least <= value <= most:
            return OUT_OF_RANGE, f"must be between {least} and {most}"
        return None

    return rule


def phone(value: object) -> Wrong | None:
    """A phone number of 8 to 15 digits, with or without a plus and separators."""
    if not isinstance(value, str):
        return INVALID_TYPE, "must be a string"
    if matches_phone(value) or matches_phone(digits(value)):
        return None
    return INVALID_FORMAT, "must be a phone number of 8 to 15 digits with its country code"


def uuid(value: object) -> Wrong | None:
    """A UUID in its usual spelling with hyphens."""
    if not isinstance(value, str):
        return INVALID_TYPE, "must be a string"
    return None if matches_uuid(value) else (INVALID_FORMAT, "must be a UUID")


def money(value: object) -> Wrong | None:
    """A positive amount with at most two decimals, as a string or a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return INVALID_TYPE, "must be a decimal number"
    # A whole number too large to be written out in full is too long for an amount anyway.
    written = value if isinstance(value, str) else repr(value) if abs(value) < 10**15 else ""
    if not _MONEY.fullmatch(written):
        return INVALID_FORMAT, "must be a decimal number with at most two decimals"
    if written.startswith("-") or not written.strip("0."):
        return OUT_OF_RANGE, "must be more than 0"
    return None


def documents(value: object) -> Wrong | None:
    """A list of at least one document, each named by its id and group."""
    if not is_array(value):
        return INVALID_TYPE, "must be an array"
    if not value or not all(_is_document(document) for document in value):
        return INVALID_VALUE, "must hold at least one object with a documentId and a documentGroup, both not empty"
    if len(value) > MOST_DOCUMENTS:
        return LENGTH_OUT_OF_RANGE, f"must hold at most {MOST_DOCUMENTS} documents"
    return None


_document_name = text(1, TITLE_LENGTH)


def _is_document(value: object) -> bool:
    if not is_object(value):
        return False
    return all(_document_name(value.get(key)) is None for key in ("documentId", "documentGroup"))
