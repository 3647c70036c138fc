"""The error object."""

import msgspec


class Problem(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What went wrong, after RFC 9457."""

    type: str
    """The section of RFC 9110 that the status stands in."""
    title: str
    status: int
    detail: str
    trace_id: str
    """As in a W3C traceparent."""
    errors: dict[str, list[str]] = {}
    """Sentences by the path in the request that they are about."""
    max_export_keys: int | None = None
    """How many rows one stream may have, where more were asked for."""
