"""Working out the schedules of table rows, and keeping them as amounts (specification A12).

Amortizing a row again replaces what was posted for it before, save for what lies in periods that are closed by now:
that stands (`catching_up`), and may well be locked. What would be replaced must not be.
"""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from muster.domain.records.amortization import Charge, Model
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import AMOUNT, CATALOG_ITEM, DEAL, RIGHT, TABLE, RecordRef
from muster.domain.records.money import FinancialPeriod
from muster.domain.records.operation import (
    Amortize,
    Denial,
    Denied,
    Done,
    Draft,
    Flaw,
    FlawKind,
    ParentAsk,
    Result,
)
from muster.domain.records.record import Record
from muster.domain.records.template import DataType, Field, Template
from muster.records.amortization import dated
from muster.records.amortization.catching_up import Standing, caught_up
from muster.records.amortization.inputs import Told, currency_in, has_term, number_in, told_by
from muster.records.amortization.schedule import calendar_year, is_valid, schedule
from muster.records.entities import making, removal
from muster.records.work.pacing import Pace
from muster.records.work.performing import Doing
from muster.records.work.permissions import may_write
from muster.records.work.roots import gather_roots
from muster.records.work.views import view
from muster.records.work.workspace import Workspace

DEFAULT_NAME = "Amortization"
"""Of the amounts' template, where the blueprint names none."""
AMORTIZED, NUMBER, COUNT, SPLIT = "amortized_amount", "period_number", "period_count", "split"
DATE, OPENING, CLOSING, MODEL = dated.DATE, "opening_balance", "closing_balance", "amortization_model"
TO_DATE, BALANCE = "amortized_to_date", "balance"
"""Labels of fields: of amounts, the last three (with the model) of rows."""
BOOKS = "books"
"""A counter that counts nothing: whoever changes rates and periods, or relies on them, holds it."""
MOST_AMOUNTS: Final = 10_000
"""That one unit of work makes, and that it replaces: a hundred rows over eight years. Both together are some seconds'
work, in which nobody else writes to an embedded store. Whoever asks for more gets them in several batches."""
_LONGEST_TITLE = 500
_CHARS_OF_MONTH = len(" 2024-01")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be charged for a row, and how it is posted."""

    row: Record
    model: Model
    told: Told
    count: int
    """How many periods the whole schedule has."""
    charges: tuple[Charge, ...]
    """As they are posted: closed periods are caught up with."""
    standing: tuple[Standing, ...] = ()
    """What was posted before, and stays."""


def amounts_template(blueprint: Blueprint) -> Template | None:
    """The template of the amounts that amortizations make."""
    setup = blueprint.amortization
    if setup.template:
        return blueprint.template_of(AMOUNT, setup.template)
    named = (one for one in blueprint.templates if one.char_type == AMOUNT and one.name == DEFAULT_NAME)
    return next(named, None)


# --- Gathering ---------------------------------------------------------------------------------------------------


async def gather(workspace: Workspace, operations: Sequence[Amortize]) -> None:
    """Have at hand the rows, the amounts made before, the rights that lend terms, rates and periods."""
    # Before any row: whoever closes a period holds this, and waits for the amounts in it.
    await workspace.gather_heads([BOOKS])
    rows = list(dict.fromkeys(RecordRef(TABLE, one.number) for one in operations))
    # The rows first: whoever holds one is alone in making amounts for it.
    await workspace.gather(rows)
    rows = await _manageable(workspace, rows)
    await workspace.gather_counts(rows)
    await workspace.gather_below(rows)
    made = await workspace.gather_made([ref.number for ref in rows])
    await removal.gather_for_removal(workspace, [one.ref for amounts in made.values() for one in amounts])
    await gather_rights(workspace, rows)
    await workspace.gather_rules(rows)
    await gather_roots(workspace, rows)


async def _manageable(workspace: Workspace, rows: Sequence[RecordRef]) -> list[RecordRef]:
    """The rows, in order, whose earlier amounts can all be brought to hand: a row that has none always can."""
    counts = await workspace.count_made([ref.number for ref in rows])
    left, manageable = MOST_AMOUNTS, list[RecordRef]()
    for ref in rows:
        if counts[ref.number] <= left:
            left -= counts[ref.number]
            manageable.append(ref)
    return manageable


async def _finish(workspace: Workspace, operations: Sequence[Amortize]) -> None:
    await making.gather_for_making(workspace, AMOUNT, len(operations))
    await workspace.gather_links_anew()


async def gather_rights(workspace: Workspace, rows: Collection[RecordRef]) -> None:
    """Have at hand the rights around those rows that have no term of their own, only to be looked at."""
    without = [ref for ref in rows if _lacks_term(workspace, ref)]
    await workspace.gather_above(without)
    around = dict.fromkeys(parent for ref in without for parent in _around(workspace, ref))
    await workspace.gather_below(list(around))
    rights = (link.child for parent in around for link in workspace.below(parent))
    await workspace.gather([ref for ref in dict.fromkeys(rights) if ref.char_type == RIGHT], lock=False)


def _lacks_term(workspace: Workspace, ref: RecordRef) -> bool:
    row = workspace.last_seen(ref)
    return row is not None and not has_term(workspace.blueprint, row)


def _around(workspace: Workspace, row: RecordRef) -> Sequence[RecordRef]:
    """The catalog items and deals that the row belongs to."""
    parents = dict.fromkeys(link.parent for link in workspace.above(row))
    return [ref for ref in parents if ref.char_type in {CATALOG_ITEM, DEAL}]


def _rights(workspace: Workspace, row: Record) -> Sequence[Record]:
    """The rights under the same catalog item and deal as the row; under the one of them that it has, if only one."""
    if has_term(workspace.blueprint, row):
        return ()
    under: dict[int, frozenset[RecordRef]] = {}
    for parent in _around(workspace, row.ref):
        rights = frozenset(link.child for link in workspace.below(parent) if link.child.char_type == RIGHT)
        under[parent.char_type] = under.get(parent.char_type, frozenset()) | rights
    if not under:
        return ()
    first, *others = under.values()
    shared = sorted(first.intersection(*others))
    return [right for ref in shared if (right := workspace.find(ref)) is not None]


# --- Planning ----------------------------------------------------------------------------------------------------


def plan(workspace: Workspace, row: Record, model: Model) -> Plan:
    """What `model` makes of the row now; nothing is changed.

    Raises Denied: faulty with every flaw, or locked where closed periods hold amounts in another currency.
    """
    told = told_by(workspace.blueprint, row, _rights(workspace, row))
    periods = workspace.periods
    charges = schedule(model, told.cost, year_of=lambda day: _fiscal_year(periods, day))
    amounts = [one for one in _earlier(workspace, row) if _stands(workspace, one)]
    standing = tuple(_standing(one, told.currency) for one in amounts)
    posted = caught_up(charges, is_closed=lambda day: _is_closed(workspace, day), standing=standing)
    return Plan(row=row, model=model, told=told, count=len(charges), charges=posted, standing=standing)


def _is_closed(workspace: Workspace, day: date) -> bool:
    return any(one.closed and one.start <= day <= one.end for one in workspace.periods)


def _stands(workspace: Workspace, amount: Record) -> bool:
    day = day_of(amount)
    return day is not None and _is_closed(workspace, day)


def _standing(amount: Record, currency: str) -> Standing:
    values = amount.values
    if currency_in(values.get(AMORTIZED)) not in {None, currency}:
        raise Denied(Denial.LOCKED)
    return Standing(
        date=day_of(amount) or date.min,
        amount=number_in(values.get(AMORTIZED)) or Decimal(0),
        split=number_in(values.get(SPLIT)) or Decimal(0),
    )


def day_of(amount: Record) -> date | None:
    """The day on which an amount was posted; None where somebody cleared it."""
    day = amount.values.get(DATE)
    return date.fromisoformat(day) if isinstance(day, str) else None


def _fiscal_year(periods: Sequence[FinancialPeriod], day: date) -> int:
    within = next((one for one in periods if one.start <= day <= one.end), None)
    return calendar_year(day) if within is None else within.year


def model_of(workspace: Workspace, number: int) -> Model:
    """The model. Raises Denied (unusable) where there is none, or it cannot be worked by."""
    model = workspace.blueprint.model_by_id.get(number)
    if model is None or not is_valid(model):
        raise Denied(Denial.UNUSABLE)
    return model


# --- Posting -----------------------------------------------------------------------------------------------------


async def do(workspace: Workspace, operation: Amortize) -> Result:
    """Replace the amounts that an earlier amortization of the row made by those of this one. Raises Denied."""
    may_write(workspace, TABLE, None)
    row = workspace.get(RecordRef(TABLE, operation.number))
    template = _template_for(workspace, row)
    if not workspace.knows_made(row.ref.number):
        raise _too_many()
    planned = plan(workspace, row, model_of(workspace, operation.model))
    if workspace.given_out(f"record.{AMOUNT}") + len(planned.charges) > MOST_AMOUNTS:
        raise _too_many()
    pace = Pace()
    await _drop_earlier(workspace, row, pace)
    for charge in planned.charges:
        _post(workspace, planned, charge, template=template)
        await pace.breathe()
    changed = _carry_over(workspace, planned)
    return Result(
        group=operation.group,
        number=row.ref.number,
        done=Done.AMORTIZED,
        reference=operation.reference,
        record=view(workspace, changed),
    )


def _too_many() -> Denied:
    return Denied(Denial.FAULTY, flaws=(Flaw(kind=FlawKind.TOO_MANY_AMOUNTS, limit=MOST_AMOUNTS),))


def _template_for(workspace: Workspace, row: Record) -> Template:
    may_write(workspace, TABLE, row.template)
    if workspace.status_of(row).locked:
        raise Denied(Denial.LOCKED)
    template = amounts_template(workspace.blueprint)
    if template is None or AMORTIZED not in template.by_label:
        raise Denied(Denial.FAULTY, flaws=(Flaw(kind=FlawKind.NO_AMOUNT_TEMPLATE),))
    may_write(workspace, AMOUNT, template.id)
    return template


async def _drop_earlier(workspace: Workspace, row: Record, pace: Pace) -> None:
    earlier = [one for one in _earlier(workspace, row) if not _stands(workspace, one)]
    if any(workspace.status_of(amount).locked for amount in earlier):
        raise Denied(Denial.LOCKED)
    for amount in earlier:
        removal.remove(workspace, amount)
        await pace.breathe()


def _earlier(workspace: Workspace, row: Record) -> Sequence[Record]:
    """The amounts made by earlier runs, one within this unit of work among them."""
    below = (link.child for link in workspace.below(row.ref) if link.child.char_type == AMOUNT)
    lately = [ref for ref in below if _is_made_by(workspace, ref, row)]
    refs = dict.fromkeys((*workspace.made(row.ref.number), *lately))
    return [amount for ref in refs if (amount := workspace.find(ref)) is not None]


def _is_made_by(workspace: Workspace, ref: RecordRef, row: Record) -> bool:
    # An amount that is not at hand was not made by an amortization: those were gathered.
    amount = workspace.last_seen(ref) if workspace.knows(ref) else None
    return amount is not None and amount.origin == row.ref.number


def _post(workspace: Workspace, planned: Plan, charge: Charge, *, template: Template) -> None:
    values: dict[str, object] = {
        AMORTIZED: charge.amount,
        NUMBER: charge.number,
        COUNT: planned.count,
        SPLIT: charge.split,
        DATE: charge.date.isoformat(),
        OPENING: charge.opening,
        CLOSING: charge.closing,
        MODEL: planned.model.name,
    }
    draft = Draft(
        title=title_of(planned.row, charge.date),
        template=template.id,
        values=shaped(template, values, planned.told.currency),
        parents=(ParentAsk(parent=planned.row.ref),),
    )
    making.make(workspace, AMOUNT, draft, origin=planned.row.ref.number)


def title_of(row: Record, day: date) -> str:
    """What the amount of a month is called; the row's own title is cut where both are too long."""
    return f"{row.title[: _LONGEST_TITLE - _CHARS_OF_MONTH]} {day.isoformat()[:7]}"


def _carry_over(workspace: Workspace, planned: Plan) -> Record:
    """Tell the row by which model, how much of it is amortized today, and how much is left."""
    template = workspace.template_of(planned.row)
    cost = planned.told.cost.amount or Decimal(0)
    kept: list[Charge | Standing] = [*planned.standing, *planned.charges]
    done = sum((one.amount for one in kept if one.date <= workspace.today), Decimal(0))
    told: dict[str, object] = {MODEL: planned.model.name, TO_DATE: done, BALANCE: cost - done}
    values = shaped(template, told, planned.told.currency) if template is not None else {}
    return making.alter(workspace, planned.row, values=values, by_hand=False) if values else planned.row


def shaped(template: Template, values: dict[str, object], currency: str) -> dict[str, object]:
    """Those of `values` for which the template has fields, amounts as money where the field is of money."""
    fields = template.by_label
    return {label: _shaped(fields[label], value, currency) for label, value in values.items() if label in fields}


def _shaped(field: Field, value: object, currency: str) -> object:
    if field.data_type is DataType.MONEY:
        return {"locAmt": value, "locSym": currency}
    return [value] if field.multiple else value


AMORTIZE = Doing(gather, do, _finish)
