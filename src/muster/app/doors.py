"""The doors of this server: one function each."""

from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
from litestar import Router

from muster.app.http import Door
from muster.app.wiring import Core
from muster.intake.allowance import Allowance
from muster.intake.usage import PerMinute
from muster.settle.receipts import ReceiptDesk
from muster.settle.reports import Reports
from muster.surfaces.access import Access
from muster.surfaces.api import routes as api_routes
from muster.surfaces.api import wire as api_wire
from muster.surfaces.api.problems import Problems as ApiProblems
from muster.surfaces.bodies import Limits
from muster.surfaces.customer_links.routes import CustomerLinks
from muster.surfaces.notifications import routes as notification_routes
from muster.surfaces.notifications.problems import Problems as NotificationProblems
from muster.surfaces.notifications.wire import paths as notification_paths
from muster.surfaces.opt_outs.routes import OptOuts
from muster.surfaces.record_batches import routes as record_routes
from muster.surfaces.record_batches.gate import Counts, Gate, Rules
from muster.surfaces.record_batches.problems import Problems as RecordProblems
from muster.surfaces.record_batches.wire import paths as record_paths
from muster.surfaces.workflow_batches import routes, wire
from muster.surfaces.workflow_batches.problems import Problems

_LINKS = "/l"
_OPT_OUTS = "/u"


def doors(core: Core) -> Sequence[Door]:
    """Every door, in the order they are listed in."""
    access = Access(core.keys, core.allowance)
    limits = Limits(
        body_bytes=core.settings.body_limit_bytes,
        # The silence between two pieces is watched elsewhere; this bounds a body that drips.
        body_seconds=3 * core.settings.client_timeout_seconds,
    )
    return [
        _workflow_batches(core, access, limits),
        _record_batches(core, limits),
        _notifications(core, limits),
        _own(core, access, limits),
        _customer_links(core),
        _opt_outs(core),
    ]


def _workflow_batches(core: Core, access: Access, limits: Limits) -> Door:
    problems = Problems(core.clock, uuid4)
    inside = routes.Door(
        submit=core.submit,
        control=core.control,
        batches=core.batches,
        entries=core.entries,
        templates=core.templates,
        workflows=core.workflows,
        workflow_control=core.workflow_control,
        access=access,
        limits=limits,
    )

    def routers() -> Sequence[Router]:
        return [routes.workflow_batches(inside, problems)]

    return Door(
        name="workflow-batches",
        title="Workflow batches",
        routers=routers,
        problems=dict.fromkeys(wire.PATHS, problems),
    )


def _notifications(core: Core, limits: Limits) -> Door:
    problems = NotificationProblems(uuid4)
    desk = ReceiptDesk(core.store, core.clock, core.meter, comparable=core.comparable)
    most = min(limits.body_bytes, notification_paths.MOST_BYTES)
    inside = notification_routes.Door(
        parties=core.mail.parties,
        shelves=core.mail.shelves,
        mailings=core.mail.mailings,
        categories=core.mail.categories,
        contacts=core.mail.contacts,
        subscribers=core.mail.subscribers,
        reports=Reports(core.store, desk, core.clock),
        files=core.files,
        access=Access(core.keys, core.allowance, parties=True),
        clock=core.clock,
        limits=msgspec.structs.replace(limits, body_bytes=most, patience_bytes=4 * most),
        link_key=core.link_key,
    )

    def routers() -> Sequence[Router]:
        return [notification_routes.notifications(inside, problems)]

    return Door(
        name="notifications",
        title="Notification batches",
        routers=routers,
        problems=dict.fromkeys(notification_paths.PREFIXES, problems),
    )


def _record_batches(core: Core, limits: Limits) -> Door:
    problems, rooms, settings = RecordProblems(uuid4), core.records, core.settings
    often = settings.records_requests_per_second
    counts = Counts(
        calls=Allowance(often, often, monotonic),
        usage=rooms.usage,
        logins=PerMinute(core.clock, settings.records_logins_per_minute),
    )
    rules = Rules(plain=settings.records_plain_sessions, skew=timedelta(seconds=settings.records_clock_skew_seconds))
    inside = record_routes.Door(
        gate=Gate(rooms.sessions, counts, core.clock, limits=limits, rules=rules),
        batches=rooms.batches,
        control=rooms.control,
        lookup=rooms.lookup,
        desk=rooms.desk,
        finder=rooms.finder,
        blueprints=rooms.blueprints,
        dates=rooms.dates,
        amortizing=rooms.amortizing,
        books=rooms.books,
        switching=rooms.switching,
        lists=rooms.lists,
        usage=rooms.usage,
        clock=core.clock,
        limits=limits,
        batch_size=settings.records_batch_size,
    )

    def routers() -> Sequence[Router]:
        return [record_routes.record_batches(inside, problems)]

    return Door(
        name="record-batches",
        title="Record batches",
        routers=routers,
        problems={record_paths.PREFIX: problems},
    )


def _own(core: Core, access: Access, limits: Limits) -> Door:
    problems = ApiProblems(uuid4)
    inside = api_routes.Door(endpoints=core.endpoints, suppressions=core.suppressions, access=access, limits=limits)

    def routers() -> Sequence[Router]:
        return [api_routes.own_api(inside, problems)]

    return Door(name="api", title="Muster's own API", routers=routers, problems={api_wire.PATH: problems})


def _customer_links(core: Core) -> Door:
    """The pages behind the links: where links begin, and below the usual path and the door's own, too."""
    settings = core.settings
    often = settings.link_misses_per_minute
    begin = urlsplit(settings.links_begin).path.rstrip("/")
    prefixes = list(dict.fromkeys((begin or _LINKS, _LINKS, wire.LINKS)))
    links = CustomerLinks(
        core.guide,
        prefixes=prefixes,
        misses=Allowance(often / 60, often, monotonic),
        document_url=settings.document_url,
        clock=core.clock,
    )

    def routers() -> Sequence[Router]:
        return [links.router()]

    return Door(
        name="customer-links",
        title="The customers' pages",
        routers=routers,
        problems=dict.fromkeys(prefixes, links.problems),
    )


def _opt_outs(core: Core) -> Door:
    """The page behind the links in e-mails: where those begin, and below the usual path."""
    often = core.settings.link_misses_per_minute
    begin = urlsplit(core.settings.opt_outs_begin).path
    prefixes = list(dict.fromkeys((begin, _OPT_OUTS)))
    page = OptOuts(core.mail.preferences, prefixes=prefixes, misses=Allowance(often / 60, often, monotonic))

    def routers() -> Sequence[Router]:
        return [page.router()]

    return Door(
        name="opt-outs",
        title="What e-mails people want",
        routers=routers,
        problems=dict.fromkeys(prefixes, page.problems),
    )
