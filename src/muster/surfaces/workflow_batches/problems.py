"""Our errors in the vendor's body."""

import traceback
from collections.abc import Callable, Mapping
from http import HTTPStatus
from math import ceil
from types import MappingProxyType
from uuid import UUID

import structlog
from litestar import Response
from litestar.exceptions import HTTPException

from muster.domain import errors
from muster.ports.clock import Clock
from muster.surfaces.access import Call
from muster.surfaces.problems import status_of
from muster.surfaces.workflow_batches.wire import FieldProblem, Problem

log = structlog.get_logger(__name__)

CODES: Mapping[type[errors.MusterError], str] = MappingProxyType(
    {
        errors.MalformedBody: "MALFORMED_JSON",
        errors.TooLarge: "PAYLOAD_TOO_LARGE",
        errors.BadInput: "VALIDATION_ERROR",
        errors.NotAuthenticated: "UNAUTHORIZED",
        errors.NotAllowed: "FORBIDDEN",
        errors.NotFound: "NOT_FOUND",
        errors.IdempotencyConflict: "IDEMPOTENCY_CONFLICT",
        errors.NameTaken: "DUPLICATE_NAME",
        errors.Conflict: "CONFLICT",
        errors.TemplateNotActive: "TEMPLATE_NOT_ACTIVE",
        errors.WrongState: "INVALID_STATE",
        errors.RateLimited: "RATE_LIMITED",
        errors.Unavailable: "SERVICE_UNAVAILABLE",
        errors.ChannelDown: "SERVICE_UNAVAILABLE",
        errors.MusterError: "INTERNAL_ERROR",
    }
)
_IN_OUR_WORDS = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.UNSUPPORTED_MEDIA_TYPE})
"""The framework's errors that we raise ourselves, with a sentence for the caller."""
_BY_STATUS: Mapping[int, str] = MappingProxyType(
    {
        400: "VALIDATION_ERROR",
        401: "UNAUTHORIZED",
        403: "FORBIDDEN",
        404: "NOT_FOUND",
        405: "METHOD_NOT_ALLOWED",
        408: "REQUEST_TIMEOUT",
        413: "PAYLOAD_TOO_LARGE",
        415: "UNSUPPORTED_MEDIA_TYPE",
        429: "RATE_LIMITED",
        503: "SERVICE_UNAVAILABLE",
    }
)


class Problems:
    """Answers every exception of this door with the vendor's error object."""

    def __init__(self, clock: Clock, new_uuid: Callable[[], UUID]) -> None:
        self._clock = clock
        self._new_uuid = new_uuid

    def __call__(self, call: Call, error: Exception) -> Response[object]:
        """The answer to `error`; an unexpected one is logged under the trace id that the client is given."""
        status, trace = status_of(error), str(self._new_uuid())
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _log(error, trace, call)
        problem = Problem(
            timestamp=self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            trace_id=trace,
            message=_message(error, status),
            error_code=_code(error, status),
            errors=_fields(error),
        )
        return Response(problem, status_code=status, headers=_headers(error, status), media_type="application/json")


def _log(error: Exception, trace: str, call: Call) -> None:
    # Not the exception's text: a driver's message may quote what a customer sent.
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = [f"{frame.name}:{frame.lineno}" for frame in frames]
    log.error("request_failed", trace=trace, error=type(error).__name__, where=where, method=call.method)


def _message(error: Exception, status: int) -> str:
    if isinstance(error, errors.MusterError) and status != HTTPStatus.INTERNAL_SERVER_ERROR:
        return error.message
    if isinstance(error, HTTPException) and status in _IN_OUR_WORDS:
        return error.detail
    return HTTPStatus(status).phrase


def _code(error: Exception, status: int) -> str:
    if isinstance(error, errors.MusterError):
        return next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
    return _BY_STATUS.get(status, "INTERNAL_ERROR")


def _fields(error: Exception) -> list[FieldProblem]:
    faults = error.faults if isinstance(error, errors.BadInput) else ()
    return [FieldProblem(path=fault.path, message=fault.message, error_code=fault.code) for fault in faults]


def _headers(error: Exception, status: int) -> dict[str, str]:
    if isinstance(error, errors.RateLimited):
        return {"Retry-After": str(max(1, ceil(error.retry_after)))}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": "1"}
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, HTTPException) and error.headers:
        # The framework spells it in small letters.
        allowed = [value for name, value in error.headers.items() if name.lower() == "allow"]
        return {"Allow": allowed[0]} if allowed else {}
    return {}
