"""Reading bodies as leniently as the vendor does: odd JSON, names of properties in any case, ids as text."""

import asyncio
import re
from collections.abc import Mapping
from typing import cast

from litestar.exceptions import HTTPException

from muster.domain.errors import MalformedBody
from muster.surfaces.access import Call
from muster.surfaces.bodies import LONGEST_EXPLAINED, Limits, is_object, receive
from muster.surfaces.record_batches.translate import lenient
from muster.surfaces.record_batches.wire.problems import INVALID_JSON

_KEPT = "record_batches_body"
"""Where the body of a request is kept once it was read: it can be read only once."""
_WHOLE = re.compile(r"\s*([+-]?[0-9]{1,18})\s*", re.ASCII)
MOST = (1 << 63) - 1
"""The largest whole number that anything is numbered with."""


async def raw_body(call: Call, limits: Limits) -> bytes:
    """The body as it was received, whoever asks for it first. Raises HTTPException 408, TooLarge."""
    if _KEPT not in call.state:
        call.state[_KEPT] = await receive(call, limits)
    return cast("bytes", call.state[_KEPT])


async def read_body(call: Call, limits: Limits) -> object:
    """The JSON value a request carries. Raises HTTPException 408 and 415, TooLarge, MalformedBody."""
    if call.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(status_code=415, detail="The body must not be compressed")
    raw = await raw_body(call, limits)
    if len(raw) > LONGEST_EXPLAINED:
        return await asyncio.to_thread(lenient.decode, raw)
    return lenient.decode(raw)


async def read_fields(call: Call, limits: Limits) -> "Fields":
    """The properties of the JSON object a request carries. Raises as `read_body`, MalformedBody for other values."""
    body = await read_body(call, limits)
    if not is_object(body):
        raise MalformedBody(INVALID_JSON)
    return Fields(body)


class Fields:
    """The properties of a JSON object by name, in any case; of two that differ only in it, the last one counts."""

    def __init__(self, content: Mapping[str, object]) -> None:
        self._by_name = {name.lower(): value for name, value in content.items()}

    def get(self, name: str) -> object:
        """What stands there; None for null and for nothing."""
        return self._by_name.get(name.lower())

    def number(self, name: str) -> int | None:
        """The whole number there, also as text; None for anything else."""
        return whole(self.get(name))

    def text(self, name: str) -> str | None:
        """The text there; None for anything else."""
        value = self.get(name)
        return value if isinstance(value, str) else None

    def inner(self, name: str) -> "Fields | None":
        """The object there; None for anything else."""
        value = self.get(name)
        return Fields(value) if is_object(value) else None


def whole(value: object) -> int | None:
    """`value` as a whole number of at most 64 bits, also when it is written as text; None for anything else."""
    if isinstance(value, str):
        found = _WHOLE.fullmatch(value)
        return int(found[1]) if found else None
    if isinstance(value, int) and not isinstance(value, bool) and -MOST <= value <= MOST:
        return value
    return None
