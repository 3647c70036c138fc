"""The records that one unit of work touches: read in bulk, changed in memory, written in bulk.

A unit of work has two parts. First everything it may need is *gathered*, set by set; then operations are *done* in
memory, without waiting for anything. `mark` and `back_to` are savepoints: what is done between them leaves no trace.
`flush` writes what is left, each thing once.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from muster.domain.ids import TenantId
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import RecordRef
from muster.domain.records.date_rule import DateRule
from muster.domain.records.money import FinancialPeriod, Rate
from muster.domain.records.operation import Denial, Denied
from muster.domain.records.process import Process, Status
from muster.domain.records.record import Gone, Link, Record, Stamp
from muster.domain.records.template import Template
from muster.domain.records.trace import Deed, Happening, Trace
from muster.domain.tenant import Role
from muster.ports.store.records import Records, Writing
from muster.ports.store.unit import Transaction


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts. `number` is how records know a user."""

    number: int
    role: Role


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """The surroundings of a unit of work."""

    tenant: TenantId
    actor: Actor
    blueprint: Blueprint
    at: datetime
    patience: timedelta = timedelta(seconds=5)
    """How long a record that somebody else is changing is waited for."""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """A change that is to be told. `what` is the record or relationship as it stands (or stood, if deleted)."""

    happening: Happening
    what: Record | Link
    action: int = 0
    root: RecordRef | None = None
    """The module that a component belongs to."""


Mark = int
"""A savepoint."""


