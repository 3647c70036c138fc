"""From our errors to HTTP: one status for each class."""

import traceback
from collections.abc import Callable, Mapping
from http import HTTPStatus
from math import ceil
from types import MappingProxyType

import structlog
from litestar import Response
from litestar.exceptions import HTTPException

from muster.domain import errors
from muster.surfaces.access import Call

log = structlog.get_logger(__name__)

_IN_OUR_WORDS = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.UNSUPPORTED_MEDIA_TYPE})
"""The framework's errors that we raise ourselves, with a sentence for the caller."""

Handler = Callable[[Call, Exception], Response[object]]
"""Answers one exception in one door's words."""

STATUS: Mapping[type[errors.MusterError], HTTPStatus] = MappingProxyType(
    {
        errors.MusterError: HTTPStatus.INTERNAL_SERVER_ERROR,
        errors.BadInput: HTTPStatus.BAD_REQUEST,
        errors.MalformedBody: HTTPStatus.BAD_REQUEST,
        errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        errors.NotAuthenticated: HTTPStatus.UNAUTHORIZED,
        errors.NotAllowed: HTTPStatus.FORBIDDEN,
        errors.NotFound: HTTPStatus.NOT_FOUND,
        errors.Conflict: HTTPStatus.CONFLICT,
        errors.IdempotencyConflict: HTTPStatus.CONFLICT,
        errors.NameTaken: HTTPStatus.CONFLICT,
        errors.WrongState: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.TemplateNotActive: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
        errors.TooManyBatches: HTTPStatus.TOO_MANY_REQUESTS,
        errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
        errors.Busy: HTTPStatus.SERVICE_UNAVAILABLE,
        errors.LeaseLost: HTTPStatus.INTERNAL_SERVER_ERROR,
        errors.ChannelDown: HTTPStatus.SERVICE_UNAVAILABLE,
        errors.IllegalTransition: HTTPStatus.INTERNAL_SERVER_ERROR,
    }
)
"""Every class of `domain/errors.py`."""
_CODES: Mapping[int, str] = MappingProxyType(
    {
        HTTPStatus.BAD_REQUEST: errors.BadInput.code,
        HTTPStatus.UNAUTHORIZED: errors.NotAuthenticated.code,
        HTTPStatus.FORBIDDEN: errors.NotAllowed.code,
        HTTPStatus.NOT_FOUND: errors.NotFound.code,
        HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
        HTTPStatus.REQUEST_TIMEOUT: "request_timeout",
        HTTPStatus.CONFLICT: errors.Conflict.code,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: errors.TooLarge.code,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
        HTTPStatus.TOO_MANY_REQUESTS: errors.RateLimited.code,
        HTTPStatus.NOT_IMPLEMENTED: "not_implemented",
        HTTPStatus.SERVICE_UNAVAILABLE: errors.Unavailable.code,
    }
)
"""The codes of what no class of ours says."""


def status_of(error: Exception) -> int:
    """The HTTP status of any exception: 500 for what is neither ours nor the framework's."""
    if isinstance(error, errors.MusterError):
        return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR


def code_of(error: Exception, status: int) -> str:
    """The code of any exception that is answered with `status`: nothing of what went wrong inside."""
    if isinstance(error, errors.MusterError) and status != HTTPStatus.INTERNAL_SERVER_ERROR:
        return error.code
    return code_of_status(status)


def code_of_status(status: int) -> str:
    """The code of what is answered with `status` and says no more."""
    return _CODES.get(status, errors.MusterError.code)


def by_path(doors: Mapping[str, Handler], otherwise: Handler) -> Handler:
    """The handler for a whole app: what goes wrong before a route is found is told in the words of the path's door.

    `doors` maps the beginning of a path to its handler.
    """

    def handle(call: Call, error: Exception) -> Response[object]:
        path = call.scope["path"]
        mine = (handler for prefix, handler in doors.items() if path == prefix or path.startswith(f"{prefix}/"))
        return next(mine, otherwise)(call, error)

    return handle


def sentence_of(error: Exception, status: int) -> str:
    """What the caller is told: our own sentence, or the name of the status; nothing of what went wrong inside."""
    if isinstance(error, errors.MusterError) and status != HTTPStatus.INTERNAL_SERVER_ERROR:
        return error.message
    if isinstance(error, HTTPException) and status in _IN_OUR_WORDS:
        return error.detail
    return HTTPStatus(status).phrase


def headers_of(error: Exception, status: int) -> dict[str, str]:
    """The headers that go with an error in every door's answer."""
    if isinstance(error, errors.RateLimited):
        return {"Retry-After": str(max(1, ceil(error.retry_after)))}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": "1"}
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, HTTPException) and error.headers:
        # The framework spells it in small letters.
        allowed = next((value for name, value in error.headers.items() if name.lower() == "allow"), None)
        return {} if allowed is None else {"Allow": allowed}
    return {}


def log_failure(error: Exception, trace: str, call: Call) -> None:
    """Note an error of ours under the trace id that the client is given."""
    # Not the exception's text: a driver's message may quote what a customer sent.
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = [f"{frame.name}:{frame.lineno}" for frame in frames]
    log.error("request_failed", trace=trace, error=type(error).__name__, where=where, method=call.method)
