"""Keeping files: what is too large for a row."""

from typing import Protocol


class Files(Protocol):
    """Files by key: letters, digits, `-`, `_`, `.` and `/`, never beginning with `/` or holding `..`."""

    async def put(self, key: str, content: bytes) -> None:
        """Keep it; durable (survives a power cut) when this returns. A key that is there is written over.

        Raises Unavailable.
        """
        ...

    async def get(self, key: str) -> bytes:
        """The whole content. Raises NotFound, Unavailable."""
        ...

    async def remove(self, keys: list[str]) -> None:
        """Forget them; those that are not there are left alone. Raises Unavailable."""
        ...
