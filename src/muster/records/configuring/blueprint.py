"""The configuration of a record store as a document that people write, and bringing it into force."""

from collections.abc import Iterator

import msgspec
import structlog

from muster.domain.document import parse
from muster.domain.errors import BadInput, Conflict
from muster.domain.fault import Fault
from muster.domain.ids import PrincipalId, TenantId
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import CHAR_TYPES
from muster.domain.records.search import Both, Compare, How, Node, Search
from muster.domain.records.template import PickList, Template
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction
from muster.records.configuring.parts import (
    read_bans,
    read_lists,
    read_models,
    read_parties,
    read_period_actions,
    read_roles,
    read_setup,
)
from muster.records.configuring.processes import read_processes
from muster.records.configuring.rows import Findings, Index, Row
from muster.records.configuring.templates import Surroundings, read_templates
from muster.records.configuring.writing import write_toml
from muster.records.values.currencies import currency_of

log = structlog.get_logger()


def read_blueprint(document: bytes, *, form: str) -> Blueprint:
    """The blueprint that a document of a form (`toml`, `json`) describes.

    Raises BadInput that names every mistake with its place; MalformedBody and TooLarge where it cannot even be read.
    """
    findings = Findings()
    blueprint = blueprint_in(Row(parse(document, form, what="blueprint"), "", findings))
    if findings.faults:
        count = len(findings.faults)
        raise BadInput(f"The blueprint has {count:,} mistake{'s' if count > 1 else ''}.", findings.faults)
    return blueprint


def blueprint_in(whole: Row) -> Blueprint:
    """The blueprint that a table describes; what is wrong is kept among its findings, and what is odd made up."""
    whole.text("title")
    roles = tuple(read_roles(whole))
    processes = tuple(read_processes(whole, Index("role", [(one.id, one.name) for one in roles])))
    process_index = Index("process", [(one.id, one.name) for one in processes])
    lists = tuple(read_lists(whole))
    around = Surroundings(whole, lists, process_index)
    blueprint = Blueprint(
        company_currency=_currency(whole),
        templates=tuple(read_templates(around)),
        processes=processes,
        lists=lists,
        parties=tuple(read_parties(whole)),
        roles=roles,
        bans=tuple(read_bans(whole, around.templates)),
        models=tuple(read_models(whole)),
        amortization=read_setup(whole, around.templates),
        period_actions=tuple(read_period_actions(whole, process_index, {one.id: one for one in processes})),
    )
    whole.done()
    return blueprint


def _currency(whole: Row) -> str:
    code = whole.text("company_currency", Blueprint().company_currency)
    if currency_of(code) != code:
        whole.fault("company_currency", "not_a_currency", "must be the ISO 4217 letters of a currency, such as USD")
    return code


