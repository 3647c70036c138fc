"""Request bodies: read within limits, decoded once, and explained when they are not what they should be."""

import asyncio
import json
import re
import unicodedata
from collections.abc import AsyncGenerator, Sequence
from hashlib import sha256
from typing import TypeGuard

import msgspec
from litestar.exceptions import HTTPException, InternalServerException

from muster.domain.errors import MalformedBody, TooLarge
from muster.surfaces.access import Call

LONGEST_EXPLAINED = 1 << 20
"""Bodies of more bytes are refused with less of an explanation: finding the exact fault takes time."""
DEEPEST = "It is nested too deeply"
_SOUND_TYPE = re.compile(r"application/json\s*(?:;\s*charset\s*=\s*\"?utf-?8\"?\s*)?;?", re.IGNORECASE)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|"|[{}\[\]]', re.DOTALL)
_STRING_OR_SPACE = re.compile(r'"(?:[^"\\]|\\.)*"|[^\x00-\x7f]', re.DOTALL)
_BYTE = re.compile(r"\(byte (\d+)\)")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_CLOSING = {"{": "}", "[": "]"}
# Where one of these stands in a body, counting colons does not tell the number of its keys.
_HIDES_A_KEY = (b" :", b"\n:", b"\t:", b"\r:", b"\\u0022", b"\\u003a", b"\\u003A")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller may send."""

    body_bytes: int = 32 << 20
    body_seconds: float = 60
    """How long a body may take to arrive."""
    patience_bytes: int | None = None
    """How much of a body that is too large is read and thrown away; None: as much as it may have."""


class Body(msgspec.Struct, frozen=True):
    """A JSON object, and the digest of its canonical form: equal for bodies that say the same."""

    content: dict[str, object]
    fingerprint: bytes


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[object]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


async def read_object(call: Call, limits: Limits) -> Body:
    """The JSON object a request carries. Raises HTTPException 408 and 415, TooLarge, MalformedBody."""
    _check_type(call)
    return await decoded(await receive(call, limits))


async def decoded(raw: bytes) -> Body:
    """`decode(raw)`, beside everything else where that takes a while."""
    if len(raw) > LONGEST_EXPLAINED:
        return await asyncio.to_thread(decode, raw)
    return decode(raw)


def decode(raw: bytes) -> Body:
    """The JSON object in `raw`. Raises MalformedBody, which says what is wrong and where."""
    try:
        content = msgspec.json.decode(raw)
        canonical = msgspec.json.encode(content, order="deterministic")
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MalformedBody(f"The body is not valid JSON. {_explain(raw, error)}.") from None
    except RecursionError:
        raise MalformedBody(f"The body cannot be read. {DEEPEST}.") from None
    if not is_object(content):
        raise MalformedBody("The body must be a JSON object")
    if _holds(raw, b"\\u0000") and _NUL.search(raw):
        raise MalformedBody("The body holds the character U+0000 (written \\u0000), which no text here may contain")
    _check_keys(raw, canonical)
    return Body(content, sha256(canonical).digest())


def _check_type(call: Call) -> None:
    if not _SOUND_TYPE.fullmatch(call.headers.get("content-type", "").strip()):
        raise HTTPException(status_code=415, detail="The Content-Type must be application/json, in UTF-8")
    if call.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(status_code=415, detail="The body must not be compressed")


async def receive(call: Call, limits: Limits) -> bytes:
    """The whole body of a request. Raises HTTPException 408 when it dawdles, TooLarge."""
    return b"".join([piece async for piece in pieces(call, limits)])


async def pieces(call: Call, limits: Limits) -> AsyncGenerator[bytes]:
    """The body of a request as it arrives. Raises HTTPException 408 when it dawdles, TooLarge once it is too large."""
    size = 0
    patience = limits.body_bytes if limits.patience_bytes is None else limits.patience_bytes
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for piece in call.stream():
                size += len(piece)
                # A little more is read and thrown away, so that the client reads the answer instead of a broken pipe.
                if size > limits.body_bytes + patience:
                    break
                if size <= limits.body_bytes:
                    yield piece
    except TimeoutError:
        message = f"The body did not arrive within {limits.body_seconds:g} seconds"
        raise HTTPException(status_code=408, detail=message) from None
    except InternalServerException:
        # The client fell silent and is given up, or has gone and reads nothing; no fault of ours to be logged.
        raise HTTPException(status_code=408, detail="The body was not sent in time") from None
    if size > limits.body_bytes:
        raise TooLarge(f"The body is larger than {limits.body_bytes} bytes")


def _holds(raw: bytes, mark: bytes) -> bool:
    """Whether `mark` is in `raw`. Most bodies lack its first byte already, which is found out twenty times faster."""
    return mark[:1] in raw and mark in raw


def _check_keys(raw: bytes, canonical: bytes) -> None:
    """Refuse a body that names one key of one object twice: which of the two was meant, nobody knows.

    Decoding keeps one of them, so the canonical form has fewer colons behind a quotation mark. Where the body could
    hide one, it is read again the slow way.
    """
    plain = not any(_holds(raw, mark) for mark in _HIDES_A_KEY)
    if plain and raw.count(b'":') == canonical.count(b'":'):
        return
    twice: list[str] = []

    def note(pairs: Sequence[tuple[str, object]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                twice.append(key)
            seen.add(key)

    try:
        json.loads(raw, object_pairs_hook=note, parse_int=len, parse_float=len)
    except RecursionError:
        raise MalformedBody(f"The body cannot be read. {DEEPEST}.") from None
    if twice:
        raise MalformedBody(f"The key {json.dumps(twice[0][:100])} stands twice in one object")


def _explain(raw: bytes, error: Exception) -> str:
    """Why `raw` is not JSON, in sentences without the last full stop."""
    if not raw.strip():
        return "It is empty"
    if raw.startswith(b"\xef\xbb\xbf"):
        return "It begins with a byte order mark"
    if len(raw) > LONGEST_EXPLAINED:
        return str(error)
    try:
        text = raw.decode()
    except UnicodeDecodeError as fault:
        return f"Byte {fault.start} is not valid UTF-8"
    found = [sentence for sentence in (_odd_space(text), _missing_end(text)) if sentence]
    return ". ".join(found) or _place(raw, str(error))


def _odd_space(text: str) -> str | None:
    """The first space between two tokens that JSON does not know as one: what copying from a web page brings along."""
    for match in _STRING_OR_SPACE.finditer(text):
        character = match[0]
        if not character.startswith('"') and (character.isspace() or unicodedata.category(character) == "Cf"):
            name = unicodedata.name(character, "unnamed").lower()
            where = _line_and_column(text, match.start())
            code = f"U+{ord(character):04X}"
            return f"There is a {name} ({code}) at {where}; only ordinary spaces may stand between tokens"
    return None


def _missing_end(text: str) -> str | None:
    """What a body that stops too early still lacks."""
    still_open: list[str] = []
    for match in _TOKEN.finditer(text):
        mark = match[0]
        if mark in _CLOSING:
            still_open.append(mark)
        elif mark == '"':
            return "It ends inside a string"
        elif mark in {"}", "]"} and (not still_open or _CLOSING[still_open.pop()] != mark):
            return None
    if not still_open:
        return None
    lacking = "".join(_CLOSING[mark] for mark in reversed(still_open[-20:]))
    return f"It ends too early: at its end it still lacks {lacking}"


def _place(raw: bytes, message: str) -> str:
    found = _BYTE.search(message)
    if found is None:
        return "It holds an incomplete \\u escape" if "truncated" in message else message
    before = raw[: int(found[1])].decode(errors="replace")
    return _BYTE.sub(f"({_line_and_column(before, len(before))})", message)


def _line_and_column(text: str, index: int) -> str:
    line = text.count("\n", 0, index) + 1
    return f"line {line}, column {index - text.rfind(chr(10), 0, index)}"
