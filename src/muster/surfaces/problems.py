"""From our errors to HTTP: one status for each class."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType

from litestar import Response
from litestar.exceptions import HTTPException

from muster.domain import errors
from muster.surfaces.access import Call

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
        errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
        errors.Busy: HTTPStatus.SERVICE_UNAVAILABLE,
        errors.LeaseLost: HTTPStatus.INTERNAL_SERVER_ERROR,
        errors.ChannelDown: HTTPStatus.SERVICE_UNAVAILABLE,
        errors.IllegalTransition: HTTPStatus.INTERNAL_SERVER_ERROR,
    }
)
"""Every class of `domain/errors.py`."""


def status_of(error: Exception) -> int:
    """The HTTP status of any exception: 500 for what is neither ours nor the framework's."""
    if isinstance(error, errors.MusterError):
        return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR


def by_path(doors: Mapping[str, Handler], otherwise: Handler) -> Handler:
    """The handler for a whole app: what goes wrong before a route is found is told in the words of the path's door.

    `doors` maps the beginning of a path to its handler.
    """

    def handle(call: Call, error: Exception) -> Response[object]:
        path = call.scope["path"]
        mine = (handler for prefix, handler in doors.items() if path == prefix or path.startswith(f"{prefix}/"))
        return next(mine, otherwise)(call, error)

    return handle
