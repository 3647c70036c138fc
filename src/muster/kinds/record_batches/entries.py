"""What the entries of such a batch hold: one operation each, as JSON."""

from decimal import Decimal

import msgspec

from muster.domain.records.char_types import CHAR_TYPES, RELATIONSHIP
from muster.domain.records.operation import AnyOperation, Operation

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decoder: msgspec.json.Decoder[AnyOperation] = msgspec.json.Decoder(AnyOperation, float_hook=Decimal)


def written(operation: Operation) -> str:
    """The payload of an operation's entry."""
    return _encode(operation).decode()


def read(payload: str) -> AnyOperation:
    """The operation of an entry."""
    return _decoder.decode(payload)


def address(operation: Operation) -> str:
    """What the operation is about, as people write it: `catalog-item/100`; without a number where one is made."""
    path = "relationship" if operation.group == RELATIONSHIP else CHAR_TYPES[operation.group].path
    number: int = getattr(operation, "number", 0)
    return f"{path}/{number}" if number else path
