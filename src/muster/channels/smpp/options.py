"""What can be set for an SMPP account, and reading it from text. docs/reference/smpp-channel.md lists the same."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, cast

import msgspec
from msgspec import Meta

from muster.channels.smpp.receipts import Spelling
from muster.channels.smpp.text import Alphabet
from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.rule import rules_of

_Octet = Annotated[int, Meta(ge=0, le=255)]
_Seconds = Annotated[float, Meta(gt=0, le=3600)]


class Mode(StrEnum):
    """Which sessions an account opens."""

    TRANSCEIVER = "transceiver"
    SPLIT = "split"
    """`binds` transmitters and one receiver, for providers without transceivers."""


class SmppOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One account at one SMSC."""

    host: Annotated[str, Meta(min_length=1, max_length=253)]
    port: Annotated[int, Meta(ge=1, le=65535)] = 2775
    system_id: Annotated[str, Meta(min_length=1, max_length=15)]
    password: Annotated[str, Meta(max_length=8)] = ""
    system_type: Annotated[str, Meta(max_length=12)] = ""
    service_type: Annotated[str, Meta(max_length=5)] = ""
    mode: Mode = Mode.TRANSCEIVER
    binds: Annotated[int, Meta(ge=1, le=16)] = 1
    window: Annotated[int, Meta(ge=1, le=1000)] = 100
    """The most messages unanswered on one bind."""
    rate: Annotated[float, Meta(gt=0, le=100_000)] | None = None
    """The most segments a second over all binds of one process; None for as fast as the provider answers."""
    tls: bool = False
    tls_ca: str | None = None
    """The certificates to trust, as PEM text; None for those of the system."""
    source_addr: Annotated[str, Meta(max_length=20)] = ""
    source_ton: _Octet | None = None
    """None: 5 (alphanumeric) or 1 (international), as `source_addr` reads."""
    source_npi: _Octet | None = None
    dest_ton: _Octet = 1
    dest_npi: _Octet = 1
    receipts: bool = True
    """Whether receipts are asked for. Without, a message that was taken counts as arrived."""
    receipt_ids: Spelling = Spelling.ANY
    alphabet: Alphabet = Alphabet.GSM7
    data_coding: _Octet = 0
    """What to announce for the default alphabet."""
    reference_bits: Annotated[int, Meta(ge=8, le=16, multiple_of=8)] = 8
    """How wide the reference of a concatenated message is."""
    enquire_link: _Seconds = 30.0
    """Seconds of silence after which the provider is asked whether it is there."""
    response_timeout: _Seconds = 20.0
    """Seconds after which an answer counts as lost."""
    connect_timeout: _Seconds = 5.0
    """Seconds to connect and bind, and to wait for another bind before a hand-over counts as impossible."""


_WORDS = {"yes": "true", "no": "false", "on": "true", "off": "false"}
_RULES = rules_of(SmppOptions)


def options_from(given: Mapping[str, str]) -> SmppOptions:
    """The options that `given` names. Raises BadInput, with every fault, by option name."""
    unknown = f"is not an option of smpp; there are {', '.join(_RULES)}"
    faults = [Fault(f"options.{name}", "unknown_option", unknown) for name in given if name not in _RULES]
    read: dict[str, object] = {}
    for field in msgspec.structs.fields(SmppOptions):
        path, rule = f"options.{field.name}", _RULES[field.name]
        if field.name not in given:
            if rule.needed:
                faults.append(Fault(path, "missing_option", f"is needed: {rule.takes}"))
            continue
        text = given[field.name]
        try:
            value = _WORDS.get(text.lower(), text) if field.type is bool else text
            read[field.name] = cast("object", msgspec.convert(value, field.type, strict=False))
        except msgspec.ValidationError:
            faults.append(Fault(path, "bad_option", f"must be {rule.takes}"))
    faults += _contradictions(read)
    if faults:
        raise BadInput("The options of the SMPP channel are wrong.", faults)
    return msgspec.convert(read, SmppOptions)


def _contradictions(read: Mapping[str, object]) -> list[Fault]:
    faults: list[Fault] = []
    source = read.get("source_addr", "")
    if isinstance(source, str) and not all(" " <= char < "\x7f" for char in source):
        faults.append(Fault("options.source_addr", "bad_option", "must have printable ASCII characters only"))
    if "tls_ca" in read and not read.get("tls"):
        faults.append(Fault("options.tls_ca", "bad_option", "is of no use without tls=yes"))
    return faults
