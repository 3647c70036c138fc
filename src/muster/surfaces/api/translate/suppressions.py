"""Whom not to reach."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from muster.catalog.suppressions import LONGEST_ADDRESS, is_source
from muster.domain.errors import BadInput, NotFound
from muster.domain.fault import Fault
from muster.ports.store import suppressions
from muster.surfaces.api import wire
from muster.surfaces.api.translate.fields import Fields
from muster.surfaces.paging import PageRules, Paging

_REFUSED: Final = "The body breaks rules"
_SOURCE: Final = "api"
_PAGES = PageRules(fields=MappingProxyType({}), default=("created_at", True), size=50)


def read_page(page: str | None, size: str | None) -> Paging:
    """Which page is asked for. Raises BadInput with every fault."""
    return _PAGES.read(page, size, ())


def read_text(text: str | None) -> str:
    """What an address must hold; empty where it does not matter. Raises BadInput."""
    if text and (len(text) > LONGEST_ADDRESS or not text.isprintable()):
        message = f"must have at most {LONGEST_ADDRESS} characters, all of them printable"
        raise BadInput("The query is not valid", [Fault("text", "invalid_value", message)])
    return text or ""


def read_address(path: str) -> str:
    """The address in a path. Raises NotFound for what nobody can have put on the list."""
    address = path.removeprefix("/")
    if not 0 < len(address) <= LONGEST_ADDRESS or not address.isprintable():
        raise NotFound("The address is not on the list")
    return address


def read_suppressions(
    content: Mapping[str, object], fault_of: Callable[[str], str | None]
) -> tuple[Sequence[str], str]:
    """The addresses of a body, and why they are to be on the list. Raises BadInput with every fault."""
    fields = Fields(content, listed=("addresses", "source"))
    addresses = _addresses(fields)
    source = fields.text("source")
    if source is not None and not is_source(source):
        fields.faults.append(Fault("source", "invalid_value", "must have 1 to 64 characters of one line"))
    for at, address in enumerate(addresses):
        fault = fault_of(address)
        if fault is not None:
            fields.faults.append(Fault(f"addresses[{at}]", "invalid_value", fault))
    _refuse(fields)
    return addresses, _SOURCE if source is None else source


def read_addresses(content: Mapping[str, object]) -> Sequence[str]:
    """The addresses of a body. Raises BadInput with every fault."""
    fields = Fields(content, listed=("addresses",))
    addresses = _addresses(fields)
    _refuse(fields)
    return addresses


def suppression(one: suppressions.Suppression) -> wire.Suppression:
    """An address of the list."""
    return wire.Suppression(
        address=one.address, source=one.source, origin=one.origin or None, created_at=one.created_at
    )


def _addresses(fields: Fields) -> Sequence[str]:
    fields.require("addresses")
    return fields.texts("addresses", most=wire.MOST_ADDRESSES) or ()


def _refuse(fields: Fields) -> None:
    if fields.faults:
        raise BadInput(_REFUSED, fields.faults)
