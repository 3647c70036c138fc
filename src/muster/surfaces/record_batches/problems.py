"""Our errors in the vendor's body: a message, and a code of ours."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from uuid import UUID

from litestar import Response
from litestar.openapi.datastructures import ResponseSpec

from muster.domain import errors
from muster.surfaces.access import Call
from muster.surfaces.problems import code_of, code_of_status, headers_of, log_failure, sentence_of, status_of
from muster.surfaces.record_batches.wire.problems import (
    ACCESS_DENIED,
    NOT_FOUND,
    REQUEST_ID,
    TOO_MANY_BATCHES,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    Problem,
    Refused,
)

MEDIA_TYPE = "application/json"
MOST_FAULTS = 100
"""Faults that one answer names."""
_LONGEST_PATH = 200
_BROKEN = HTTPStatus.INTERNAL_SERVER_ERROR
_CHALLENGE = "AWS4-HMAC-SHA256"
_IN_ONE_SENTENCE: Mapping[int, str] = MappingProxyType(
    {
        HTTPStatus.UNAUTHORIZED: UNAUTHORIZED,
        HTTPStatus.FORBIDDEN: ACCESS_DENIED,
        HTTPStatus.NOT_FOUND: NOT_FOUND,
    }
)
"""Statuses that this vendor has one sentence for, whatever it was."""


class Problems:
    """Answers every exception of this door with the vendor's error object."""

    def __init__(self, new_uuid: Callable[[], UUID]) -> None:
        self._new_uuid = new_uuid

    def __call__(self, call: Call, error: Exception) -> Response[object]:
        """The answer to `error`; an unexpected one is logged under the request id that the client is given."""
        status, request = _status(error), str(self._new_uuid())
        # What is refused with a 500 because this vendor does so is the client's fault, and nothing to look into.
        if status == _BROKEN and not isinstance(error, Refused):
            log_failure(error, request, call)
        headers = {**_headers(error, status), REQUEST_ID: request}
        if isinstance(error, Refused) and error.silent:
            return Response(b"", status_code=status, headers=headers, media_type=MEDIA_TYPE)
        problem = Problem(message=_message(error, status), code=_code(error, status))
        return Response(problem, status_code=status, headers=headers, media_type=MEDIA_TYPE)

    async def name(self, response: Response[object]) -> Response[object]:
        """`response` with a request id: what every handler's answer passes through."""
        response.headers[REQUEST_ID] = str(self._new_uuid())
        return response


def _status(error: Exception) -> int:
    """The status this vendor gives: it has no 422."""
    if isinstance(error, Refused):
        return error.status
    if isinstance(error, errors.WrongState):
        return HTTPStatus.CONFLICT
    return status_of(error)


def _message(error: Exception, status: int) -> str:
    if isinstance(error, Refused):
        return error.message
    if isinstance(error, errors.RateLimited):
        return TOO_MANY_BATCHES if isinstance(error, errors.TooManyBatches) else TOO_MANY_REQUESTS
    sentence = _IN_ONE_SENTENCE.get(status) or sentence_of(error, status)
    if not isinstance(error, errors.BadInput):
        # What the store says begins with a small letter, and no sentence of this vendor does.
        return sentence[:1].upper() + sentence[1:]
    # May begin with the name of a field, which has letters of its own.
    named = [f"{fault.path[:_LONGEST_PATH]}: {fault.message}" for fault in error.faults[:MOST_FAULTS]]
    return "\n".join([sentence, *named])


def _code(error: Exception, status: int) -> str:
    return code_of_status(status) if isinstance(error, Refused) else code_of(error, status)


def _headers(error: Exception, status: int) -> dict[str, str]:
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": _CHALLENGE}
    return headers_of(error, status)


_REFUSALS: Mapping[int, ResponseSpec] = MappingProxyType(
    {
        status: ResponseSpec(Problem, generate_examples=False, media_type=MEDIA_TYPE, description=description)
        for status, description in {
            400: "The request breaks rules: `message` says which",
            401: "No valid credentials, or a wrong signature",
            403: "No known company key, or the caller may not do this",
            404: "There is no such thing",
            408: "The body did not come in time",
            409: "It contradicts something that stands",
            413: "The body is too large",
            415: "The body is compressed",
            429: "Too many calls or batches; see Retry-After",
            501: "This server cannot do it",
            503: "Try again; see Retry-After",
        }.items()
    }
)


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """The answers of an operation that may refuse with these statuses, besides those that any may give."""
    return {status: _REFUSALS[status] for status in sorted({401, 403, 429, 503, *statuses})}
