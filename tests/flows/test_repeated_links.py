"""A message that is sent again because its first answer was lost: its customer may have the link already."""

import pytest

from muster.domain.entry import EntryState, NewEntry
from muster.domain.retry import UnknownPolicy
from muster.intake.submit import Submission
from muster.intake.workflows import Order
from muster.kinds.workflow_batches.kind import NAME
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.flows.town import Link, Town

BY_CARD = 1


async def a_link(town: Town, *, single: bool) -> Link:
    """The link of an entry whose first answer will be lost, and whose repeat meets a busy carrier."""
    number = town.a_number("lost_then_busy")
    payload = f'{{"title":"t","parameters":{{"phoneNumber":"{number}","baFinancialAccountId":"x","amount":"1"}}}}'
    entry = NewEntry(0, EntryState.ACCEPTED, number, payload)
    template = town.templates[BY_CARD].id
    if single:
        order = Order(title="", template=template, template_kind=NAME, entry=lambda _: entry)
        made = await town.office.create(town.who, order)
        async with town.store.read() as tx:
            batch = (await tx.workflows.get(town.who.tenant, made)).batch
    else:
        ordered = Submission(kind=NAME, title="", template=template, entries=lambda _: [entry])
        batch = (await town.submit(town.who, ordered)).batch
    return town.known(batch, 0, number)


@pytest.mark.parametrize("single", [True, False], ids=["single", "batch"])
async def test_a_repeat_that_has_to_wait_takes_nothing_from_a_customer_who_has_begun(
    store: SqlStore, clock: FakeClock, *, single: bool
) -> None:
    town = await Town.built(store, clock)
    town.handle.unknown = UnknownPolicy(prefer_arrival=True)
    link = await a_link(town, single=single)
    await town.step()
    await town.answer(link)
    await town.due.run_once()
    await town.step()
    (entry,) = await town.entries(await town.batch(link.batch))
    assert (entry.state, entry.reason, entry.repeats) == (EntryState.HELD, "busy", 1)
    visit = await town.guide.find(link.token)
    assert visit is not None
    assert visit.ask is not None
    assert visit.ask.kind == "card"
    await town.answer(link)
    visit = await town.guide.find(link.token)
    assert visit is not None
    assert visit.ask is not None
    assert visit.ask.kind == "payment"
