"""What OpenAPI cannot see by itself: bodies that handlers read as raw bytes."""

from collections.abc import Mapping

import msgspec
from litestar.openapi.spec import Operation

from muster.surfaces.bodies import is_array, is_object

_REFERENCE = "#/$defs/"


def taking(shape: type[msgspec.Struct], *, required: bool = True) -> type[Operation]:
    """An operation whose request body is a JSON object of this shape; none may come where it is not `required`."""
    whole = msgspec.json.schema(shape)
    schema = _inline(whole, whole["$defs"])
    body = {"required": required, "content": {"application/json": {"schema": schema}}}

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
