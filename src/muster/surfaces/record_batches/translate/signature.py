"""Signatures of requests, version 4 of the scheme `AWS4-HMAC-SHA256`, from the side of the one who believes them. Pure.

What is signed is the request as it stands on the wire: the raw path and query as they were received.
"""

import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes

import msgspec

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "execute-api"
_TERMINATOR = "aws4_request"
_DATE_HEADER = b"x-amz-date"
_BODY_HEADER = b"x-amz-content-sha256"
_ALWAYS_SIGNED = frozenset({"host", "x-amz-date"})
_DATE = re.compile(rb"[0-9]{8}T[0-9]{6}Z")
_DATE_FORMAT = "%Y%m%dT%H%M%SZ"
_SCOPE_PARTS = 5
MOST_SIGNED = 100
"""Headers that may be signed: far more than any client signs."""
_PARTS = frozenset({"Credential", "SignedHeaders", "Signature"})

Headers = Sequence[tuple[bytes, bytes]]
"""As they were sent, in order; names in small letters."""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """What an Authorization header claims."""

    access_key: str
    day: str
    region: str
    service: str
    headers: tuple[str, ...]
    """Names of the headers that are signed: small letters, sorted, each once."""
    signature: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it was received."""

    method: str
    path: bytes
    """Still percent-encoded, without the query."""
    query: bytes
    """Still percent-encoded, without the question mark."""
    headers: Headers
    body_hash: str
    """The SHA-256 of the raw body, in hex."""


def claims_signature(header: str) -> bool:
    """Whether the value of an Authorization header is meant as a signature at all."""
    return header.partition(" ")[0].upper() == ALGORITHM


def read_claim(header: str) -> Signed | None:
    """What the value of an Authorization header claims; None where it is not of this scheme's form."""
    algorithm, _, rest = header.strip().partition(" ")
    pairs = [part.strip().partition("=") for part in rest.split(",")]
    parts = {name: value for name, _, value in pairs}
    if algorithm != ALGORITHM or len(pairs) != len(_PARTS) or parts.keys() != _PARTS:
        return None
    scope = parts["Credential"].split("/")
    headers = tuple(parts["SignedHeaders"].split(";"))
    if len(scope) != _SCOPE_PARTS or scope[-1] != _TERMINATOR:
        return None
    if len(headers) > MOST_SIGNED or list(headers) != sorted({*headers}):
        return None
    access_key, day, region, service, _ = scope
    return Signed(
        access_key=access_key,
        day=day,
        region=region,
        service=service,
        headers=headers,
        signature=parts["Signature"],
    )


def verifies(asked: Asked, claim: Signed, secret: str, *, now: datetime, skew: timedelta) -> bool:
    """Whether the one who holds `secret` signed exactly this request, at most `skew` before or after `now`.

    Takes as long for a wrong signature as for a right one.
    """
    written = _only(asked.headers, _DATE_HEADER)
    in_time = _in_time(written, claim, now=now, skew=skew)
    honest = all(value == asked.body_hash.encode() for name, value in asked.headers if name == _BODY_HEADER)
    named = {name for name, _ in asked.headers}
    complete = {*claim.headers} >= _ALWAYS_SIGNED and all(name.encode() in named for name in claim.headers)
    key = _signing_key(secret, claim)
    scope = f"{claim.day}/{claim.region}/{claim.service}/{_TERMINATOR}".encode()
    matches = False
    for request in _canonical(asked, claim):
        text = b"\n".join((ALGORITHM.encode(), written or b"", scope, sha256(request).hexdigest().encode()))
        expected = hmac.new(key, text, sha256).hexdigest().encode()
        matches |= hmac.compare_digest(expected, claim.signature.encode())
    return matches and in_time and honest and complete and claim.service == SERVICE


def _in_time(written: bytes | None, claim: Signed, *, now: datetime, skew: timedelta) -> bool:
    if written is None or not _DATE.fullmatch(written):
        return False
    text = written.decode()
    try:
        at = datetime.strptime(text, _DATE_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(now - at) <= skew and text[:8] == claim.day


def _signing_key(secret: str, claim: Signed) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (claim.day, claim.region, claim.service, _TERMINATOR):
        key = hmac.new(key, part.encode(), sha256).digest()
    return key


def _canonical(asked: Asked, claim: Signed) -> tuple[bytes, bytes]:
    """The text that is signed, in the two ways of writing the query."""
    method, path = asked.method.encode(), _path(asked.path)
    lines = [f"{name}:{_value(asked.headers, name.encode())}".encode() for name in claim.headers]
    rest = (*lines, b"", ";".join(claim.headers).encode(), asked.body_hash.encode())
    return (
        b"\n".join((method, path, _query_as_sent(asked.query), *rest)),
        b"\n".join((method, path, _query_as_meant(asked.query), *rest)),
    )


def _path(raw: bytes) -> bytes:
    """The path without `.`, `..` and empty segments, and then encoded once more (all services but one do so)."""
    kept: list[bytes] = []
    for segment in raw.split(b"/"):
        if segment == b"..":
            del kept[-1:]
        elif segment not in {b"", b"."}:
            kept.append(segment)
    closing = b"/" if raw.endswith(b"/") and kept else b""
    return quote_from_bytes(b"/" + b"/".join(kept) + closing, safe="/~").encode()


def _query_as_sent(raw: bytes) -> bytes:
    """The parameters in order, each as it was written: what clients sign who build the address first."""
    if not raw:
        return b""
    pairs = [(name, value) for name, _, value in (part.partition(b"=") for part in raw.split(b"&"))]
    return b"&".join(name + b"=" + value for name, value in sorted(pairs))


def _query_as_meant(raw: bytes) -> bytes:
    """The parameters in order, each decoded and written anew: what clients sign who encode twice in different ways.

    A plus sign is a space here as it is wherever the query is read, so that the same is signed as is understood.
    """
    parts = (part.replace(b"+", b"%20").partition(b"=") for part in raw.split(b"&") if part)
    pairs = [(_anew(name), _anew(value)) for name, _, value in parts]
    return b"&".join(name + b"=" + value for name, value in sorted(pairs))


def _anew(written: bytes) -> bytes:
    return quote(unquote_to_bytes(written), safe="-_.~").encode()


def _value(headers: Headers, name: bytes) -> str:
    """The values of a header's lines, trimmed, each run of spaces one space, joined with commas."""
    return ",".join(" ".join(_text(value).split()) for held, value in headers if held == name)


def _text(value: bytes) -> str:
    """Clients sign text and send it in one of two encodings; what is not the one is the other."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _only(headers: Headers, name: bytes) -> bytes | None:
    """The value of a header that stands there exactly once."""
    found = [value for held, value in headers if held == name]
    return found[0] if len(found) == 1 else None
