"""Answers of this door: JSON with exact numbers."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from litestar import Response

from muster.domain.records.operation import Denial, Result
from muster.surfaces.record_batches.translate.results import refusal
from muster.surfaces.record_batches.wire.problems import Refused

JSON, CSV = "application/json", "text/csv"
_encode = msgspec.json.Encoder(decimal_format="number").encode


def answer(content: object, status: int = 200) -> Response[bytes]:
    """`content` as JSON."""
    return Response(_encode(content), status_code=status, media_type=JSON)


def csv_file(text: str, name: str) -> Response[bytes]:
    """CSV to be saved under `name`, and not to be looked at in a browser."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(text.encode(errors="replace"), media_type=CSV, headers=headers)


_Texts = Mapping[Denial, tuple[int, str]]


def check(result: Result, texts: _Texts) -> None:
    """Nothing, where the operation was done. Raises Refused otherwise, in the words of `texts` if it has any for it."""
    usual = refusal(result)
    if usual is None or result.denial is None:
        return
    code, text = texts.get(result.denial, usual)
    raise Refused(HTTPStatus(code), text)
