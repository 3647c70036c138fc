"""What a form may send, and reading it."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from litestar.exceptions import HTTPException

from muster.domain.errors import MalformedBody
from muster.surfaces.access import Call
from muster.surfaces.bodies import Limits, receive

LIMITS = Limits(body_bytes=32 << 10, body_seconds=30)
MOST_FIELDS = 100
_SOUND_TYPE = re.compile(r"application/x-www-form-urlencoded\s*(?:;\s*charset\s*=\s*\"?utf-?8\"?\s*)?;?", re.IGNORECASE)


async def read_fields(call: Call, *, most: int = MOST_FIELDS) -> Mapping[str, str]:
    """The fields of a form, at most so many; of one that comes twice the last.

    Raises HTTPException 408 and 415, TooLarge, MalformedBody.
    """
    sound = _SOUND_TYPE.fullmatch(call.headers.get("content-type", "").strip())
    if not sound or call.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(status_code=415, detail="A form must come as application/x-www-form-urlencoded, in UTF-8")
    return decode(await receive(call, LIMITS), most=most)


def decode(raw: bytes, *, most: int = MOST_FIELDS) -> Mapping[str, str]:
    """The fields in a body. Raises MalformedBody."""
    try:
        fields = dict(parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=most, errors="strict"))
    except ValueError:
        # Not its text: it may quote what a customer typed.
        raise MalformedBody("The form cannot be read") from None
    if any("\x00" in text for pair in fields.items() for text in pair):
        raise MalformedBody("The form holds the character U+0000")
    return fields