class Workspace:
    """The working set of one transaction. Readers of what was not gathered raise LookupError: a fault of ours."""

    def __init__(self, tx: Transaction, scene: Scene) -> None:
        self.scene = scene
        self.rates: Sequence[Rate] = ()
        """Gathered by `gather_money`."""
        self.periods: Sequence[FinancialPeriod] = ()
        self._tx = tx
        self._store: Records = tx.records
        self._undo: list[Callable[[], object]] = []
        self._records: dict[RecordRef, Record | None] = {}
        self._stored: dict[RecordRef, Record] = {}
        self._busy: set[RecordRef] = set()
        self._links: dict[int, Link | None] = {}
        self._stored_links: dict[int, Link] = {}
        self._above: dict[RecordRef, dict[int, None]] = defaultdict(dict)
        self._below: dict[RecordRef, dict[int, None]] = defaultdict(dict)
        self._known_above: set[RecordRef] = set()
        self._known_below: set[RecordRef] = set()
        self._pairs: set[tuple[RecordRef, RecordRef]] = set()
        self._counts: dict[RecordRef, int] = {}
        self._rules: dict[int, DateRule | None] = {}
        self._stored_rules: dict[int, DateRule] = {}
        self._known_rules: set[RecordRef] = set()
        self._heads: dict[str, int] = {}
        self._first_heads: dict[str, int] = {}
        self._traces: list[Trace] = []
        self._news: list[News] = []
        self._gone: dict[RecordRef | int, Gone] = {}
        self.blueprint = scene.blueprint
        self.stamp = Stamp(scene.at, scene.actor.number)
        self.today: date = scene.at.date()

    # --- Gathering ---------------------------------------------------------------------------------------------

    async def gather(self, refs: Collection[RecordRef], *, lock: bool = True) -> None:
        """Have these records at hand, locked for changing or only to be looked at."""
        wanted = [ref for ref in dict.fromkeys(refs) if ref not in self._records]
        if not wanted:
            return
        loaded = await self._store.load(
            self.scene.tenant, wanted, lock=lock, patience=self.scene.patience if lock else timedelta()
        )
        self._busy |= loaded.busy
        for ref in wanted:
            record = loaded.records.get(ref)
            self._records[ref] = record
            if record is not None:
                self._stored[ref] = record

    async def gather_links(self, numbers: Collection[int]) -> None:
        """Have these relationships at hand."""
        wanted = [number for number in dict.fromkeys(numbers) if number not in self._links]
        if wanted:
            self._keep_links(await self._store.links(self.scene.tenant, wanted))
            for number in wanted:
                self._links.setdefault(number, None)

    async def gather_above(self, refs: Collection[RecordRef]) -> None:
        """Have all relationships at hand in which one of `refs` is the child."""
        wanted = [ref for ref in dict.fromkeys(refs) if ref not in self._known_above]
        if wanted:
            self._keep_links(await self._store.links_above(self.scene.tenant, wanted))
            self._known_above.update(wanted)

    async def gather_below(self, refs: Collection[RecordRef]) -> None:
        """Have all relationships at hand in which one of `refs` is the parent."""
        wanted = [ref for ref in dict.fromkeys(refs) if ref not in self._known_below]
        if wanted:
            self._keep_links(await self._store.links_below(self.scene.tenant, wanted))
            self._known_below.update(wanted)

    async def gather_between(self, pairs: Collection[tuple[RecordRef, RecordRef]]) -> None:
        """Have all relationships from a parent to a child at hand that are among `pairs`."""
        wanted = [pair for pair in dict.fromkeys(pairs) if pair not in self._pairs]
        if wanted:
            self._keep_links(await self._store.links_between(self.scene.tenant, wanted))
            self._pairs.update(wanted)

    async def gather_counts(self, refs: Collection[RecordRef]) -> None:
        """Know of how many relationships each of `refs` is the child. To be called before anything is changed."""
        wanted = [ref for ref in dict.fromkeys(refs) if ref not in self._counts and self._records.get(ref) is not None]
        if wanted:
            found = await self._store.parent_counts(self.scene.tenant, wanted)
            self._counts.update({ref: found.get(ref, 0) for ref in wanted})

    async def gather_rules(self, refs: Collection[RecordRef]) -> None:
        """Have every date rule at hand that a change of one of `refs` can set off, and all records they look at.

        That is all within reach: rules about these records, rules about the records those rules write, and so on.
        """
        frontier = [ref for ref in dict.fromkeys(refs) if ref not in self._known_rules]
        while frontier:
            self._known_rules.update(frontier)
            found = await self._store.rules_touching(self.scene.tenant, frontier)
            for rule in found:
                if rule.number not in self._rules:
                    self._rules[rule.number] = rule
                    self._stored_rules[rule.number] = rule
            await self.gather([rule.target.ref for rule in found])
            await self.gather([one.spot.ref for rule in found for one in rule.sources], lock=False)
            frontier = [ref for rule in found if (ref := rule.target.ref) not in self._known_rules]
            frontier = list(dict.fromkeys(frontier))

    async def gather_rules_numbered(self, numbers: Collection[int]) -> None:
        """Have these date rules at hand, and everything around them."""
        found = await self._store.rules(self.scene.tenant, numbers)
        await self.gather_rules([rule.target.ref for rule in found])
        for number in numbers:
            self._rules.setdefault(number, None)

    async def gather_made(self, rows: Collection[int]) -> Mapping[int, Sequence[Record]]:
        """The amounts that earlier amortizations of these table rows made, by row; they are at hand afterwards."""
        made: dict[int, list[Record]] = {row: [] for row in rows}
        found = await self._store.made_by(self.scene.tenant, rows) if rows else ()
        await self.gather([record.ref for record in found])
        for record in found:
            if record.origin is not None:
                made[record.origin].append(record)
        return made

    async def gather_heads(self, counters: Collection[str]) -> None:
        """Be able to number new things. The last thing to gather: others wait for the counters."""
        wanted = sorted(set(counters) - set(self._heads))
        if wanted:
            found = await self._store.heads(self.scene.tenant, wanted)
            self._heads.update({counter: found.get(counter, 0) for counter in wanted})
            self._first_heads.update({counter: self._heads[counter] for counter in wanted})

    async def gather_money(self) -> None:
        """Know the rates between currencies, and the financial periods."""
        self.rates = await self._tx.record_settings.rates(self.scene.tenant)
        self.periods = await self._tx.record_settings.periods(self.scene.tenant)

    def _keep_links(self, links: Iterable[Link]) -> None:
        for link in links:
            if link.number not in self._links:
                self._links[link.number] = self._stored_links[link.number] = link
                self._above[link.child][link.number] = None
                self._below[link.parent][link.number] = None

    # --- Looking -----------------------------------------------------------------------------------------------

    def find(self, ref: RecordRef) -> Record | None:
        """The record as it stands, None where there is none. Raises Denied where somebody else is changing it."""
        if ref in self._busy:
            raise Denied(Denial.LOCKED)
        return self._records[ref]

    def get(self, ref: RecordRef) -> Record:
        """The record as it stands. Raises Denied (not found, locked)."""
        record = self.find(ref)
        if record is None:
            raise Denied(Denial.NOT_FOUND)
        return record

    def knows(self, ref: RecordRef) -> bool:
        """Whether the record, or that there is none, is at hand."""
        return ref in self._records

    def link(self, number: int) -> Link:
        """The relationship. Raises Denied (not found)."""
        link = self._links[number]
        if link is None:
            raise Denied(Denial.NOT_FOUND)
        return link

    def above(self, ref: RecordRef) -> Sequence[Link]:
        """The relationships in which the record is the child, in order."""
        if ref not in self._known_above:
            raise LookupError(ref)
        return self._in_order(self._above.get(ref, ()))

    def below(self, ref: RecordRef) -> Sequence[Link]:
        """The relationships in which the record is the parent, in order."""
        if ref not in self._known_below:
            raise LookupError(ref)
        return self._in_order(self._below.get(ref, ()))

    def between(self, parent: RecordRef, child: RecordRef) -> Sequence[Link]:
        """The relationships from one to the other."""
        if (parent, child) not in self._pairs and parent not in self._known_below and child not in self._known_above:
            raise LookupError((parent, child))
        return [one for one in self._in_order(self._below.get(parent, ())) if one.child == child]

    def _in_order(self, numbers: Iterable[int]) -> Sequence[Link]:
        found = (self._links[number] for number in numbers)
        return sorted((one for one in found if one is not None), key=lambda one: (one.sequence, one.number))

    def parent_count(self, ref: RecordRef) -> int:
        """Of how many relationships the record is the child now."""
        if ref in self._known_above:
            return len(self.above(ref))
        before = [one for one in self._stored_links.values() if one.child == ref]
        return self._counts[ref] - len(before) + len(self._in_order(self._above.get(ref, ())))

    def rules(self) -> Sequence[DateRule]:
        """Every date rule at hand."""
        return [rule for rule in self._rules.values() if rule is not None]

    def rule(self, number: int) -> DateRule:
        """The date rule. Raises Denied (not found)."""
        rule = self._rules[number]
        if rule is None:
            raise Denied(Denial.NOT_FOUND)
        return rule

    def template_of(self, record: Record) -> Template | None:
        """The record's template; None where the blueprint knows it no more."""
        return self.blueprint.template_of(record.ref.char_type, record.template)

    def process_of(self, record: Record) -> Process:
        """The record's process."""
        return self.blueprint.process_of(self.template_of(record))

    def status_of(self, record: Record) -> Status:
        """Where the record stands."""
        return self.blueprint.status_of(self.template_of(record), record.status)

    def standing_of(self, char_type: int, number: int) -> Status | None:
        """Where the record stands, if it is at hand and there is one."""
        record = self._records.get(RecordRef(char_type, number))
        return None if record is None else self.status_of(record)

    @property
    def news(self) -> Sequence[News]:
        """What is to be told, in order."""
        return self._news

    # --- Doing -------------------------------------------------------------------------------------------------

    def next(self, counter: str) -> int:
        """The next number of a counter."""
        before = self._heads[counter]
        self._undo.append(lambda: self._heads.__setitem__(counter, before))
        self._heads[counter] = before + 1
        return before + 1

    def new_ref(self, char_type: int) -> RecordRef:
        """The name of a record that is about to be made. All its relationships and rules are known: there are none."""
        ref = RecordRef(char_type, self.next(f"record.{char_type}"))
        self._known_above.add(ref)
        self._known_below.add(ref)
        self._known_rules.add(ref)
        return ref

    def put(self, record: Record) -> None:
        """Make or change a record."""
        before, was_known = self._records.get(record.ref), record.ref in self._records

        def undo() -> None:
            if was_known:
                self._records[record.ref] = before
            else:
                del self._records[record.ref]

        self._undo.append(undo)
        self._records[record.ref] = record

    def remove(self, record: Record) -> None:
        """Delete a record. What hangs on it is the caller's business."""
        before = self._records[record.ref]
        self._undo.append(lambda: self._records.__setitem__(record.ref, before))
        self._records[record.ref] = None
        self._bury(record.ref, Gone(what=record, at=self.stamp))

    def put_link(self, link: Link) -> None:
        """Make a relationship (they are never changed)."""

        def undo() -> None:
            self._links[link.number] = None

        self._undo.append(undo)
        self._links[link.number] = link
        self._above[link.child][link.number] = None
        self._below[link.parent][link.number] = None

    def remove_link(self, link: Link) -> None:
        """Delete a relationship."""
        self._undo.append(lambda: self._links.__setitem__(link.number, link))
        self._links[link.number] = None
        self._bury(link.number, Gone(what=link, at=self.stamp))

    def _bury(self, key: RecordRef | int, gone: Gone) -> None:
        self._undo.append(lambda: self._gone.pop(key, None))
        self._gone[key] = gone

    def put_rule(self, rule: DateRule) -> None:
        """Make or change a date rule."""
        before = self._rules.get(rule.number)
        self._undo.append(lambda: self._rules.__setitem__(rule.number, before))
        self._rules[rule.number] = rule

    def remove_rule(self, rule: DateRule) -> None:
        """Delete a date rule."""
        self._undo.append(lambda: self._rules.__setitem__(rule.number, rule))
        self._rules[rule.number] = None

    def note(
        self, record: Record, deed: Deed, *, field: str = "", old: str = "", new: str = "", operation: int | None = None
    ) -> int:
        """Add a row to the audit history; its number. Rows of one operation name the number of its first one."""
        number = self.next("trace")
        self._undo.append(self._traces.pop)
        self._traces.append(
            Trace(
                number=number,
                ref=record.ref,
                operation=number if operation is None else operation,
                deed=deed,
                title=record.title,
                template=record.template,
                field=field,
                old=old,
                new=new,
                stamp=self.stamp,
            )
        )
        return number

    def tell(self, news: News) -> None:
        """Have a change told."""
        self._undo.append(self._news.pop)
        self._news.append(news)

    # --- Savepoints and writing --------------------------------------------------------------------------------

    def mark(self) -> Mark:
        """A savepoint."""
        return len(self._undo)

    def back_to(self, mark: Mark) -> None:
        """Undo everything done since."""
        while len(self._undo) > mark:
            self._undo.pop()()

    async def flush(self) -> None:
        """Write what was done. Nothing is written where nothing was."""
        if not self._undo:
            return
        await self._store.write(self.scene.tenant, self._writing())
        self._undo.clear()

    def _writing(self) -> Writing:
        now = {ref: record for ref, record in self._records.items() if record is not None}
        # What was made and deleted within the same unit of work never was.
        gone = [one for key, one in self._gone.items() if key in self._stored or key in self._stored_links]
        return Writing(
            added=[record for ref, record in now.items() if ref not in self._stored],
            changed=[record for ref, record in now.items() if ref in self._stored and self._stored[ref] is not record],
            removed=[one for one in gone if isinstance(one.what, Record)],
            links_added=[one for one in self._links.values() if one and one.number not in self._stored_links],
            links_removed=[one for one in gone if isinstance(one.what, Link)],
            rules_put=[one for n, one in self._rules.items() if one and self._stored_rules.get(n) is not one],
            rules_removed=[n for n, rule in self._rules.items() if rule is None and n in self._stored_rules],
            traces=tuple(self._traces),
            heads={name: head for name, head in self._heads.items() if head != self._first_heads[name]},
        )
