"""A new batch: from the vendor's body to what intake takes, and what is wrong with it in the vendor's words."""

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

import msgspec
from msgspec import UNSET, UnsetType

from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.intake.mailing_orders import Addressee, Order, Upload
from muster.surfaces.bodies import is_array, is_object
from muster.surfaces.notifications.translate.ids import Prefix, read
from muster.surfaces.notifications.translate.reading import Reading
from muster.surfaces.notifications.translate.wording import detail_of
from muster.surfaces.notifications.wire.batches import KEY_HEADER, LONGEST_KEY, MOST_CONTACTS

_NOT_READABLE = "NOT_READABLE"
_LONGEST_NAMED = 100
_PATHS: Mapping[str, str] = MappingProxyType({"buyer.erp_customer": "buyer.externalIds.erpCustomerId"})
_THINGS: Mapping[str, str] = MappingProxyType(
    {"category": "Category", "account": "Account", "buyer": "Buyer", "contacts": "Contact"}
)
_SENTENCES: Mapping[str, str] = MappingProxyType(
    {"NOT_FOUND": "{thing} with id '{id}' not found", "NOT_PUBLISHED": "{thing} with id '{id}' is not published"}
)
_INDEX = re.compile(r"\[[0-9]+\]")


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What comes with a batch besides its own JSON."""

    uploads: Sequence[Upload] = ()
    key: str | None = None
    fingerprint: bytes = b""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An order, and the ids that it was asked for with, by their paths."""

    order: Order
    named: Mapping[str, str]


def read_order(content: Mapping[str, object], sent: Sent) -> Asked:
    """What the body asks for; what cannot be read of it stands among the order's faults."""
    reading = Reading(content)
    buyer, account = reading.below("buyer"), reading.below("account")
    category = _number(reading, "category", reading.below("category"), prefix=Prefix.CATEGORY)
    external = buyer.below("externalIds").text("erpCustomerId")
    erp_customer = buyer.text("erpCustomerId") if external is UNSET else external
    key = _key(sent.key, reading.faults)
    order = Order(
        category=category,
        subject=_or_none(reading.text("subject")),
        body=_or_none(reading.text("body")),
        addressees=_addressees(content.get("contacts"), reading),
        party=_number(reading, "account", account, prefix=Prefix.ACCOUNT),
        buyer=_number(reading, "buyer", buyer, prefix=Prefix.BUYER),
        erp_customer=_or_none(erp_customer),
        uploads=sent.uploads,
        idempotency_key=key,
        fingerprint=sent.fingerprint,
    )
    return Asked(order=msgspec.structs.replace(order, faults=tuple(reading.faults)), named=reading.named)


@contextmanager
def in_words(asked: Asked) -> Generator[None]:
    """Whatever the inside finds wrong with an order is told with the vendor's names, and with the ids it was sent."""
    try:
        yield
    except BadInput as error:
        faults = [_worded(fault, asked.named) for fault in error.faults]
        raise BadInput(detail_of(faults), faults) from None


def _worded(fault: Fault, named: Mapping[str, str]) -> Fault:
    path, sentence = _PATHS.get(fault.path, fault.path), _SENTENCES.get(fault.code)
    identity = named.get(fault.path)
    if sentence is None or identity is None:
        return Fault(path, fault.code, fault.message)
    thing = _THINGS[_INDEX.sub("", fault.path).partition(".")[0]]
    return Fault(path, fault.code, sentence.format(thing=thing, id=identity[:_LONGEST_NAMED]))


def _number(reading: Reading, name: str, inner: Reading, *, prefix: Prefix) -> int | None:
    """The number in `id`; 0 for what is no such id; None where there is none."""
    text = inner.text("id")
    if text is UNSET:
        return None
    reading.named[f"{name}.id"] = text
    return read(prefix, text) or 0


def _key(key: str | None, faults: list[Fault]) -> str | None:
    if key is None or (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        return key
    faults.append(Fault(KEY_HEADER, _NOT_READABLE, f"must have 1 to {LONGEST_KEY} printable characters"))
    return None


def _or_none(value: str | UnsetType) -> str | None:
    return None if value is UNSET else value


def _addressees(value: object, reading: Reading) -> Sequence[Addressee] | None:
    if value is None:
        return None
    if not is_array(value):
        reading.faults.append(Fault("contacts", _NOT_READABLE, "must be a list"))
        return None
    if len(value) > MOST_CONTACTS:
        # That alone is told: what else is wrong with so many is nobody's concern.
        return [Addressee()] * len(value)
    return [_addressee(index, one, reading) for index, one in enumerate(value)]


def _addressee(index: int, value: object, reading: Reading) -> Addressee:
    if not is_object(value):
        reading.faults.append(Fault(f"contacts[{index}]", _NOT_READABLE, "must be an object"))
        return Addressee()
    identity, email = value.get("id"), value.get("email")
    number = None
    if isinstance(identity, str):
        reading.named[f"contacts[{index}].id"] = identity
        number = read(Prefix.CONTACT, identity) or 0
    elif identity is not None:
        reading.faults.append(Fault(f"contacts[{index}].id", _NOT_READABLE, "must be a string"))
    if email is not None and not isinstance(email, str):
        reading.faults.append(Fault(f"contacts[{index}].email", _NOT_READABLE, "must be a string"))
        return Addressee(number)
    return Addressee(number, email)
