"""Answers of this door: JSON with exact numbers."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from litestar import Response

from muster.domain.records.operation import Denial, Result
from muster.surfaces.record_batches.translate.results import refusal
from muster.surfaces.record_batches.wire.problems import Refused

JSON = "application/json"
_encode = msgspec.json.Encoder(decimal_format="number").encode


def answer(content: object, status: int = 200) -> Response[bytes]:
    """`content` as JSON."""
    return Response(_encode(content), status_code=status, media_type=JSON)


_Texts = Mapping[Denial, tuple[int, str]]


def check(result: Result, texts: _Texts) -> None:
    """Nothing, where the operation was done. Raises Refused otherwise, in the words of `texts` if it has any for it."""
    usual = refusal(result)
    if usual is None or result.denial is None:
        return
    code, text = texts.get(result.denial, usual)
    raise Refused(HTTPStatus(code), text)
