"""Letters that are composed already: every window of a batch asks for the same one."""

import asyncio
from collections import OrderedDict

from muster.channels.smtp.compose import Composed, Stationery
from muster.domain.letter import Letter
from muster.ports.files import Files

_MOST_BYTES = 64 * 1024 * 1024
_INLINE_BYTES = 64 * 1024
"""Up to here a letter is composed at once; beyond, base64 takes long enough to be done beside the loop."""


class Letters:
    """Composes each letter once, files read included. Keeps about 64 MiB of them, the least recently used go first."""

    def __init__(self, files: Files, stationery: Stationery, *, most_bytes: int = _MOST_BYTES) -> None:
        self._files = files
        self._stationery = stationery
        self._most = most_bytes
        self._kept: OrderedDict[str, Composed] = OrderedDict()
        self._bytes = 0
        self._making: dict[str, asyncio.Lock] = {}

    async def of(self, letter: Letter) -> Composed:
        """The letter, composed. Raises NotFound and Unavailable, as its files are."""
        found = self._kept.get(letter.key)
        if found is not None:
            self._kept.move_to_end(letter.key)
            return found
        lock = self._making.setdefault(letter.key, asyncio.Lock())
        try:
            async with lock:
                found = self._kept.get(letter.key)
                return found if found is not None else self._keep(letter.key, await self._composed(letter))
        finally:
            if not lock.locked():
                self._making.pop(letter.key, None)

    async def _composed(self, letter: Letter) -> Composed:
        contents = [await self._files.get(enclosure.key) for enclosure in letter.enclosures]
        if sum(map(len, contents)) <= _INLINE_BYTES:
            return Composed(letter, contents, self._stationery)
        return await asyncio.to_thread(Composed, letter, contents, self._stationery)

    def _keep(self, key: str, composed: Composed) -> Composed:
        """Keep it; the newest stays even where it alone is too much."""
        self._kept[key] = composed
        self._bytes += composed.size_bytes
        while self._bytes > self._most and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.size_bytes
        return composed
