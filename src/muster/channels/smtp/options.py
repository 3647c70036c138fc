"""What can be set for a mail server, and reading it from text. docs/reference/smtp-channel.md lists the same."""

import re
import ssl
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, cast

import msgspec
from msgspec import Meta

from muster.channels.smtp.address import ascii_domain, read_address
from muster.channels.smtp.dkim import BadKey, read_key
from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.rule import rules_of

_Seconds = Annotated[float, Meta(gt=0, le=3600)]
_Connections = Annotated[int, Meta(ge=1, le=50)]
_Rate = Annotated[float, Meta(gt=0, le=100_000)]
_Domain = Annotated[str, Meta(max_length=253)]


class Security(StrEnum):
    """How the connection is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    """Plain at first, TLS before anything is told; without it nothing is sent."""
    TLS = "tls"
    """TLS from the first octet."""


_PORTS = {Security.NONE: 25, Security.STARTTLS: 587, Security.TLS: 465}


class SmtpOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One account at one mail server."""

    host: Annotated[str, Meta(min_length=1, max_length=253)]
    port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    """None: 587, or 465 with `security=tls`, or 25 with `security=none`."""
    security: Security = Security.STARTTLS
    verify: bool = True
    """Whether the server's certificate and its name are checked."""
    tls_ca: str | None = None
    """The certificates to trust, as PEM text; None for those of the system."""
    username: Annotated[str, Meta(max_length=255)] = ""
    password: Annotated[str, Meta(max_length=255)] = ""
    sender: Annotated[str, Meta(min_length=3, max_length=320)]
    """The address in From."""
    sender_name: Annotated[str, Meta(max_length=200)] = ""
    """The name in From, where the letter has none of its own."""
    helo: _Domain = ""
    """What we call ourselves; empty: the domain of `sender`."""
    return_domain: _Domain = ""
    """Where returned letters go, each to an address of its own; empty: to `sender`, and they are not noticed."""
    connections: _Connections = 4
    """At a time, of one process."""
    messages_per_connection: Annotated[int, Meta(ge=1, le=100_000)] = 500
    rate: _Rate | None = None
    """The most letters a second of one process; None for as fast as the server answers."""
    per_domain_rate: _Rate | None = None
    """The most letters a second to one domain."""
    per_domain_connections: _Connections | None = None
    """The most letters under way at a time to one domain."""
    dkim_domain: _Domain = ""
    dkim_selector: Annotated[str, Meta(max_length=63)] = ""
    dkim_key: Annotated[str, Meta(max_length=16_384)] = ""
    """The private key (RSA or Ed25519) as PEM text; `\\n` may stand for the ends of its lines."""
    timeout: _Seconds = 25.0
    """Seconds after which an answer counts as lost."""
    answer_timeout: _Seconds = 300.0
    """Seconds for which the answer to a final dot is waited for all the same; up to `timeout`: no longer than that."""
    connect_timeout: _Seconds = 10.0
    """Seconds to connect and log in."""

    @property
    def at_port(self) -> int:
        """The port to connect to."""
        return self.port if self.port is not None else _PORTS[self.security]


_WORDS = {"yes": "true", "no": "false", "on": "true", "off": "false"}
_RULES = rules_of(SmtpOptions)
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")


def options_from(given: Mapping[str, str]) -> SmtpOptions:
    """The options that `given` names. Raises BadInput, with every fault, by option name."""
    unknown = f"is not an option of smtp; there are {', '.join(_RULES)}"
    faults = [Fault(f"options.{name}", "unknown_option", unknown) for name in given if name not in _RULES]
    read: dict[str, object] = {}
    for field in msgspec.structs.fields(SmtpOptions):
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
    faults += [Fault(f"options.{name}", "bad_option", message) for name, message in _contradictions(read)]
    if faults:
        raise BadInput("The options of the SMTP channel are wrong.", faults)
    return msgspec.convert(read, SmtpOptions)


def _contradictions(read: Mapping[str, object]) -> list[tuple[str, str]]:
    """What is wrong with options that are readable each by itself: (name, message)."""
    text = {name: value for name, value in read.items() if isinstance(value, str)}
    found: list[tuple[str, str]] = []
    sender = read_address(text["sender"]) if "sender" in text else None
    if "sender" in text and sender is None:
        found.append(("sender", "must be an e-mail address"))
    elif sender is not None and sender.utf8:
        found.append(("sender", "must have ASCII characters only before the @"))
    found += [
        (name, "must be the name of a domain")
        for name in ("host", "helo", "return_domain", "dkim_domain")
        if text.get(name) and not _is_domain(text[name], literal=name == "host")
    ]
    if bool(text.get("username")) != bool(text.get("password")):
        missing = "password" if text.get("username") else "username"
        found.append((missing, "is needed: username and password go together"))
    return found + _tls_faults(text, read) + _dkim_faults(text)


def _is_domain(text: str, *, literal: bool) -> bool:
    """`literal`: an IP address will do, too."""
    return (literal and re.fullmatch(r"[0-9A-Fa-f:.]+", text) is not None) or ascii_domain(text) is not None


def _tls_faults(text: Mapping[str, str], read: Mapping[str, object]) -> list[tuple[str, str]]:
    authorities = text.get("tls_ca")
    if authorities is None:
        return []
    if read.get("security") is Security.NONE:
        return [("tls_ca", "is of no use with security=none")]
    try:
        ssl.create_default_context(cadata=authorities)
    except (ssl.SSLError, ValueError):
        return [("tls_ca", "must be certificates as PEM text")]
    return []


def _dkim_faults(text: Mapping[str, str]) -> list[tuple[str, str]]:
    names = ("dkim_domain", "dkim_selector", "dkim_key")
    missing = [name for name in names if not text.get(name)]
    if len(missing) == len(names):
        return []
    found = [(name, f"is needed: {', '.join(names)} go together") for name in missing]
    if text.get("dkim_selector") and not _LABEL.fullmatch(text["dkim_selector"]):
        found.append(("dkim_selector", "must have letters, digits, hyphens and dots only"))
    if text.get("dkim_key"):
        try:
            read_key(text["dkim_key"])
        except BadKey as problem:
            found.append(("dkim_key", str(problem)))
    return found
