"""One process: what it serves and what it works on, put together and run."""

import os
import random
import secrets
import socket
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit
from uuid import uuid4

import structlog

from muster import __version__
from muster.app.doors import doors
from muster.app.http import Vitals, application
from muster.app.listener import Listener
from muster.app.settings import Settings
from muster.app.sole import sole_worker
from muster.app.wiring import Core, bring_up_to_date, database_file
from muster.app.worker import Chore, ChoreLoop, Process, Service, UntilStopped
from muster.channels.smtp import verp
from muster.channels.smtp.inbound import InboundMail, Listening, Protocols
from muster.domain.errors import Unavailable
from muster.engine.dispatcher import Links, Rooms
from muster.engine.throttle import Pace
from muster.engine.worker import Worker
from muster.events.relay import Relay
from muster.events.schedule import Schedule
from muster.settle.courses import Courses
from muster.settle.receipts import ReceiptDesk
from muster.upkeep.deadlines import Deadlines
from muster.upkeep.due import Due
from muster.upkeep.matching import Matching, Overdue
from muster.upkeep.notices import Notices
from muster.upkeep.payments import PaymentsChore
from muster.upkeep.rescue import Rescue
from muster.upkeep.retention import Retention

log = structlog.stdlib.get_logger(__name__)

_FIGURES_S = 5.0
_RETENTION_S = 60.0
_OVERDUE_S = 30.0
_TEND_S = 5.0


