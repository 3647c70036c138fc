"""Files in an object store."""

from collections.abc import Generator
from contextlib import contextmanager

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from muster.domain.errors import NotFound, Unavailable
from muster.files.keys import checked


class ObjectFiles:
    """See ports.files. A store that answers has made durable what it got. Keys that are none raise ValueError."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, key: str, content: bytes) -> None:
        """Keep it, or write over what is there."""
        name = checked(key)
        with in_our_words():
            await obstore.put_async(self._store, name, content)

    async def get(self, key: str) -> bytes:
        """The whole content."""
        name = checked(key)
        with in_our_words():
            found = await obstore.get_async(self._store, name)
            return bytes(await found.bytes_async())

    async def remove(self, keys: list[str]) -> None:
        """Forget them."""
        # One by one: a store that is asked for several at once ends at the first that is missing.
        for name in [checked(key) for key in keys]:
            try:
                with in_our_words():
                    await obstore.delete_async(self._store, name)
            except NotFound:
                continue


@contextmanager
def in_our_words() -> Generator[None]:
    """Raise NotFound and Unavailable for what obstore and the system raise. Without their text: it may hold secrets."""
    try:
        yield
    except FileNotFoundError:
        raise NotFound("There is no such file") from None
    except (BaseError, OSError) as error:
        raise Unavailable(f"The file store does not work at the moment ({type(error).__name__})") from error
