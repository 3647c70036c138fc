"""The loop that takes chunks from the queue."""

from muster.engine.dispatcher import Dispatcher, Rooms
from muster.engine.lanes import Lanes, lanes_of
from muster.engine.throttle import Pace


class Worker:
    """One worker of one process: up to `at_once` chunks at a time, a quarter of them of one tenant."""

    def __init__(self, rooms: Rooms, *, name: str, at_once: int, pace: Pace | None = None) -> None:
        """`name` is unique among all running workers; it is written on the leases it takes."""
        self._queue = rooms.queue
        self._at_once = at_once
        self._stopping = False
        dispatcher = Dispatcher(rooms, worker=name, pace=pace or Pace(), stopping=self._is_stopping)
        self._lanes = Lanes(dispatcher.run, each=lanes_of(at_once))

    async def run(self) -> None:
        """Work until `stop`; returns when every chunk at hand was settled or handed back."""
        await self._queue.run(self._lanes.take, at_once=self._at_once)

    def stop(self) -> None:
        """Take no new chunk, hand back those at hand after their window."""
        self._stopping = True
        self._queue.stop()

    def _is_stopping(self) -> bool:
        return self._stopping
