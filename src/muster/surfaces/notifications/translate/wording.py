"""What is wrong with a request, with the vendor's names for its fields and things."""

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

from muster.domain.errors import BadInput, NotFound
from muster.domain.fault import Fault
from muster.surfaces.notifications.translate.reading import Reading

_SEVERAL = "One or more validation errors occurred."
_FIELD = re.compile(r"(\w+)(?:\[([0-9]+)\])?")
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "short_description": "shortDescription",
        "opt_outs": "optOuts",
        "extras": "directories",
        "people": "recipients.users",
        "groups": "recipients.userGroups",
    }
)
_NOT_FOUND: Mapping[str, str] = MappingProxyType(
    {"UNKNOWN_CATEGORY": "Category", "UNKNOWN_PERSON": "User", "UNKNOWN_GROUP": "User group"}
)


@contextmanager
def worded(reading: Reading) -> Generator[None]:
    """Whatever the inside finds wrong with what was read is told with the door's names."""
    try:
        yield
    except BadInput as error:
        faults = _worded(error.faults, reading)
        raise BadInput(detail_of(faults), faults) from None


def detail_of(faults: Sequence[Fault]) -> str:
    """What an answer says in one sentence: the fault itself where there is only one, since clients show no more."""
    if len(faults) != 1:
        return _SEVERAL
    message = faults[0].message
    return message if message[:1].isupper() else f"The field {faults[0].path} {message}"


@contextmanager
def missing(what: str, text: str, *, in_path: bool = True) -> Generator[None]:
    """A thing that there is not is told with its id. `in_path`: 404; else, as this vendor's actions do, 400."""
    try:
        yield
    except NotFound:
        message = f"{what} with id '{text[:100]}' not found"
        raise (NotFound(message) if in_path else BadInput(message)) from None


def _worded(faults: tuple[Fault, ...], reading: Reading) -> list[Fault]:
    unreadable = {fault.path for fault in reading.faults}
    told: list[Fault] = []
    for fault in faults:
        path = _path(fault.path)
        # A list's element that could not be read is not judged a second time.
        if path.removesuffix(".id") in unreadable and fault.path not in unreadable:
            continue
        what = _NOT_FOUND.get(fault.code)
        message = fault.message if what is None else f"{what} with id '{reading.named.get(path, '')[:100]}' not found"
        told.append(Fault(path, fault.code, message))
    return told


def _path(path: str) -> str:
    found = _FIELD.fullmatch(path)
    if found is None or found[1] not in _NAMES:
        return path
    name = _NAMES[found[1]]
    return name if found[2] is None else f"{name}[{found[2]}].id"
