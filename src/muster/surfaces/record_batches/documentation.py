"""What OpenAPI cannot see by itself: the bodies that handlers read, and the answers that they encode themselves."""

from litestar.openapi.datastructures import ResponseSpec

from muster.surfaces.documentation import taking
from muster.surfaces.record_batches.problems import refusals

__all__ = ["BODY", "answering", "refusals", "taking"]

BODY = (400, 408, 413, 415)
"""What an operation that takes a body may refuse with."""


def answering(shape: type, description: str = "What was asked for", *, status: int = 200) -> dict[int, ResponseSpec]:
    """The answer of an operation that went well."""
    return {status: ResponseSpec(shape, generate_examples=False, description=description)}
