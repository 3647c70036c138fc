"""What a batch of notifications stores of each entry."""

import msgspec

from muster.domain.ids import ContactNumber


class Stored(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Whom a message is for."""

    contact: ContactNumber
    name: str = ""
    """The contact's when the batch was submitted; empty where there was none."""


_decoder = msgspec.json.Decoder(Stored)
_encoder = msgspec.json.Encoder()


def write(stored: Stored) -> str:
    """The entry's payload."""
    return _encoder.encode(stored).decode()


def read(payload: str) -> Stored:
    """What stands in an entry's payload. Raises msgspec.MsgspecError for what `write` did not write."""
    return _decoder.decode(payload)
