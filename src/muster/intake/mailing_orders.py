"""A mailing as a door hands it over, and what is wrong with it before anything is looked up. Pure."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from muster.domain.fault import Fault
from muster.domain.ids import MESSAGES_PER_MAILING
from muster.kinds.addresses import is_email
from muster.kinds.notifications.letters import is_tangled

MOST_RECIPIENTS: Final = MESSAGES_PER_MAILING
MOST_SUBJECT: Final = 500
"""Characters."""
MOST_BODY: Final = 1_000_000
"""Characters: more than mail servers take of a letter's text, and little enough to be looked through at once."""
MOST_FILE_NAME: Final = 255
# A subject, like a file's name, ends up in a header: nothing in it may end a line, or hide what stands behind it.
_NOT_ONE_LINE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_NO_FILE_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069/\\]")
_TURNED_AWAY = "bat cmd com cpl exe hta jar js jse lnk msi msp pif ps1 reg scr vbe vbs wsf wsh"
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,127}")


class Addressee(msgspec.Struct, frozen=True, gc=False):
    """One recipient as the request names it: by number, by address, or by both."""

    number: int | None = None
    """0 for what cannot be the number of a contact."""
    email: str | None = None


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came with the request."""

    name: str
    file_name: str
    content_type: str
    """Type and subtype in small letters, without parameters."""
    content: bytes


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A mailing as it is asked for. What the request left out is None; a number that nothing can have is 0."""

    category: int | None
    subject: str | None
    body: str | None
    """HTML, kept to the letter."""
    addressees: Sequence[Addressee] | None
    """None or none: whoever is to hear of the category in `party`."""
    party: int | None = None
    """In whose name; None: in that of the caller's."""
    buyer: int | None = None
    erp_customer: str | None = None
    """The buyer's number in the books."""
    uploads: Sequence[Upload] = ()
    idempotency_key: str | None = None
    fingerprint: bytes = b""
    """Equal for two requests exactly when they ask for the same."""
    faults: Sequence[Fault] = ()
    """What the door found wrong already; nothing below the same path is judged again."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What may go with a mailing."""

    attachments: int = 10
    attachment_bytes: int = 30_000_000
    """Of one file."""
    refused_extensions: frozenset[str] = frozenset(_TURNED_AWAY.split())
    """Endings of file names, in small letters, without the dot: what many mail servers turn away."""
    media_types: frozenset[str] = frozenset({"*/*"})
    """What is let through: `image/png`, `image/*`, `*/*`."""


def faults_of(order: Order, limits: Limits) -> list[Fault]:
    """Every broken rule that can be told from the order alone, those that the door found included."""
    known = {parent for fault in order.faults for parent in _parents(fault.path)}
    found = [fault for fault in (*_text_faults(order), *_addressee_faults(order)) if not known & _parents(fault.path)]
    if len(order.uploads) > limits.attachments:
        found.append(Fault("attachment", "TOO_MANY", f"must not be more than {limits.attachments} files"))
    else:
        for index, upload in enumerate(order.uploads):
            found += _upload_faults(f"attachment[{index}]", upload, limits)
    return [*order.faults, *found]


def _parents(path: str) -> set[str]:
    """`path` and what it stands in: `a.b.c`, `a.b`, `a`."""
    names = path.split(".")
    return {".".join(names[:end]) for end in range(1, len(names) + 1)}


def address_of(addressee: Addressee) -> str:
    """The address without the blanks around it; empty where there is none."""
    return (addressee.email or "").strip()


def _text_faults(order: Order) -> list[Fault]:
    found: list[Fault] = []
    if order.category is None:
        found.append(Fault("category.id", "REQUIRED", "is required"))
    if order.subject is None or not order.subject.strip():
        found.append(Fault("subject", "REQUIRED", "is required"))
    elif len(order.subject) > MOST_SUBJECT:
        found.append(Fault("subject", "TOO_LONG", f"must have at most {MOST_SUBJECT} characters"))
    elif _NOT_ONE_LINE.search(order.subject):
        found.append(Fault("subject", "NOT_ONE_LINE", "must not hold line breaks or control characters"))
    if order.body is None:
        found.append(Fault("body", "REQUIRED", "is required, though it may be empty"))
    elif len(order.body) > MOST_BODY:
        found.append(Fault("body", "TOO_LONG", f"must have at most {MOST_BODY} characters"))
    elif is_tangled(order.body):
        found.append(Fault("body", "TOO_TANGLED", "leaves too many tags open, or nests them too deeply"))
    return found


def _addressee_faults(order: Order) -> list[Fault]:
    if not order.addressees:
        if order.party is None and order.buyer is None and order.erp_customer is None:
            message = "is required where neither an account nor a buyer is named"
            return [Fault("contacts", "REQUIRED", message)]
        return []
    if len(order.addressees) > MOST_RECIPIENTS:
        return [Fault("contacts", "TOO_MANY", f"must have at most {MOST_RECIPIENTS} entries")]
    found: list[Fault] = []
    for index, addressee in enumerate(order.addressees):
        email = address_of(addressee)
        if addressee.number is None and not email:
            found.append(Fault(f"contacts[{index}]", "REQUIRED", "must have an id or an e-mail address"))
        elif email and not is_email(email):
            found.append(Fault(f"contacts[{index}].email", "INVALID_EMAIL", "is not a valid e-mail address"))
    return found


def _upload_faults(path: str, upload: Upload, limits: Limits) -> list[Fault]:
    if not 0 < len(upload.file_name.strip(" .")) <= MOST_FILE_NAME or _NO_FILE_NAME.search(upload.file_name):
        message = f"must have a file name of 1 to {MOST_FILE_NAME} characters, none of them a slash or unprintable"
        return [Fault(path, "INVALID_NAME", message)]
    found: list[Fault] = []
    extension = upload.file_name.rstrip(" .").rpartition(".")[2].lower()
    if extension in limits.refused_extensions:
        found.append(Fault(path, "REFUSED_EXTENSION", f"must not end in .{extension}"))
    if not _lets_through(limits.media_types, upload.content_type):
        found.append(Fault(path, "REFUSED_MEDIA_TYPE", "is of a media type that is not taken"))
    if len(upload.content) > limits.attachment_bytes:
        found.append(Fault(path, "TOO_LARGE", f"must have at most {limits.attachment_bytes} bytes"))
    return found


def _lets_through(allowed: frozenset[str], media_type: str) -> bool:
    if not _MEDIA_TYPE.fullmatch(media_type):
        return False
    return not allowed.isdisjoint({media_type, f"{media_type.partition('/')[0]}/*", "*/*"})
