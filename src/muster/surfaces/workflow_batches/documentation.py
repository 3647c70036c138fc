"""What OpenAPI cannot see: the bodies that handlers read as raw bytes, and the error object."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Operation

from muster.surfaces.bodies import is_array, is_object
from muster.surfaces.workflow_batches.wire import Problem

_REFERENCE = "#/$defs/"


def taking(shape: type[msgspec.Struct]) -> type[Operation]:
    """An operation whose request body is a JSON object of this shape."""
    whole = msgspec.json.schema(shape)
    schema = _inline(whole, whole["$defs"])
    body = {"required": True, "content": {"application/json": {"schema": schema}}}

    class Taking(Operation):
        def to_schema(self) -> dict[str, object]:
            return {**super().to_schema(), "requestBody": body}

    return Taking


def _inline(schema: object, definitions: Mapping[str, object]) -> object:
    """`schema` with every reference replaced by what it refers to, so that it stands alone."""
    if is_array(schema):
        return [_inline(one, definitions) for one in schema]
    if not is_object(schema):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _inline(definitions[reference.removeprefix(_REFERENCE)], definitions)
    return {key: _inline(value, definitions) for key, value in schema.items() if key != "$defs"}


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
