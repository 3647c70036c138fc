"""A world with workflows: a provider that does as a number's fate says, customers, and the laws that hold for them."""

from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4

import msgspec

from muster.domain.batch import Batch
from muster.domain.entry import Entry, EntryState
from muster.domain.errors import NotFound, WrongState
from muster.domain.event import Event, EventType
from muster.domain.ids import BatchId, TemplateId, TemplateVersionId, WorkflowId, entry_id
from muster.domain.outcome import Carried, Deferred, Outcome, Refused, Unknown, Unsent
from muster.domain.parcel import Parcel
from muster.domain.progress import awaiting
from muster.domain.receipt import Verdict
from muster.domain.template import Template, TemplateState
from muster.domain.workflow import OPEN
from muster.engine.dispatcher import Links, Rooms
from muster.intake.workflows import Means, WorkflowControl
from muster.journey.guide import Guide, Standing
from muster.kinds.kind import Terms
from muster.kinds.workflow_batches.definition import Definition, StepSetting, write
from muster.kinds.workflow_batches.kind import NAME, SINGLE, WorkflowBatches, link_token
from muster.kinds.workflow_batches.notices import NOTICES, WorkflowNotices
from muster.ports.store.batches import BatchFilter, Page
from muster.ports.store.unit import Transaction
from muster.ports.store.workflows import WorkflowFilter
from muster.settle.courses import Courses
from muster.settle.replies import ReplyDesk
from muster.stores.database import SqlStore
from muster.surfaces.workflow_batches.translate.batches import batch_detail
from muster.upkeep.deadlines import Deadlines
from muster.upkeep.notices import Notices
from muster.upkeep.payments import PaymentsChore
from tests.fakes.clock import FakeClock
from tests.fakes.customers import BY_CARD, CUSTOMER, CUSTOMER_FORM, KEY, NOTIFICATION, card_form
from tests.fakes.scripted_payments import Died, ScriptedPayments
from tests.fakes.world import World

FAILURES: Mapping[str, Outcome] = {
    "busy_once": Deferred("busy"),
    "always_busy": Deferred("busy"),
    "unsent_once": Unsent("connection_lost"),
    "refused": Refused("blocked"),
}
REPEATED: Mapping[str, Outcome] = {"lost_then_busy": Deferred("busy"), "lost_then_refused": Refused("blocked")}
FATES = ("arrives", "bounces", "lost", "lost_then_told", *REPEATED, *FAILURES)
"""What the provider does with a number; `lost…`: the first answer was lost, and what follows where it is repeated."""
APPROVED = "4242424242424242"
CARDS = (APPROVED, "4000000000009995", "4000000000003006", "4000000000006009", "4000000000007007")
TERMS = Terms(expiry=timedelta(hours=60), remind=timedelta(hours=24), quiet=timedelta(hours=1))
LEFT = frozenset(
    {EntryState.DISPATCHING, EntryState.SENT, EntryState.DELIVERED, EntryState.UNDELIVERED, EntryState.UNKNOWN}
)
ENDED = frozenset({Standing.COMPLETED, Standing.DECLINED, Standing.CANCELLED, Standing.EXPIRED})
EVERYTHING = Page(0, 100_000)
_AGES = timedelta(days=900)


class Link(NamedTuple):
    """What a customer was given, or will be."""

    token: str
    workflow: WorkflowId
    batch: BatchId
    position: int
    number: str


