"""What can happen to workflows and their customers, and what must hold after each of it."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from typing import ClassVar, TypeVar
from uuid import uuid4

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from muster.domain.batch import FINAL
from muster.domain.entry import EntryState, NewEntry
from muster.domain.reply import Reply
from muster.domain.retry import UnknownPolicy
from muster.domain.workflow import Workflow
from muster.engine.throttle import Pace
from muster.intake.submit import Submission
from muster.intake.workflows import Order
from muster.kinds.workflow_batches.journey import DeclineReason
from muster.kinds.workflow_batches.kind import NAME
from muster.stores.database import SqlStore, open_store
from muster.stores.vault import Vault
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_payments import Died, nothing
from tests.flows.town import CARDS, ENDED, FATES, Link, Town

T = TypeVar("T")
Databases = Callable[[], AbstractContextManager[str]]

REJECTED = "rejected"
LEASE_OVER = Pace().lease + timedelta(seconds=2)
STEPS = st.sampled_from(
    [timedelta(seconds=4), LEASE_OVER, timedelta(minutes=30), *(timedelta(hours=hours) for hours in (5, 25, 61))]
)


class CustomersMachine(RuleBasedStateMachine):
    """One engine, one provider, one executor, and customers. Made for a database by `on`."""

    databases: ClassVar[tuple[Databases]]
    """What makes a fresh one (in a tuple, because a bare function would become a method)."""
    vault: ClassVar[Vault]
    links = Bundle("links")

    @classmethod
    def on(cls, databases: Databases, vault: Vault) -> "type[CustomersMachine]":
        """The machine, each example on a fresh database of `databases`."""
        return type("CustomersMachineOnDatabase", (cls,), {"databases": (databases,), "vault": vault})

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.database = self.databases[0]()
        self.clock = FakeClock()
        self.store: SqlStore = self.do(self._open(self.database.__enter__()))
        self.town = self.do(Town.built(self.store, self.clock))

    def do(self, work: Coroutine[object, object, T]) -> T:
        """Run `work` on this example's event loop."""
        return self.runner.run(work)

    def attempt(self, *works: Coroutine[object, object, object]) -> None:
        """Do, all at once, what may be illegal in the present state."""

        async def together() -> None:
            await asyncio.gather(*(self.town.attempt(work) for work in works))

        self.do(together())

    async def _open(self, url: str) -> SqlStore:
        return open_store(url, vault=self.vault)

    # What can happen.

    @initialize(prefer_arrival=st.booleans())
    def open_the_channel(self, prefer_arrival: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        self.town.handle.unknown = UnknownPolicy(prefer_arrival=prefer_arrival)

    @rule(
        target=links,
        fates=st.lists(st.sampled_from((*FATES, REJECTED)), min_size=1, max_size=5),
        template=st.integers(0, 1),
        hours=st.sampled_from([None, 2]),
    )
    def submit(self, fates: list[str], template: int, hours: int | None) -> object:
        entries = [self.an_entry(position, fate, hours=hours) for position, fate in enumerate(fates)]
        ordered = Submission(kind=NAME, title="", template=self.town.templates[template].id, entries=lambda _: entries)
        made = self.do(self.town.submit(self.town.who, ordered))
        return multiple(*(self.town.known(made.batch, entry.position, entry.address) for entry in entries))

    @rule(target=links, fate=st.sampled_from(FATES), template=st.integers(0, 1))
    def submit_one(self, fate: str, template: int) -> Link:
        entry = self.an_entry(0, fate)
        order = Order(title="", template=self.town.templates[template].id, template_kind=NAME, entry=lambda _: entry)
        workflow = self.do(self._created(order))
        return self.town.known(workflow.batch, 0, entry.address)

    async def _created(self, order: Order) -> Workflow:
        made = await self.town.office.create(self.town.who, order)
        async with self.store.read() as tx:
            return await tx.workflows.get(self.town.who.tenant, made)

    def an_entry(self, position: int, fate: str, *, hours: int | None = None) -> NewEntry:
        """An entry for a number of its own."""
        number = self.town.a_number(fate)
        parameters = {"phoneNumber": number, "baFinancialAccountId": str(uuid4()), "amount": "12.5"}
        payload = msgspec.json.encode({"title": "Refund", "parameters": parameters, "hours": hours}).decode()
        if fate == REJECTED:
            return NewEntry(position, EntryState.REJECTED, number, payload, "invalid_address")
        return NewEntry(position, EntryState.ACCEPTED, number, payload)

    @rule(steps=st.integers(1, 4), hasty=st.booleans())
    def dispatch(self, steps: int, hasty: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        self.town.hasty = hasty
        for _ in range(steps):
            self.do(self.town.step())

    @rule(hasty=st.booleans())
    def die_in_a_window(self, hasty: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        """The process ends while messages are under way; the next one begins with an empty queue."""
        self.town.hasty, self.town.dies = hasty, True
        with suppress(Died):
            self.do(self.town.step())
        self.town.dies = False
        self.town.steps.forget()
        self.do(self.town.rescue.refill(alone=False))

    @rule(link=links, card=st.sampled_from(CARDS), forms=st.integers(1, 3))
    def answer(self, link: Link, card: str, forms: int) -> None:
        for _ in range(forms):
            self.do(self.town.answer(link, card))

    @rule(link=links, card=st.sampled_from(CARDS))
    def answer_twice_at_once(self, link: Link, card: str) -> None:
        self.attempt(self.town.answer(link, card), self.town.answer(link, card))

    @rule(link=links, withdraw=st.booleans())
    def answer_while_it_is_cancelled(self, link: Link, withdraw: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        cancelled = self.town.control.cancel(self.town.who, link.batch, withdraw=withdraw)
        self.attempt(self.town.answer(link), cancelled)

    @rule(link=links)
    def pay_and_die(self, link: Link) -> None:
        """The process ends between the order and its result."""

        async def die() -> None:
            raise Died

        self.town.payments.after = die
        with suppress(Died):
            self.do(self.town.answer(link))
        self.town.payments.after = nothing

    @rule(link=links)
    def decline(self, link: Link) -> None:
        visit = self.do(self.town.guide.find(link.token))
        if visit is not None:
            self.do(self.town.guide.decline(visit, DeclineReason.OTHER))

    @rule(link=links, text=st.sampled_from(["STOP", "START", "hm"]))
    def reply(self, link: Link, text: str) -> None:
        said = Reply(sender=link.number, recipient="", text=text, received_at=self.clock.now())
        take = self.town.replies.sink(self.town.who.tenant, self.town.channel_id)

        async def hear() -> None:
            await take([said])

        self.do(hear())
        if text == "STOP":
            self.town.opted_out.add(link.number)
        elif text == "START":
            self.town.opted_out.discard(link.number)

    @rule(link=links)
    def opt_out_on_the_page(self, link: Link) -> None:
        visit = self.do(self.town.guide.find(link.token))
        if visit is not None:
            self.do(self.town.guide.opt_out(visit))
            self.town.opted_out.add(link.number)

    @rule(link=links, times=st.integers(1, 2))
    def resend(self, link: Link, times: int) -> None:
        self.attempt(*(self.town.office.resend(self.town.who, link.workflow) for _ in range(times)))

    @rule(link=links, hours=st.sampled_from([1, 30]))
    def extend(self, link: Link, hours: int) -> None:
        self.attempt(self.town.office.extend(self.town.who, link.workflow, hours=hours))

    @rule(link=links)
    def cancel_one(self, link: Link) -> None:
        self.attempt(self.town.office.cancel(self.town.who, link.workflow))

    @rule(link=links, withdraw=st.booleans())
    def cancel(self, link: Link, withdraw: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        self.attempt(self.town.control.cancel(self.town.who, link.batch, withdraw=withdraw))

    @rule(share=st.sampled_from([1, 2]))
    def report(self, share: int) -> None:
        """Some of what the provider knows."""
        told = self.town.news[::share]
        self.town.news = [one for one in self.town.news if one not in told]
        self.do(self.town.tell(*(self.town.a_receipt(*one) for one in told)))

    @rule(step=STEPS)
    def pass_time(self, step: timedelta) -> None:
        self.do(self.town.pass_time(step))

    @rule(step=STEPS)
    def do_each_chore_twice_at_once(self, step: timedelta) -> None:
        self.clock.advance(step)
        self.attempt(*(chore.run_once() for chore in self.town.chores * 2))

    # What must hold.

    @invariant()
    def the_laws_hold(self) -> None:
        self.do(self.town.check_all())

    def teardown(self) -> None:
        """Let everything go on: each batch and each workflow comes to its end. Then put the database away."""
        try:
            self.do(self._end())
        finally:
            self.do(self.store.close())
            self.runner.close()
            self.database.__exit__(None, None, None)

    async def _end(self) -> None:
        self.town.hasty = False
        for step in (*[LEASE_OVER] * 8, *[timedelta(hours=61)] * 4, timedelta(hours=13)):
            await self.town.pass_time(step)
            await self.town.work()
            await self.town.tell_all()
        await self.town.check_all()
        async with self.store.read() as tx:
            assert {batch.state for batch in await self.town.all_batches(tx)} <= FINAL
        for link in self.town.links.values():
            visit = await self.town.guide.find(link.token)
            assert visit is None or visit.standing in ENDED
