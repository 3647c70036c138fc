"""Models and costs to work schedules out of."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from muster.domain.records.amortization import Method, Model, ModelPeriod, Revenue, Run
from muster.records.amortization.costs import Cost
from muster.records.amortization.schedule import schedule


def a_model(method: Method = Method.CURVE, splits: Sequence[object] = (), **given: object) -> Model:
    periods = tuple(ModelPeriod(id=number, split=Decimal(str(split))) for number, split in enumerate(splits, start=1))
    return Model(id=77, name="A model", method=method, periods=periods, **given)  # type: ignore[arg-type] # named fields


def a_cost(
    amount: str = "10000.00", start: str = "2024-01-10", end: str | None = "2024-12-31", **given: object
) -> Cost:
    last = None if end is None else date.fromisoformat(end)
    return Cost(amount=Decimal(amount), start=date.fromisoformat(start), end=last, **given)  # type: ignore[arg-type] # named fields


def runs_on(*days: str) -> tuple[Run, ...]:
    return tuple(Run(at=datetime.fromisoformat(day).replace(tzinfo=UTC)) for day in days)


def a_revenue(month: str, earned: int, estimate: int | None = None) -> Revenue:
    expected = None if estimate is None else Decimal(estimate)
    return Revenue(month=date.fromisoformat(f"{month}-01"), earned=Decimal(earned), estimate=expected)


def amounts(model: Model, cost: Cost) -> list[str]:
    return [f"{charge.amount:.2f}" for charge in schedule(model, cost)]


def plain(*amounts: Decimal) -> list[str]:
    """Amounts without the zeros behind their points."""
    return [f"{amount.normalize():f}" for amount in amounts]
