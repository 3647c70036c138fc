"""Bodies of this door: JSON under more names than other doors take, or none at all."""

import re

from litestar.exceptions import HTTPException

from muster.surfaces.access import Call
from muster.surfaces.bodies import Body, Limits, decoded, receive

_SOUND_TYPE = re.compile(
    r"(?:application/json|text/json|application/[\w.!#$&^-]+\+json)\s*(?:;\s*charset\s*=\s*\"?utf-?8\"?\s*)?;?",
    re.IGNORECASE,
)


async def read_json(call: Call, limits: Limits) -> Body:
    """The JSON object a request carries. Raises HTTPException 408 and 415, TooLarge, MalformedBody."""
    _check_type(call)
    return await decoded(await receive(call, limits))


async def read_optional(call: Call, limits: Limits) -> dict[str, object]:
    """The same for an action that needs no body: clients send none, and no Content-Type either."""
    raw = await receive(call, limits)
    if not raw.strip():
        return {}
    _check_type(call)
    return (await decoded(raw)).content


def _check_type(call: Call) -> None:
    if not _SOUND_TYPE.fullmatch(call.headers.get("content-type", "").strip()):
        raise HTTPException(status_code=415, detail="The Content-Type must be application/json, in UTF-8")
    if call.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(status_code=415, detail="The body must not be compressed")
