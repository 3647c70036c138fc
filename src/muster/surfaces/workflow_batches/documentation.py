"""What OpenAPI cannot see by itself: the error object, beside the bodies that handlers read as raw bytes."""

from collections.abc import Mapping
from types import MappingProxyType

from litestar.openapi.datastructures import ResponseSpec

from muster.surfaces.documentation import taking
from muster.surfaces.workflow_batches.wire import Problem

__all__ = ["REFUSALS", "refusals", "taking"]

REFUSALS: Mapping[int, ResponseSpec] = MappingProxyType(
    {
        status: ResponseSpec(Problem, generate_examples=False, description=description)
        for status, description in {
            400: "The request is malformed, or breaks rules: `errors` names them all",
            401: "No valid access token",
            403: "The service account may only read",
            404: "There is no such thing",
            408: "The body did not come in time",
            409: "It contradicts an earlier request",
            413: "The body is too large",
            415: "The body is not JSON",
            422: "Not possible in the present state",
            429: "Too many calls; see Retry-After",
            503: "Try again; see Retry-After",
        }.items()
    }
)
"""The answers with an error object."""


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """The answers of an operation that may refuse with these statuses, besides those that any may give."""
    return {status: REFUSALS[status] for status in sorted({401, 429, 503, *statuses})}