def write_blueprint(blueprint: Blueprint) -> str:
    """The blueprint as a document of the form TOML; reading it gives the same again, but for its version."""
    return write_toml(blueprint)


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What a new blueprint changes, by sentences such as `template deal/12 License`."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class BlueprintDesk:
    """Brings blueprints into force."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def show(self, tenant: TenantId) -> Blueprint:
        """The blueprint in force; an empty one with version 0 where there is none."""
        async with self._store.read() as tx:
            return await tx.record_settings.blueprint(tenant)

    async def configure(
        self, tenant: TenantId, blueprint: Blueprint, by: PrincipalId | None, *, force: bool = False
    ) -> Changes:
        """Put a blueprint in place of the one in force; what that changes. Nothing is written where it is the same.

        Records stay as they are; what no longer fits them is told when they are validated. Unless by `force`, values
        that vanish from a list stay there, inactive. Raises BadInput where a template or status vanishes in which
        records still are, unless by `force`; Conflict where somebody else changes it at the same moment.
        """
        async with self._store.begin() as tx:
            before = await tx.record_settings.blueprint(tenant)
            wanted = blueprint if force else keeping_values(before, blueprint)
            changes = compare(before, wanted)
            if changes == Changes():
                return changes
            anew = await replace(tx, tenant, before=before, after=wanted, force=force)
            counts = f"{len(changes.added)} added, {len(changes.changed)} changed, {len(changes.removed)} removed"
            await tx.outbox.audit(
                tenant, by, "records:configure", subject=str(anew.version), detail=counts, at=self._clock.now()
            )
        log.info("records_configured", tenant=tenant, version=anew.version)
        return changes


async def replace(
    tx: Transaction, tenant: TenantId, *, before: Blueprint, after: Blueprint, force: bool = False
) -> Blueprint:
    """Put `after` in place of the blueprint in force, `before`; as it is in force then.

    Raises BadInput where a template or status vanishes in which records still are, unless by `force`; Conflict where
    another blueprint is in force.
    """
    if not force:
        # Whoever makes or moves records has this counter until the end, and asks then whether we came in between.
        await tx.records.heads(tenant, ["trace"])
        await _refuse_loss(tx, tenant, before=before, after=after)
    anew = msgspec.structs.replace(after, version=before.version + 1)
    if not await tx.record_settings.put_blueprint(tenant, anew, replaces=before.version):
        raise Conflict("The configuration is being changed by somebody else. Please try again.")
    return anew


async def _refuse_loss(tx: Transaction, tenant: TenantId, *, before: Blueprint, after: Blueprint) -> None:
    """Raise BadInput where records are in a template or status that `after` has no more."""
    faults: list[Fault] = []
    for template in before.templates:
        kept = after.template_of(template.char_type, template.id)
        if kept is None:
            if count := await _count(tx, tenant, template):
                faults.append(Fault(_called(template), "in_use", f"{_many(count, 'has', 'have')} this template"))
            continue
        statuses = after.process_of(kept).status_by_id
        for status in before.process_of(template).statuses:
            if status.id not in statuses and (count := await _count(tx, tenant, template, status=status.id)):
                place = f"{_called(template)}, status {status.id} {status.name}"
                faults.append(Fault(place, "in_use", f"{_many(count, 'stands', 'stand')} in this status"))
    if faults:
        raise BadInput("Records are in what this blueprint has no place for. Keep it there, or use --force.", faults)


async def _count(tx: Transaction, tenant: TenantId, template: Template, *, status: int | None = None) -> int:
    """How many records have the template, and stand in the status."""
    node: Node = Compare("templateid", How.EQUALS, (template.id,))
    if status is not None:
        node = Both((node, Compare("statusid", How.EQUALS, (status,))))
    found = await tx.records.search(tenant, Search(char_type=template.char_type, node=node, rows=1))
    return found.total


def keeping_values(before: Blueprint, after: Blueprint, *, active: bool = False) -> Blueprint:
    """`after` with those values of its lists that only `before` has: records may have them.

    They are no longer active, or else (`active`) what they were.
    """
    lists = tuple(_keeping(before.list_by_id.get(one.id), one, active=active) for one in after.lists)
    return msgspec.structs.replace(after, lists=lists)


def _keeping(before: PickList | None, after: PickList, *, active: bool) -> PickList:
    labels = {one.label for one in after.options}
    xrefs = {one.xref for one in after.options if one.xref is not None}
    gone = [
        one if active else msgspec.structs.replace(one, active=False, children=())
        for one in (before.options if before is not None else ())
        if one.id not in after.by_id and one.label not in labels and one.xref not in xrefs
    ]
    return msgspec.structs.replace(after, options=(*after.options, *gone)) if gone else after


def compare(before: Blueprint, after: Blueprint) -> Changes:
    """What differs between two blueprints, but for their versions."""
    old, new = dict(_things(before)), dict(_things(after))
    return Changes(
        added=tuple(name for name in new if name not in old),
        changed=tuple(name for name, thing in new.items() if name in old and old[name] != thing),
        removed=tuple(name for name in old if name not in new),
    )


def _things(blueprint: Blueprint) -> Iterator[tuple[str, object]]:
    """Everything that can be added, changed and removed by itself, and what it is called."""
    empty = Blueprint()
    if blueprint.company_currency != empty.company_currency or blueprint.templates:
        yield "company currency", blueprint.company_currency
    yield from ((_called(one), one) for one in blueprint.templates)
    for sort, things in (
        ("process", blueprint.processes),
        ("list", blueprint.lists),
        ("party", blueprint.parties),
        ("role", blueprint.roles),
        ("model", blueprint.models),
    ):
        yield from ((f"{sort} {one.id} {one.name}", one) for one in things)
    if blueprint.bans:
        yield "bans", blueprint.bans
    if blueprint.amortization != empty.amortization:
        yield "amortization", blueprint.amortization
    if blueprint.period_actions:
        yield "period actions", blueprint.period_actions


def _many(count: int, one: str, several: str) -> str:
    return f"1 record {one}" if count == 1 else f"{count:,} records {several}"


def _called(template: Template) -> str:
    return f"template {CHAR_TYPES[template.char_type].path}/{template.id} {template.name}"
