"""Models, schedules and journals as JSON and as CSV."""

from decimal import Decimal

from muster.domain.records.amortization import Model
from muster.records.amortization.desk import Journal, Posting, Schedule
from muster.surfaces.record_batches.translate.sheets import sheet
from muster.surfaces.record_batches.translate.times import spell_time
from muster.surfaces.record_batches.wire import amortization as wire

_CENTS = Decimal("0.01")


def render_model(model: Model) -> wire.Model:
    """The model as it is shown."""
    periods = [
        wire.Period(
            id=one.id,
            last_updated_date=None if one.updated_at is None else spell_time(one.updated_at),
            split=one.split,
        )
        for one in model.periods
    ]
    return wire.Model(id=model.id, name=model.name, periods=periods, method=model.method.value)


def render_schedule(schedule: Schedule) -> wire.Schedule:
    """The schedule as JSON shows it."""
    return wire.Schedule(
        row_id=schedule.row,
        title=schedule.title,
        amortization_model=schedule.model,
        currency=schedule.currency,
        cost=spell_amount(schedule.cost),
        total=spell_amount(schedule.total),
        posted=schedule.posted,
        charges=[_charge(schedule, one) for one in schedule.postings],
    )


def _charge(schedule: Schedule, posting: Posting) -> wire.Charge:
    charge = posting.charge
    return wire.Charge(
        amount_id=posting.amount or None,
        title=posting.title,
        period_number=charge.number,
        period_count=schedule.count,
        transaction_date=charge.date.isoformat(),
        split=charge.split,
        opening_balance=spell_amount(charge.opening),
        amortized_amount=spell_amount(charge.amount),
        closing_balance=spell_amount(charge.closing),
    )


def render_journal(journal: Journal) -> wire.Journal:
    """The journal as JSON shows it."""
    return wire.Journal(
        start=journal.since.isoformat(),
        end=journal.until.isoformat(),
        lines=[
            wire.Line(
                date=one.day.isoformat(),
                account=one.account,
                debit=spell_amount(one.debit),
                credit=spell_amount(one.credit),
                currency=one.currency,
                row_id=one.row,
                amount_id=one.amount,
                memo=one.memo,
            )
            for one in journal.lines
        ],
        totals=[
            wire.Total(currency=one.currency, debit=spell_amount(one.debit), credit=spell_amount(one.credit))
            for one in journal.totals
        ],
    )


def spell_amount(amount: Decimal) -> Decimal:
    """With two decimals, or with more where it has more."""
    return amount if amount != round(amount, 2) else amount.quantize(_CENTS)


def schedule_csv(schedule: wire.Schedule) -> str:
    """The charges as CSV with a header, safe to be opened in a spreadsheet."""
    rows = (
        (
            "" if one.amount_id is None else one.amount_id,
            one.title,
            one.period_number,
            one.period_count,
            one.transaction_date,
            one.split,
            one.opening_balance,
            one.amortized_amount,
            one.closing_balance,
            schedule.currency,
        )
        for one in schedule.charges
    )
    return sheet(wire.SCHEDULE_COLUMNS, rows)


def journal_csv(journal: wire.Journal) -> str:
    """The lines as CSV with a header, safe to be opened in a spreadsheet."""
    rows = (
        (one.date, one.account, one.debit, one.credit, one.currency, one.row_id, one.amount_id, one.memo)
        for one in journal.lines
    )
    return sheet(wire.JOURNAL_COLUMNS, rows)
