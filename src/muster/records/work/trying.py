"""Trying a transaction again that met another one: two that wait for each other, of which the store lets one go on."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from muster.domain.errors import Unavailable

_T = TypeVar("_T")
_TRIES = 4
_PAUSE = timedelta(milliseconds=25)


class Attempt:
    """How far one came."""

    applied = False
    """Everything was done; only the commit was left."""


async def persistently(once: Callable[[Attempt], Awaitable[_T]]) -> _T:
    """What comes of `once`, which is a whole transaction, and says in its attempt when it is done with all but the end.

    Raises Unavailable where the store is: either nothing was done, after some tries, or its answer was lost.
    """
    for number in range(1, _TRIES):
        attempt = Attempt()
        try:
            return await once(attempt)
        except Unavailable:
            if attempt.applied:
                # It may well have been kept: whoever asked must look.
                raise
            await asyncio.sleep(number * _PAUSE.total_seconds())
    return await once(Attempt())
