"""Our errors as problem details, RFC 9457: the error format of everything below `/api/v1`."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from uuid import UUID

from litestar import Response
from litestar.openapi.datastructures import ResponseSpec

from muster.domain import errors
from muster.surfaces.access import Call
from muster.surfaces.api.wire import Fault, Problem
from muster.surfaces.problems import code_of, headers_of, log_failure, sentence_of, status_of

MEDIA_TYPE = "application/problem+json"
MOST_FAULTS = 100
_LONGEST_PATH = 200


class Problems:
    """Answers every exception of this API."""

    def __init__(self, new_uuid: Callable[[], UUID]) -> None:
        self._new_uuid = new_uuid

    def __call__(self, call: Call, error: Exception) -> Response[object]:
        """The answer to `error`; an unexpected one is logged under the number that the client is given."""
        status, trace = status_of(error), str(self._new_uuid())
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log_failure(error, trace, call)
        problem = Problem(
            type="about:blank",
            title=HTTPStatus(status).phrase,
            status=status,
            detail=sentence_of(error, status),
            instance=f"urn:uuid:{trace}",
            code=code_of(error, status),
            faults=_faults(error),
        )
        return Response(problem, status_code=status, headers=headers_of(error, status), media_type=MEDIA_TYPE)


def _faults(error: Exception) -> list[Fault]:
    faults = error.faults if isinstance(error, errors.BadInput) else ()
    return [Fault(path=one.path[:_LONGEST_PATH], code=one.code, message=one.message) for one in faults[:MOST_FAULTS]]


_REFUSALS: Mapping[int, ResponseSpec] = MappingProxyType(
    {
        status: ResponseSpec(Problem, generate_examples=False, media_type=MEDIA_TYPE, description=description)
        for status, description in {
            400: "The request is malformed, or breaks rules: `faults` names them all",
            401: "No valid access token",
            403: "The service account may only read",
            404: "There is no such thing",
            408: "The body did not come in time",
            409: "It contradicts something that stands",
            413: "The body is too large",
            415: "The body is not JSON",
            429: "Too many calls; see Retry-After",
            503: "Try again; see Retry-After",
        }.items()
    }
)


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """The answers of an operation that may refuse with these statuses, besides those that any may give."""
    return {status: _REFUSALS[status] for status in sorted({401, 429, 503, *statuses})}
