"""What OpenAPI cannot see by itself: the answers that handlers encode themselves."""

import msgspec
from litestar.openapi.datastructures import ResponseSpec

from muster.surfaces.documentation import taking
from muster.surfaces.notifications.problems import refusals

__all__ = ["answering", "refusals", "taking"]


def answering(status: int, shape: type[msgspec.Struct]) -> dict[int, ResponseSpec]:
    """The answer of an operation that went well."""
    return {status: ResponseSpec(shape, generate_examples=False, description="What was asked for")}
