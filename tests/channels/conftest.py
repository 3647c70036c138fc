"""Channels are tested on the event loop that the server runs on."""

import asyncio
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """That of uvloop: its transports and timers differ from the standard library's in small ways."""
    return {"uvloop": uvloop.new_event_loop}
