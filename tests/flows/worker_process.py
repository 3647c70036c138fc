"""A worker in a process of its own: `python -m tests.flows.worker_process URL KEY LOG`.

It works on the batches of the PostgreSQL database at URL until it is killed. KEY opens the store's secrets. Each parcel
that leaves is a line in the file LOG, written before the parcel is answered.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from muster.app.clock import SystemClock
from muster.domain.outcome import Carried, Outcome
from muster.domain.parcel import Medium, Parcel
from muster.engine.dispatcher import Links, Rooms
from muster.engine.throttle import Pace
from muster.engine.worker import Worker
from muster.queues.postgres import PostgresQueue
from muster.stores.database import open_store
from muster.stores.vault import Vault
from tests.fakes.plain_kind import PlainKind
from tests.fakes.scripted_channel import Handle, OneChannel, ScriptedChannel
from tests.fakes.tally import Tally

AT_ONCE = 2
SHORT_LEASE = Pace(slice=timedelta(seconds=1), carry=timedelta(seconds=1), lease=timedelta(seconds=2))
WINDOW_TAKES_S = 0.1


class LoggedChannel(ScriptedChannel):
    """Confirms everything after a moment, and keeps its log in a file."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def carry(self, parcels: Sequence[Parcel], *, deadline: datetime) -> Sequence[Outcome]:
        """One write for the window: what is killed later has left."""
        del deadline
        os.write(self._log, "".join(f"{parcel.key}\n" for parcel in parcels).encode())
        await asyncio.sleep(WINDOW_TAKES_S)
        return [Carried((parcel.key,), confirmed=True) for parcel in parcels]


async def work(url: str, key: str, log: Path) -> None:
    """Work until killed."""
    rooms = Rooms(
        store=open_store(url, vault=Vault([key])),
        queue=PostgresQueue(url, heartbeat_timeout=timedelta(seconds=2)),
        channels=OneChannel(Handle(LoggedChannel(log))),
        kinds={"plain": PlainKind()},
        clock=SystemClock(),
        meter=Tally(),
        links=Links(base="", key=b""),
        media={"sandbox": frozenset({Medium.TEXT})},
    )
    await Worker(rooms, name=f"worker-{os.getpid()}", at_once=AT_ONCE, pace=SHORT_LEASE).run()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
