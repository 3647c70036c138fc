"""The results of such a batch as JSON, as they are kept until they are asked for."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from muster.domain.records.operation import Result

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(tuple[Result, ...], float_hook=Decimal).decode

NO_RESULTS = "[]"


def written(results: Sequence[Result]) -> str:
    """`results`, to be kept."""
    return _encode(results).decode()


def read(kept: str) -> Sequence[Result]:
    """What was kept."""
    return _decode(kept)
