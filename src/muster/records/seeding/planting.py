"""Setting up what a file of records says: all of it together, or nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import NAMESPACE_OID, uuid5

import msgspec

from muster.domain.errors import BadInput, Conflict
from muster.domain.fault import Fault
from muster.domain.ids import PrincipalId, TenantId
from muster.domain.records.date_rule import DateRule, Source
from muster.domain.records.money import FinancialPeriod, Rate
from muster.domain.records.operation import Denied, Draft
from muster.domain.records.record import Link
from muster.domain.tenant import Role
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction
from muster.records.dates.arithmetic import Circular, in_order
from muster.records.dates.recalculation import is_date_field, rework
from muster.records.entities.making import TRACE, make
from muster.records.entities.relationships import LINK, fits
from muster.records.seeding.shape import SeedLink, SeedRate, SeedRecord, SeedRule, Seeds
from muster.records.work.news import finish
from muster.records.work.scene import Actor, Scene
from muster.records.work.workspace import Workspace

RULE, SOURCE = "rule", "source"
NOBODY = 0
"""The user that the records of a file are made by."""


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a file, by sort of thing: what was made, and what was there already."""

    made: Mapping[str, int]
    kept: Mapping[str, int]


class _Rehearsed(Exception):
    pass


class Planter:
    """Sets up files of records."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def plant(
        self, tenant: TenantId, seeds: Seeds, *, by: PrincipalId | None = None, rehearse: bool = False
    ) -> Planted:
        """Bring the file's blueprint into force, and make what is not there yet under its number.

        `rehearse`: look whether it can be done, and do nothing. Raises BadInput that names everything that cannot be
        made, with its place in the file.
        """
        made: Counter[str] = Counter()
        kept: Counter[str] = Counter()
        try:
            async with self._store.begin() as tx:
                await self._plant(tx, tenant, seeds, tally=(made, kept))
                if rehearse:
                    raise _Rehearsed
                await tx.outbox.audit(
                    tenant, by, "records:seed", subject=seeds.title, detail=str(made.total()), at=self._clock.now()
                )
        except _Rehearsed:
            pass
        return Planted(made=dict(made), kept=dict(kept))

    async def _plant(
        self, tx: Transaction, tenant: TenantId, seeds: Seeds, *, tally: tuple[Counter[str], Counter[str]]
    ) -> None:
        made, kept = tally
        before = await tx.record_settings.blueprint(tenant)
        same = msgspec.structs.replace(seeds.blueprint, version=before.version) == before
        (kept if same else made)["blueprint"] += 1
        blueprint = msgspec.structs.replace(seeds.blueprint, version=before.version + (not same))
        if not same and not await tx.record_settings.put_blueprint(tenant, blueprint, replaces=before.version):
            raise Conflict("The configuration is being changed by somebody else. Please try again.")
        await _put_money(tx, tenant, seeds, tally=tally)
        scene = Scene(
            tenant=tenant,
            actor=Actor(number=NOBODY, role=Role.OWNER),
            blueprint=blueprint,
            at=self._clock.now(),
        )
        workspace = Workspace(tx, scene)
        faults: list[Fault] = []
        await _gather(workspace, seeds)
        _put_records(workspace, seeds.records, faults, tally=tally)
        _put_links(workspace, seeds.links, faults, tally=tally)
        _put_rules(workspace, seeds.rules, faults, tally=tally)
        if faults:
            raise BadInput("The file cannot be loaded, and nothing of it was.", faults)
        await finish(tx, workspace)


_Tally = tuple[Counter[str], Counter[str]]


async def _put_money(tx: Transaction, tenant: TenantId, seeds: Seeds, *, tally: _Tally) -> None:
    made, kept = tally
    rates = {(one.company, one.transaction, one.since) for one in await tx.record_settings.rates(tenant)}
    for rate in seeds.rates:
        there = (rate.company, rate.transaction, rate.since) in rates
        (kept if there else made)["rates"] += 1
        if not there:
            await tx.record_settings.put_rate(tenant, _rate(tenant, rate))
    periods = {(one.year, one.period) for one in await tx.record_settings.periods(tenant)}
    for one in seeds.periods:
        there = (one.year, one.period) in periods
        (kept if there else made)["periods"] += 1
        if not there:
            period = FinancialPeriod(id=0, year=one.year, period=one.period, start=one.start, end=one.end)
            await tx.record_settings.put_period(tenant, period)


def _rate(tenant: TenantId, seed: SeedRate) -> Rate:
    named = uuid5(NAMESPACE_OID, f"{tenant}/{seed.company}/{seed.transaction}/{seed.since}")
    return Rate(id=named, company=seed.company, transaction=seed.transaction, rate=seed.rate, since=seed.since)


async def _gather(workspace: Workspace, seeds: Seeds) -> None:
    """Everything that the file names, and the counters of what it makes."""
    refs = [
        *(one.ref for one in seeds.records),
        *(ref for one in seeds.links for ref in (one.parent, one.child)),
        *(spot.ref for one in seeds.rules for spot in (one.target, *(source.spot for source in one.sources))),
    ]
    await workspace.gather_money()
    await workspace.gather(refs)
    await workspace.gather_counts(refs)
    await workspace.gather_above(refs)
    await workspace.gather_below(refs)
    await workspace.gather_links([one.number for one in seeds.links])
    await workspace.gather_rules(refs)
    counters = [f"record.{char_type}" for char_type in dict.fromkeys(one.ref.char_type for one in seeds.records)]
    await workspace.gather_heads([*counters, LINK, TRACE, RULE, SOURCE])


def _put_records(workspace: Workspace, seeds: Sequence[SeedRecord], faults: list[Fault], *, tally: _Tally) -> None:
    made, kept = tally
    for seed in seeds:
        if workspace.find(seed.ref) is not None:
            kept["records"] += 1
            continue
        mark = workspace.mark()
        try:
            workspace.claim(seed.ref)
            draft = Draft(title=seed.title, template=seed.template, values=seed.values)
            make(workspace, seed.ref.char_type, draft, status=seed.status, numbered=seed.ref)
            made["records"] += 1
        except Denied as denied:
            workspace.back_to(mark)
            faults.extend(_faults(seed.path, denied))


def _put_links(workspace: Workspace, seeds: Sequence[SeedLink], faults: list[Fault], *, tally: _Tally) -> None:
    made, kept = tally
    for seed in seeds:
        if workspace.link_or_none(seed.number) is not None:
            kept["relationships"] += 1
            continue
        parent, child = workspace.find(seed.parent), workspace.find(seed.child)
        if parent is None or child is None:
            faults.append(Fault(seed.path, "missing_record", "names a record that is neither in the file nor there"))
        elif not fits(workspace, (parent, child), seed.kind):
            faults.append(Fault(seed.path, "bad_relationship", "is not allowed by the templates, or makes a circle"))
        else:
            workspace.claim_number(LINK, seed.number)
            stamp = workspace.stamp
            workspace.put_link(
                Link(
                    number=seed.number,
                    kind=seed.kind,
                    parent=seed.parent,
                    child=seed.child,
                    sequence=seed.number,
                    created=stamp,
                    updated=stamp,
                )
            )
            made["relationships"] += 1


def _put_rules(workspace: Workspace, seeds: Sequence[SeedRule], faults: list[Fault], *, tally: _Tally) -> None:
    made, kept = tally
    targets = {rule.target for rule in workspace.rules()}
    fresh: list[DateRule] = []
    for seed in seeds:
        if seed.target in targets:
            kept["date rules"] += 1
        elif _names_dates(workspace, seed):
            fresh.append(_rule(workspace, seed))
            workspace.put_rule(fresh[-1])
            made["date rules"] += 1
        else:
            faults.append(Fault(seed.path, "not_a_date", "names a field that is no date of a record that is there"))
    try:
        in_order(workspace.rules())
    except Circular:
        faults.append(Fault("date_rules", "circle", "work out a date from itself"))
        return
    if not faults:
        rework(workspace, fresh)


def _names_dates(workspace: Workspace, seed: SeedRule) -> bool:
    spots = (seed.target, *(source.spot for source in seed.sources))
    records = [(workspace.find(spot.ref), spot.label) for spot in spots]
    return all(record is not None and is_date_field(workspace, record, label) for record, label in records)


def _rule(workspace: Workspace, seed: SeedRule) -> DateRule:
    sources = tuple(
        Source(number=workspace.next(SOURCE), spot=one.spot, shift=one.shift, order=order)
        for order, one in enumerate(seed.sources)
    )
    return DateRule(
        number=workspace.next(RULE),
        target=seed.target,
        choosing=seed.choosing,
        recalculation=seed.recalculation,
        sources=sources,
    )


def _faults(path: str, denied: Denied) -> Sequence[Fault]:
    if not denied.flaws:
        return [Fault(path, denied.denial.value, "cannot be made")]
    return [
        Fault(path, flaw.kind.value, f"{flaw.label}: {flaw.kind.value.replace('_', ' ')}".removeprefix(": "))
        for flaw in denied.flaws
    ]
