"""Our errors in the vendor's body: problem details with a map of errors."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from uuid import UUID

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec

from muster.domain import errors
from muster.surfaces.access import Call
from muster.surfaces.notifications.wire.problems import Problem
from muster.surfaces.problems import headers_of, log_failure, sentence_of, status_of

MEDIA_TYPE = "application/problem+json"
MOST_EXPORTED = 500_000
"""Rows that one stream may have."""
MOST_ERRORS = 10_000
"""Paths that one answer names."""
_LONGEST_PATH = 200
_SEVERAL = "One or more validation errors occurred."
_RFC_9110 = "https://tools.ietf.org/html/rfc9110#section-"
_TYPES: Mapping[int, str] = MappingProxyType(
    {
        400: f"{_RFC_9110}15.5.1",
        401: f"{_RFC_9110}15.5.2",
        403: f"{_RFC_9110}15.5.4",
        404: f"{_RFC_9110}15.5.5",
        405: f"{_RFC_9110}15.5.6",
        406: f"{_RFC_9110}15.5.7",
        408: f"{_RFC_9110}15.5.9",
        409: f"{_RFC_9110}15.5.10",
        413: f"{_RFC_9110}15.5.14",
        415: f"{_RFC_9110}15.5.16",
        429: "https://tools.ietf.org/html/rfc6585#section-4",
        500: f"{_RFC_9110}15.6.1",
        501: f"{_RFC_9110}15.6.2",
        503: f"{_RFC_9110}15.6.4",
        504: f"{_RFC_9110}15.6.5",
    }
)
_IN_OUR_WORDS = frozenset({HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.NOT_IMPLEMENTED})
"""What only this door raises as an HTTPException, with a sentence for the caller."""
_OF_THE_REQUEST: tuple[type[errors.MusterError], ...] = (errors.WrongState, errors.TooLarge)
"""What this vendor answers 400, other than the other doors."""


class ExportTooLarge(errors.TooLarge):
    """The stream would have more rows than the limit."""

    code = "export_too_large"


class Problems:
    """Answers every exception of this door with the vendor's error object."""

    def __init__(self, new_uuid: Callable[[], UUID]) -> None:
        self._new_uuid = new_uuid

    def __call__(self, call: Call, error: Exception) -> Response[object]:
        """The answer to `error`; an unexpected one is logged under the trace id that the client is given."""
        status, trace = _status(error), self._trace()
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log_failure(error, trace, call)
        named = _named(error)
        problem = Problem(
            type=_TYPES.get(status, "about:blank"),
            title=HTTPStatus(status).phrase,
            status=status,
            detail=_detail(error, status),
            trace_id=trace,
            errors=named,
            max_export_keys=MOST_EXPORTED if isinstance(error, ExportTooLarge) else None,
        )
        return Response(problem, status_code=status, headers=headers_of(error, status), media_type=MEDIA_TYPE)

    def _trace(self) -> str:
        return f"00-{self._new_uuid().hex}-{self._new_uuid().hex[:16]}-00"


def _status(error: Exception) -> int:
    """The status this vendor gives: 400 for whatever is wrong with a request that others have finer words for."""
    if isinstance(error, _OF_THE_REQUEST) and not isinstance(error, ExportTooLarge):
        return HTTPStatus.BAD_REQUEST
    return status_of(error)


def _detail(error: Exception, status: int) -> str:
    if isinstance(error, HTTPException) and status in _IN_OUR_WORDS:
        return error.detail
    return sentence_of(error, status) or _SEVERAL


def _named(error: Exception) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for fault in error.faults if isinstance(error, errors.BadInput) else ():
        path = fault.path[:_LONGEST_PATH]
        if path in named or len(named) < MOST_ERRORS:
            named.setdefault(path, []).append(fault.message)
    return named


_REFUSALS: Mapping[int, ResponseSpec] = MappingProxyType(
    {
        status: ResponseSpec(Problem, generate_examples=False, media_type=MEDIA_TYPE, description=description)
        for status, description in {
            400: "The request breaks rules: `errors` names them all",
            401: "No valid token",
            403: "The token's account may not do this",
            404: "There is no such thing",
            406: "The list cannot be streamed in this format",
            408: "The body did not come in time",
            409: "It contradicts something that stands",
            413: "The stream would have too many rows",
            415: "The body is of another media type",
            429: "Too many calls; see Retry-After",
            501: "This server does not offer it",
            503: "Try again; see Retry-After",
        }.items()
    }
)


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """The answers of an operation that may refuse with these statuses, besides those that any may give."""
    return {status: _REFUSALS[status] for status in sorted({401, 403, 429, 503, *statuses})}