class Node:
    """One process of an installation: `http` answers requests, `work` dispatches and does the upkeep."""

    def __init__(self, core: Core, *, http: bool, work: bool) -> None:
        self._core = core
        self._desk = ReceiptDesk(core.store, core.clock, core.meter, comparable=core.comparable)
        self._channels = core.opener(self._desk)
        self._rescue = Rescue(core.store, core.queue, core.clock)
        self._listener = self._listen() if http else None
        self._mail = self._mailroom() if http and core.settings.mail_listen else None
        self._process = Process(self._services(work=work), drain=core.settings.drain_seconds)
        core.meter.level("build_info", 1, version=__version__)

    async def run(self) -> bool:
        """Run until told to stop; True when everything ended by itself within the time for it."""
        settings = self._core.settings
        if settings.embedded and not settings.workers:
            log.warning("nobody_works", hint="no other process can work on an embedded store")
        if settings.workers:
            await self._channels.tend()
            await self._rescue.refill(alone=settings.embedded)
        log.info(
            "started",
            version=__version__,
            store="sqlite" if settings.embedded else "postgresql",
            workers=settings.workers,
            bind_address=f"{settings.host}:{self._listener.port}" if self._listener else None,
        )
        try:
            whole = await self._process.run()
        finally:
            await self._channels.close()
        log.info("stopped", whole=whole)
        return whole

    def stop(self) -> None:
        """Drain, as a signal to the process would."""
        self._process.stop()

    def _services(self, *, work: bool) -> list[tuple[str, Service]]:
        figures = Chore("figures", self._measure, _FIGURES_S)
        services: list[tuple[str, Service]] = [(figures.name, ChoreLoop(figures, self._core.meter))]
        if self._listener is not None:
            services.append(("http", self._listener))
            services += [("mail", one) for one in [self._mail] if one is not None]
        if work:
            services.append(("worker", self._worker()))
            services.append(("relay", self._relay()))
            services.extend((chore.name, ChoreLoop(chore, self._core.meter)) for chore in self._chores())
        return services

    def _worker(self) -> Worker:
        core, settings = self._core, self._core.settings
        rooms = Rooms(
            store=core.store,
            queue=core.queue,
            channels=self._channels,
            kinds=core.kinds,
            clock=core.clock,
            meter=core.meter,
            links=Links(base=settings.links_begin, key=core.link_key, opt_out_base=settings.opt_outs_begin),
            media={name: kind.media for name, kind in core.channel_kinds.items()},
            terms=core.terms,
            applier=core.records.applier,
        )
        pace = Pace(
            slice=timedelta(seconds=settings.slice_seconds),
            carry=timedelta(seconds=settings.carry_seconds),
            lease=timedelta(seconds=settings.lease_seconds),
            rest=timedelta(seconds=settings.rest_seconds),
        )
        return Worker(rooms, name=worker_name(), at_once=settings.workers, pace=pace)

    def _relay(self) -> UntilStopped:
        core, settings = self._core, self._core.settings
        schedule = Schedule(
            steps=tuple(timedelta(seconds=wait) for wait in settings.webhook_retry_seconds),
            patience=timedelta(seconds=settings.webhook_disable_seconds),
        )
        relay = Relay(
            core.store,
            core.push,
            core.clock,
            meter=core.meter,
            jitter=random.SystemRandom().random,
            schedule=schedule,
            styles=core.styles,
        )
        return UntilStopped(relay.run)

    def _chores(self) -> list[Chore]:
        core, settings = self._core, self._core.settings
        keep, wait = timedelta(seconds=settings.receipt_keep_seconds), timedelta(seconds=settings.receipt_wait_seconds)
        often = settings.upkeep_seconds
        archive = timedelta(days=settings.archive_days) if settings.archive_days else None
        results = timedelta(days=settings.records_results_days)
        retention = Retention(core.store, core.clock, archive=archive, results=results)
        return [
            Chore("due", Due(core.store, core.queue, core.clock).run_once, often),
            Chore("rescue", self._rescue.run_once, often),
            Chore("matching", Matching(core.store, self._desk, core.clock, keep=keep).run_once, often),
            Chore("overdue", Overdue(core.store, core.clock, wait=wait).run_once, _OVERDUE_S),
            *self._workflow_chores(),
            Chore("retention", retention.run_once, _RETENTION_S),
            Chore("channels", self._channels.tend, _TEND_S),
        ]

    def _workflow_chores(self) -> list[Chore]:
        core, courses = self._core, Courses()
        often = core.settings.upkeep_seconds
        deadlines = Deadlines(core.store, core.clock, core.terms, courses=courses)
        notices = Notices(core.store, core.clock, core.submit.keep, new_uuid=uuid4)
        return [
            Chore("deadlines", deadlines.run_once, often),
            Chore("notices", notices.run_once, often),
            Chore("payments", PaymentsChore(core.store, core.payments, core.clock).run_once, often),
        ]

    def _listen(self) -> Listener:
        core = self._core
        app = application(
            doors(core),
            Vitals(check=self._check, figures=core.meter.text),
            meter=core.meter,
            body_limit=core.settings.body_limit_bytes,
            client_timeout=core.settings.client_timeout_seconds,
        )
        return Listener(app, core.settings)

    def _mailroom(self) -> InboundMail:
        """Where bounces and complaints come in."""
        core, at = self._core, urlsplit(self._core.settings.mail_listen)
        listening = Listening(
            host=at.hostname or "",
            port=at.port or 0,
            protocol=Protocols(at.scheme),
            name=socket.getfqdn(),
            size_bytes=core.settings.mail_listen_limit_bytes,
        )
        read = partial(verp.read, core.return_key)
        return InboundMail(listening, read=read, sink_for=self._desk.sink, clock=core.clock, meter=core.meter)

    async def _check(self) -> None:
        if self._process.draining:
            raise Unavailable("the process is being stopped")
        await self._core.store.check()

    async def _measure(self) -> None:
        """Take the figures that are levels."""
        meter = self._core.meter
        meter.level("queue_depth", await self._core.queue.waiting())
        meter.level("open_connections", self._listener.connections if self._listener else 0)
        for kind, (opened, fit) in self._channels.health().items():
            meter.level("channels_open", opened, kind=kind)
            meter.level("channels_fit", fit, kind=kind)


async def run_node(settings: Settings, *, http: bool, work: bool) -> bool:
    """Bring the store up to date where allowed, and run one process until it is told to stop.

    Raises BadInput (keys), Unavailable (the store, the port); True when it ended in good order.
    """
    if settings.migrate_on_start:
        await bring_up_to_date(settings)
    works = work and settings.workers > 0
    with sole_worker(database_file(settings)) if works and settings.embedded else nullcontext():
        core = Core(settings)
        try:
            await core.store.check()
            return await Node(core, http=http, work=works).run()
        finally:
            await core.close()


def worker_name() -> str:
    """A name for this process's leases that no other running worker has."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
