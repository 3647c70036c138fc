"""Setting up what a file of records says: all of it together, or nothing."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final
from uuid import NAMESPACE_OID, uuid5

import msgspec
import structlog

from muster.domain.errors import Conflict
from muster.domain.fault import Fault
from muster.domain.ids import PrincipalId, TenantId
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import CHAR_TYPES, RELATIONSHIP, RecordRef
from muster.domain.records.search import GoneSearch
from muster.domain.tenant import Role
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction
from muster.records.amortization.posting import BOOKS
from muster.records.books.rules import overlapping
from muster.records.configuring.blueprint import Changes, compare, keeping_values, replace
from muster.records.entities.making import TRACE
from muster.records.entities.relationships import LINK, gather_for_linking
from muster.records.seeding.books import shared
from muster.records.seeding.fields import refusal
from muster.records.seeding.shape import Seeds
from muster.records.seeding.sowing import RULE, SOURCE, Graves, Planted, Sower, Tally
from muster.records.work.news import finish
from muster.records.work.roots import gather_roots
from muster.records.work.scene import Actor, Scene
from muster.records.work.workspace import Workspace

log = structlog.get_logger()

NOBODY: Final = 0
"""The user that the records of a file are made by."""
_EVER: Final = 2**62
"""Later than every moment, in microseconds."""


class _Rehearsed(Exception):
    """Everything could be done; now nothing of it is kept."""


class Planter:
    """Sets up files of records."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def plant(
        self, tenant: TenantId, seeds: Seeds, *, by: PrincipalId | None = None, rehearse: bool = False
    ) -> Planted:
        """Bring the file's blueprint into force, and make what is not there yet under its number.

        What is there already stays as it is, and what was deleted stays deleted. `rehearse`: see whether it can be
        done, and keep nothing. Raises BadInput that names everything that cannot be made, with its place in the file;
        Conflict where somebody else changes the configuration at the same moment.
        """
        tally = Tally()
        with suppress(_Rehearsed):
            async with self._store.begin() as tx:
                await self._plant(tx, tenant, seeds, tally=tally)
                if rehearse:
                    raise _Rehearsed
                if made := tally.planted.made:
                    detail = ", ".join(f"{count} {sort}" for sort, count in made.items())
                    now = self._clock.now()
                    await tx.outbox.audit(tenant, by, "records:seed", subject=seeds.title, detail=detail, at=now)
        log.info("records_seeded", tenant=tenant, made=sum(tally.planted.made.values()), rehearsed=rehearse)
        return tally.planted

    async def _plant(self, tx: Transaction, tenant: TenantId, seeds: Seeds, *, tally: Tally) -> None:
        # First of all, as everybody who sets up rates and periods: of two who load files, one waits for the other.
        await tx.records.heads(tenant, [BOOKS])
        blueprint = await _configure(tx, tenant, seeds.blueprint, tally=tally)
        faults = await _keep_books(tx, tenant, seeds, tally=tally)
        actor = Actor(number=NOBODY, role=Role.OWNER)
        workspace = Workspace(tx, Scene(tenant=tenant, actor=actor, blueprint=blueprint, at=self._clock.now()))
        await _gather(tx, workspace, seeds)
        sower = Sower(workspace, tally, await _graves(tx, workspace, seeds))
        sower.sow_records(seeds.records)
        sower.sow_links(seeds.links)
        sower.sow_rules(seeds.rules)
        if faults := [*faults, *sower.faults]:
            raise refusal("The file cannot be loaded, and nothing of it was", faults)
        await finish(tx, workspace)


async def _configure(tx: Transaction, tenant: TenantId, wanted: Blueprint, *, tally: Tally) -> Blueprint:
    """The blueprint that is in force then: the file's, with the values that lists have got meanwhile."""
    before = await tx.record_settings.blueprint(tenant)
    after = keeping_values(before, wanted, active=True)
    same = compare(before, after) == Changes()
    tally.count("blueprint", new=not same)
    return before if same else await replace(tx, tenant, before=before, after=after)


