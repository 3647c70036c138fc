"""Our errors in the vendor's body."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from uuid import UUID

from litestar import Response

from muster.domain import errors
from muster.ports.clock import Clock
from muster.surfaces.access import Call
from muster.surfaces.problems import headers_of, log_failure, sentence_of, status_of
from muster.surfaces.workflow_batches.wire import FieldProblem, Problem

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
            log_failure(error, trace, call)
        problem = Problem(
            timestamp=self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            trace_id=trace,
            message=sentence_of(error, status),
            error_code=_code(error, status),
            errors=_fields(error),
        )
        return Response(problem, status_code=status, headers=headers_of(error, status), media_type="application/json")


def _code(error: Exception, status: int) -> str:
    if isinstance(error, errors.MusterError):
        return next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
    return _BY_STATUS.get(status, "INTERNAL_ERROR")


def _fields(error: Exception) -> list[FieldProblem]:
    faults = error.faults if isinstance(error, errors.BadInput) else ()
    return [FieldProblem(path=fault.path, message=fault.message, error_code=fault.code) for fault in faults]