class Town(World):
    """A world whose batches open workflows. Made by `built`."""

    def __init__(self, store: SqlStore, clock: FakeClock) -> None:
        super().__init__(store, clock)
        self.payments = ScriptedPayments(clock)
        self.guide = Guide(store, self.payments, clock)
        self.replies = ReplyDesk(store, clock, self.meter, comparable=WorkflowBatches().comparable)
        self.office = WorkflowControl(
            store,
            clock,
            Means(submit=self.submit, control=self.control, kind=WorkflowBatches(SINGLE), link_key=KEY, terms=TERMS),
        )
        self.chores = (
            Deadlines(store, clock, TERMS, courses=Courses()),
            Notices(store, clock, self.submit.keep, new_uuid=uuid4),
            PaymentsChore(store, self.payments, clock),
        )
        self.channel.answer = self.answer_of
        self.channel.during = self.under_way
        self.templates = [self._template(steps) for steps in ((NOTIFICATION, CUSTOMER), BY_CARD)]
        self.fates: dict[str, str] = {}
        self.links: dict[str, Link] = {}
        """By entry."""
        self.opted_out: set[str] = set()
        self.news: list[tuple[str, Verdict]] = []
        self.hasty = False
        """Customers answer before the provider has."""
        self.dies = False
        """The process ends in the next window."""
        self._tries: Counter[str] = Counter()
        self._over: dict[str, Standing] = {}

    @classmethod
    async def built(cls, store: SqlStore, clock: FakeClock) -> "Town":
        """A town with its tenant, its channel and its templates in the store."""
        town = cls(store, clock)
        await town.move_in()
        async with store.begin() as tx:
            for template in town.templates:
                await tx.templates.add(town.who.tenant, template)
        return town

    def _template(self, steps: Sequence[StepSetting]) -> Template:
        now = self.clock.now()
        return Template(
            id=TemplateId(uuid4()),
            version_id=TemplateVersionId(uuid4()),
            version=1,
            kind=NAME,
            name=str(uuid4()),
            display_name="Refund",
            description="",
            definition=write(Definition(steps=tuple(steps), memo="Your refund")),
            state=TemplateState.ACTIVE,
            created_by=None,
            created_at=now,
            updated_at=now,
        )

    @property
    def rooms(self) -> Rooms:
        """What a worker works with."""
        kinds = {kind.name: kind for kind in (WorkflowBatches(), WorkflowBatches(SINGLE), WorkflowNotices())}
        links = Links(base="https://example.test/l", key=KEY)
        return msgspec.structs.replace(super().rooms, kinds=kinds, links=links, terms=TERMS)

    # What the provider does.

    def answer_of(self, parcel: Parcel) -> Outcome:
        """By the fate of the number. Nobody who has opted out is ever met here."""
        assert parcel.address not in self.opted_out
        self._tries[parcel.key] += 1
        tried, fate = self._tries[parcel.key], self.fates[parcel.address]
        ref = f"{parcel.key}/{tried}"
        if fate in FAILURES and (tried == 1 or not fate.endswith("_once")):
            return FAILURES[fate]
        if fate.startswith("lost") and tried == 1:
            self.news += [(ref, Verdict.ARRIVED)] if fate == "lost_then_told" else []
            return Unknown("answer_lost", refs=(ref,))
        if fate in REPEATED:
            return REPEATED[fate]
        self.news.append((ref, Verdict.BOUNCED if fate == "bounces" else Verdict.ARRIVED))
        return Carried((ref,))

    async def under_way(self, parcels: Sequence[Parcel]) -> None:
        """Customers may be quick; and the process may die here."""
        met = [self.links[parcel.key] for parcel in parcels if parcel.key in self.links]
        for link in met:
            if self.hasty and self.fates[link.number] not in FAILURES:
                await self.answer(link)
        if self.dies:
            self.dies = False
            raise Died

    # What customers and clients do.

    def a_number(self, fate: str) -> str:
        """A number with this fate."""
        number = f"+1647555{len(self.fates):04}"
        self.fates[number] = fate
        return number

    def known(self, batch: BatchId, position: int, number: str) -> Link:
        """The link of an entry, from now on looked after."""
        workflow = WorkflowId(entry_id(batch, position))
        link = Link(link_token(KEY, workflow), workflow, batch, position, number)
        self.links[str(workflow)] = link
        return link

    async def answer(self, link: Link, card: str = APPROVED) -> None:
        """Answer what is asked, if anything is."""
        visit = await self.guide.find(link.token)
        if visit is not None and visit.ask is not None:
            forms = {"customer": CUSTOMER_FORM, "card": card_form(card)}
            await self.guide.answer(visit, visit.workflow.step, forms.get(visit.ask.kind.value, {}))

    async def attempt(self, work: Coroutine[object, object, object]) -> None:
        """Do what may be illegal in the present state."""
        try:
            await work
        except (WrongState, NotFound):
            return

    async def pass_time(self, step: timedelta) -> None:
        """Let time pass, and do every chore once."""
        await self.wait(step)
        for chore in self.chores:
            await chore.run_once()

    async def tell_all(self) -> None:
        """Let the provider report all it knows, and give up what nobody reported on for hours."""
        await self.tell(*(self.a_receipt(*one) for one in self.news))
        self.news.clear()
        while await self.overdue.run_once():
            pass

    # What must hold.

    async def check_all(self) -> None:
        """Every law there is."""
        await self.check_laws()
        async with self.store.read() as tx:
            batches = await self.all_batches(tx)
            entries = {batch.id: await self._entries(tx, batch) for batch in batches}
            _, workflows = await tx.workflows.find(self.who.tenant, WorkflowFilter(), order=(), page=EVERYTHING)
            now = self.clock.now()
            events = await tx.outbox.between(
                self.who.tenant, since=now - _AGES, until=now + timedelta(days=1), limit=100_000
            )
        standing = {str(workflow.id) for workflow in workflows}
        for batch in batches:
            counts_add_up(batch)
            for entry in entries[batch.id]:
                self._check_entry(batch, entry, standing)
        ends_are_told_once(events)
        await self._links_stay_dead()
        messages = sum(len(entries[batch.id]) for batch in batches if batch.kind == NOTICES)
        assert messages == await self._texts_made(), "each text that was noted is in one message, and in no other"
        moved = Counter(key.rpartition(".")[0] for key in self.payments.moved)
        assert set(moved.values()) <= {1}, "money moved twice"

    async def all_batches(self, tx: Transaction) -> Sequence[Batch]:
        """Every batch, those of further texts too."""
        return (await tx.batches.find(self.who.tenant, BatchFilter(), order=(), page=EVERYTHING))[1]

    async def _entries(self, tx: Transaction, batch: Batch) -> Sequence[Entry]:
        return (await tx.entries.find(self.who.tenant, batch.number, states=None, order=(), page=EVERYTHING))[1]

    def _check_entry(self, batch: Batch, entry: Entry, standing: set[str]) -> None:
        key = str(entry_id(batch.id, entry.position))
        assert self.channel.arrivals[key] <= 1 + entry.repeats, "a text left twice, unmarked"
        if batch.kind == NAME:
            may_have_left = entry.state in LEFT or entry.repeats > 0
            assert (key in standing) == may_have_left, f"{entry.state}, {entry.repeats} repeats"
        elif batch.kind == SINGLE:
            assert key in standing

    async def _links_stay_dead(self) -> None:
        for link in self.links.values():
            visit = await self.guide.find(link.token)
            before = self._over.get(link.token)
            if before is not None:
                assert visit is not None, f"what had come to {before} is gone"
                assert visit.standing is before
            if visit is not None and visit.workflow.state not in OPEN:
                self._over[link.token] = visit.standing

    async def _texts_made(self) -> int:
        """How many further texts were noted, and are not waiting for a message."""
        noted = 0
        async with self.store.begin() as tx:
            for link in self.links.values():
                try:
                    history = await tx.workflows.notices(self.who.tenant, link.workflow)
                except NotFound:
                    continue
                serials = [notice.serial for notice in history if notice.serial]
                assert serials == list(range(1, len(serials) + 1))
                noted += len(serials)
            return noted - len(await tx.workflows.across_tenants_waiting_notices(limit=100_000))


def counts_add_up(batch: Batch) -> None:
    """The seven counts that the door shows are the total, less what is awaited."""
    if batch.kind != NAME:
        return
    shown = msgspec.structs.asdict(batch_detail(batch))
    counts = [n for name, n in shown.items() if name.endswith("_requests_count") and not name.startswith("total")]
    assert min(counts) >= 0
    # A customer may be done while the message is still under way: then it is counted, though it is awaited too.
    assert batch.total - awaiting(batch.counts) <= sum(counts) <= batch.total


def ends_are_told_once(events: Sequence[Event]) -> None:
    """No workflow is announced as completed, or as declined, more than once."""
    ends: Counter[str] = Counter()
    for event in events:
        if event.type is EventType.WORKFLOW_UPDATED:
            body = msgspec.json.decode(event.body)
            status, is_last = body["current_step"]["status"], body["next_step"] is None
            ends[body["workflow_id"]] += status == "DECLINED" or (status == "COMPLETED" and is_last)
    assert set(ends.values()) <= {0, 1}