async def _keep_books(tx: Transaction, tenant: TenantId, seeds: Seeds, *, tally: Tally) -> Sequence[Fault]:
    """Keep the rates and periods that are not there; the faults of those that cannot be."""
    rates = {(one.company, one.transaction, one.since) for one in await tx.record_settings.rates(tenant)}
    for rate in (one.rate for one in seeds.rates):
        key = (rate.company, rate.transaction, rate.since)
        if tally.count("rates", new=key not in rates):
            number = uuid5(NAMESPACE_OID, f"rate {tenant} {rate.company} {rate.transaction} {rate.since}")
            await tx.record_settings.put_rate(tenant, msgspec.structs.replace(rate, id=number))
    there = await tx.record_settings.periods(tenant)
    taken = {(one.year, one.period) for one in there}
    faults: list[Fault] = []
    for seed in seeds.periods:
        period = seed.period
        if not tally.count("periods", new=(period.year, period.period) not in taken):
            continue
        if (other := overlapping(period.start, period.end, there)) is not None:
            faults.append(Fault(seed.path, "overlapping", f"{shared(other)}, which is there already"))
        else:
            await tx.record_settings.put_period(tenant, period)
    return faults


async def _gather(tx: Transaction, workspace: Workspace, seeds: Seeds) -> None:
    """Everything that the file names, and the counters of what it makes: those last, for others wait for them."""
    refs = list(dict.fromkeys(_named(seeds)))
    await workspace.gather_money()
    await workspace.gather(refs)
    await workspace.gather_above(refs)
    await workspace.gather_links([one.number for one in seeds.links])
    await workspace.gather_rules(refs)
    await gather_roots(workspace, list(dict.fromkeys(rule.target.ref for rule in workspace.rules())))
    await gather_for_linking(workspace, [(one.parent, one.child) for one in seeds.links])
    kinds = dict.fromkeys(one.ref.char_type for one in seeds.records)
    await workspace.gather_heads([*(f"record.{kind}" for kind in kinds), LINK, TRACE, RULE, SOURCE])
    # From here on nobody else makes any. Who did so while we waited may have taken a number of the file.
    missing = [ref for ref in refs if workspace.last_seen(ref) is None]
    numbers = [one.number for one in seeds.links if workspace.link_or_none(one.number) is None]
    tenant = workspace.scene.tenant
    if (await tx.records.load(tenant, missing)).records or await tx.records.links(tenant, numbers):
        raise Conflict("Records were made by somebody else at the same moment. Please try again.")


def _named(seeds: Seeds) -> Iterator[RecordRef]:
    yield from (one.ref for one in seeds.records)
    for link in seeds.links:
        yield from (link.parent, link.child)
    for rule in (one.rule for one in seeds.rules):
        yield rule.target.ref
        yield from (source.spot.ref for source in rule.sources)


async def _graves(tx: Transaction, workspace: Workspace, seeds: Seeds) -> Graves:
    """What of the file was deleted. Only numbers that a counter has passed can have been."""
    tenant = workspace.scene.tenant
    heads = await tx.records.heads(tenant, [LINK, *(f"record.{kind}" for kind in CHAR_TYPES)])

    async def is_gone(char_type: int, number: int, counter: str) -> bool:
        search = GoneSearch(char_type=char_type, number=number, since=0, until=_EVER, most=1)
        return number <= heads.get(counter, 0) and bool(await tx.records.search_gone(tenant, search))

    refs = [ref for ref in dict.fromkeys(_named(seeds)) if workspace.last_seen(ref) is None]
    links = [one.number for one in seeds.links if workspace.link_or_none(one.number) is None]
    return Graves(
        records={ref for ref in refs if await is_gone(*ref, f"record.{ref.char_type}")},
        links={number for number in links if await is_gone(RELATIONSHIP, number, LINK)},
    )
