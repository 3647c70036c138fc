"""A record store with the templates of the conformance cases, and a desk for date math."""

from datetime import date

import msgspec

from muster.domain.records.char_types import DEAL, RecordRef
from muster.domain.records.date_rule import DateRule, Shift, Spot, Unit
from muster.domain.records.operation import Change, Draft, Operation, Result
from muster.ports.store.unit import Store
from muster.records.configuring.blueprint import read_blueprint
from muster.records.configuring.samples import sample
from muster.records.dates.desk import DateDesk, RuleDraft, SourceDraft
from muster.records.work.blueprints import Blueprints
from tests.fakes.clock import FakeClock
from tests.records.house import House, open_house

START, END, SIGNED = "contract_term_start", "contract_term_end", "contract_date"
"""The dates of a deal."""
DATES = (START, END, SIGNED)


class DatesWorld:
    """A house, and what is done with dates in it, in few words."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.desk = DateDesk(house.store, house.clock, Blueprints(house.store))

    async def deal(self, **values: object) -> RecordRef:
        """A deal."""
        return await self.house.have(DEAL, "Deal", **values)

    async def rule(self, target: Spot, *sources: SourceDraft | Spot, **parts: object) -> int:
        """A calculation; sources are looked at in the order given."""
        drafts = tuple(
            msgspec.structs.replace(one if isinstance(one, SourceDraft) else SourceDraft(spot=one), order=order)
            for order, one in enumerate(sources)
        )
        draft = msgspec.structs.replace(RuleDraft(target=target, sources=drafts), **parts)
        return await self.desk.add(self.house.acting, draft)

    async def write(self, ref: RecordRef, **values: object) -> Result:
        """Change values of a record by hand."""
        return await self.draft(ref, Draft(values=values))

    async def draft(self, ref: RecordRef, draft: Draft) -> Result:
        """Change a record by hand."""
        return (await self.do(Change(group=ref.char_type, number=ref.number, draft=draft)))[0]

    async def do(self, *operations: Operation) -> list[Result]:
        """Perform a batch."""
        return list(await self.house.do(*operations))

    async def shown(self, spot: Spot) -> str | None:
        """What stands in a field."""
        record = await self.house.get(spot.ref)
        assert record is not None
        value = record.values.get(spot.label)
        assert value is None or isinstance(value, str)
        return value

    async def rules_of(self, ref: RecordRef) -> list[DateRule]:
        """The calculations of a record."""
        return [view.rule for view in await self.desk.of_record(self.house.tenant, ref)]


def later(spot: Spot, days: int, *, unit: Unit = Unit.DAYS, back: bool = False) -> SourceDraft:
    """A source so much later, or earlier."""
    return SourceDraft(spot=spot, shift=Shift(days=days, unit=unit, back=back))


def day(text: str) -> date:
    """A date."""
    return date.fromisoformat(text)


async def open_world(store: Store, clock: FakeClock) -> DatesWorld:
    """A world with the conformance templates in force."""
    house = await open_house(store, clock)
    blueprint = msgspec.structs.replace(read_blueprint(sample("conformance"), form="toml"), version=2)
    async with store.begin() as tx:
        assert await tx.record_settings.put_blueprint(house.tenant, blueprint, replaces=1)
    return DatesWorld(house)
