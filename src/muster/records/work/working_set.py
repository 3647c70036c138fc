"""What one unit of work has at hand: brought here set by set, and looked at without waiting for anything."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from muster.domain.records.char_types import CHAR_TYPES, RecordRef
from muster.domain.records.date_rule import DateRule
from muster.domain.records.money import FinancialPeriod, Rate
from muster.domain.records.operation import Denial, Denied
from muster.domain.records.record import Link, Record
from muster.ports.store.records import Records
from muster.ports.store.unit import Transaction
from muster.records.work.scene import Scene

_TOO_LARGE = 2**63
"""Numbers from here on are nobody's: a store cannot even be asked for them."""
_Numbers = dict[int, None]
"""A set that keeps its order."""


class WorkingSet:
    """The records, relationships and rules at hand. Readers of what was not gathered raise LookupError: our fault."""

    def __init__(self, tx: Transaction, scene: Scene) -> None:
        self.scene = scene
        self.rates: Sequence[Rate] = ()
        """Gathered by `gather_money`."""
        self.periods: Sequence[FinancialPeriod] = ()
        self._tx = tx
        self._store: Records = tx.records
        self._records: dict[RecordRef, Record | None] = {}
        self._stored: dict[RecordRef, Record] = {}
        self._held: set[RecordRef] = set()
        self._busy: set[RecordRef] = set()
        self._links: dict[int, Link | None] = {}
        self._stored_links: dict[int, Link] = {}
        self._above: defaultdict[RecordRef, _Numbers] = defaultdict(dict)
        self._below: defaultdict[RecordRef, _Numbers] = defaultdict(dict)
        self._by_pair: defaultdict[tuple[RecordRef, RecordRef], _Numbers] = defaultdict(dict)
        self._known_above: set[RecordRef] = set()
        self._known_below: set[RecordRef] = set()
        self._pairs: set[tuple[RecordRef, RecordRef]] = set()
        self._counts: dict[RecordRef, int] = {}
        self._gained: defaultdict[RecordRef, int] = defaultdict(int)
        """By how many the number of a record's parents has grown since it was counted in the store."""
        self._rules: dict[int, DateRule | None] = {}
        self._stored_rules: dict[int, DateRule] = {}
        self._rules_at: defaultdict[RecordRef, _Numbers] = defaultdict(dict)
        """By the records whose fields they work out, or look (or looked) at."""
        self._known_rules: set[RecordRef] = set()
        self._knows_money = False
        self._made: dict[int, Sequence[RecordRef]] = {}
        self._heads: dict[str, int] = {}
        self._first_heads: dict[str, int] = {}

    # --- Gathering ---------------------------------------------------------------------------------------------

    async def gather(self, refs: Collection[RecordRef], *, lock: bool = True, anew: bool = False) -> None:
        """Have these records at hand, locked for changing or only to be looked at.

        One that was only to be looked at so far is read anew when it is locked: somebody may have changed it meanwhile.
        `anew`: so is one that is not locked.
        """
        have = self._held if lock or anew else self._records
        wanted = [ref for ref in dict.fromkeys(refs) if ref not in have]
        if not wanted:
            return
        patience = self.scene.patience if lock else timedelta()
        askable = [ref for ref in wanted if _is_storable(ref)]
        loaded = await self._store.load(self.scene.tenant, askable, lock=lock, patience=patience)
        self._busy |= loaded.busy
        if lock:
            self._held.update(wanted)
        for ref in wanted:
            record = self._records[ref] = loaded.records.get(ref)
            if record is not None:
                self._stored[ref] = record
            else:
                self._stored.pop(ref, None)

    async def gather_links(self, numbers: Collection[int], *, anew: bool = False) -> None:
        """Have these relationships at hand. `anew`: read again what is, because its ends are locked only now."""
        wanted = [number for number in dict.fromkeys(numbers) if anew or number not in self._links]
        if wanted:
            found = await self._store.links(self.scene.tenant, [one for one in wanted if 0 < one < _TOO_LARGE])
            self._keep_links(found)
            there = {link.number for link in found}
            self._lose_links(number for number in wanted if number not in there)

    async def gather_links_anew(self) -> None:
        """Forget those relationships at hand that are no more, because somebody deleted the record at the other end.

        Records that are locked get no new ones. To be called once the counter of the audit history is held: whoever
        deletes records holds it until the end.
        """
        await self.gather_links(list(self._links), anew=True)

    async def gather_above(self, refs: Collection[RecordRef], *, anew: bool = False) -> None:
        """Have all relationships at hand in which one of `refs` is the child. `anew`: read again what is."""
        wanted = [ref for ref in dict.fromkeys(refs) if anew or ref not in self._known_above]
        if wanted:
            askable = [ref for ref in wanted if _is_storable(ref)]
            found = await self._store.links_above(self.scene.tenant, askable)
            self._keep_links(found)
            there = {link.number for link in found}
            self._lose_links(number for ref in wanted for number in self._above.get(ref, ()) if number not in there)
            self._known_above.update(wanted)

    async def gather_below(self, refs: Collection[RecordRef]) -> None:
        """Have all relationships at hand in which one of `refs` is the parent."""
        wanted = [ref for ref in dict.fromkeys(refs) if ref not in self._known_below]
        if wanted:
            askable = [ref for ref in wanted if _is_storable(ref)]
            self._keep_links(await self._store.links_below(self.scene.tenant, askable))
            self._known_below.update(wanted)

    async def gather_between(self, pairs: Collection[tuple[RecordRef, RecordRef]]) -> None:
        """Have all relationships from a parent to a child at hand that are among `pairs`."""
        wanted = [pair for pair in dict.fromkeys(pairs) if pair not in self._pairs]
        if wanted:
            askable = [pair for pair in wanted if _is_storable(pair[0]) and _is_storable(pair[1])]
            self._keep_links(await self._store.links_between(self.scene.tenant, askable))
            self._pairs.update(wanted)

    async def gather_counts(self, refs: Collection[RecordRef]) -> None:
        """Know of how many relationships each of `refs` that there is is the child."""
        wanted = [ref for ref in dict.fromkeys(refs) if ref not in self._counts and self._records.get(ref) is not None]
        if wanted:
            found = await self._store.parent_counts(self.scene.tenant, wanted)
            self._counts.update({ref: found.get(ref, 0) for ref in wanted})

    async def gather_rules(self, refs: Collection[RecordRef]) -> None:
        """Have every date rule at hand that a change of one of `refs` can set off, and all records they look at.

        That is all within reach: rules about these records, rules about the records those rules write, and so on.
        `refs` must be locked: then nobody can make a rule that looks at them meanwhile.
        """
        wanted = [ref for ref in dict.fromkeys(refs) if ref not in self._known_rules and _is_storable(ref)]
        if not wanted:
            return
        rules = await self._store.rules_in_reach(self.scene.tenant, wanted)
        while not (targets := {rule.target.ref: None for rule in rules}).keys() <= self._held:
            await self.gather(targets)
            # Until its target was locked, each of them could be changed or deleted, and the chain could grow.
            rules = await self._store.rules_in_reach(self.scene.tenant, wanted)
        self._keep_rules(rules)
        self._known_rules.update((*wanted, *targets))
        # Read now, although some may be at hand: who changes one of them later waits for the targets.
        await self.gather([one.spot.ref for rule in rules for one in rule.sources], lock=False, anew=True)

    async def gather_own_rules(self, refs: Collection[RecordRef]) -> None:
        """Have the date rules at hand that work out fields of `refs`, and the records they look at.

        Those are locked: who takes the rules over looks at them as well, and nobody else knows that yet.
        """
        wanted = {ref: None for ref in refs if _is_storable(ref)}
        own = await self._own_rules(wanted)
        while not (looked_at := {one.spot.ref: None for rule in own for one in rule.sources}).keys() <= self._held:
            await self.gather(looked_at)
            own = await self._own_rules(wanted)
        self._keep_rules(own)

    async def _own_rules(self, refs: Mapping[RecordRef, None]) -> Sequence[DateRule]:
        found = await self._store.rules_touching(self.scene.tenant, list(refs)) if refs else ()
        return [rule for rule in found if rule.target.ref in refs]

    async def gather_made(self, rows: Collection[int], *, lock: bool = True) -> Mapping[int, Sequence[Record]]:
        """The amounts that earlier amortizations of these table rows made, by row; they are at hand afterwards."""
        made: dict[int, list[Record]] = {row: [] for row in rows}
        askable = [row for row in made if 0 < row < _TOO_LARGE]
        found = await self._store.made_by(self.scene.tenant, askable) if askable else ()
        await self.gather([record.ref for record in found], lock=lock)
        for record in found:
            if record.origin is not None:
                made[record.origin].append(record)
        self._made.update({row: [record.ref for record in records] for row, records in made.items()})
        return made

    async def count_made(self, rows: Collection[int]) -> Mapping[int, int]:
        """How many amounts there are that earlier amortizations of each of these table rows made; they stay away."""
        askable = [row for row in dict.fromkeys(rows) if 0 < row < _TOO_LARGE]
        found = await self._store.made_counts(self.scene.tenant, askable)
        return {row: found.get(row, 0) for row in rows}

    def made(self, row: int) -> Sequence[RecordRef]:
        """The amounts that earlier amortizations of the table row made, as they were gathered."""
        return self._made[row]

    def knows_made(self, row: int) -> bool:
        """Whether the amounts that earlier amortizations of the table row made are at hand."""
        return row in self._made

    async def gather_heads(self, counters: Collection[str]) -> None:
        """Be able to number new things. The last thing to gather: others wait for the counters."""
        wanted = sorted(set(counters) - set(self._heads))
        if wanted:
            found = await self._store.heads(self.scene.tenant, wanted)
            self._heads.update({counter: found.get(counter, 0) for counter in wanted})
            self._first_heads.update({counter: self._heads[counter] for counter in wanted})

    async def gather_money(self) -> None:
        """Know the rates between currencies, and the financial periods."""
        if self._knows_money:
            return
        self._knows_money = True
        self.rates = await self._tx.record_settings.rates(self.scene.tenant)
        self.periods = await self._tx.record_settings.periods(self.scene.tenant)

    def _keep_links(self, links: Iterable[Link]) -> None:
        for link in links:
            if self._links.get(link.number) is None and link.number not in self._stored_links:
                self._links[link.number] = self._stored_links[link.number] = link
                self._index(link)

    def _lose_links(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._links[number] = None
            self._stored_links.pop(number, None)

    def _keep_rules(self, rules: Iterable[DateRule]) -> None:
        for rule in rules:
            if rule.number not in self._rules:
                self._rules[rule.number] = self._stored_rules[rule.number] = rule
                for ref in rule.refs:
                    self._rules_at[ref][rule.number] = None

    def _index(self, link: Link) -> None:
        self._above[link.child][link.number] = None
        self._below[link.parent][link.number] = None
        self._by_pair[link.parent, link.child][link.number] = None

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

    def last_seen(self, ref: RecordRef) -> Record | None:
        """The record as it stands, or stood before it was deleted; None where it is not at hand."""
        return self._records.get(ref) or self._stored.get(ref)

    def link(self, number: int) -> Link:
        """The relationship. Raises Denied (not found)."""
        link = self._links[number]
        if link is None:
            raise Denied(Denial.NOT_FOUND)
        return link

    def link_or_none(self, number: int) -> Link | None:
        """The relationship, None where there is none."""
        return self._links[number]

    def knows_above(self, ref: RecordRef) -> bool:
        """Whether all relationships in which the record is the child are at hand."""
        return ref in self._known_above

    def knows_below(self, ref: RecordRef) -> bool:
        """Whether all relationships in which the record is the parent are at hand."""
        return ref in self._known_below

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
        return self._in_order(self._by_pair.get((parent, child), ()))

    def _in_order(self, numbers: Iterable[int]) -> Sequence[Link]:
        found = [link for number in numbers if (link := self._links[number]) is not None]
        return sorted(found, key=lambda one: (one.sequence, one.number)) if len(found) > 1 else found

    def parent_count(self, ref: RecordRef) -> int:
        """Of how many relationships the record is the child now."""
        if ref in self._counts:
            return self._counts[ref] + self._gained.get(ref, 0)
        return len(self.above(ref))

    def rules(self) -> Sequence[DateRule]:
        """Every date rule at hand."""
        return [rule for rule in self._rules.values() if rule is not None]

    def rules_of(self, ref: RecordRef) -> Sequence[DateRule]:
        """The date rules at hand that work out fields of the record, or look at them."""
        numbers = self._rules_at.get(ref)
        if not numbers:
            return ()
        found = (self._rules[number] for number in numbers)
        return [rule for rule in found if rule is not None and ref in rule.refs]

    def rules_at(self, ref: RecordRef) -> Sequence[DateRule]:
        """The date rules at hand that work out fields of the record."""
        return [rule for rule in self.rules_of(ref) if rule.target.ref == ref]

    def rule(self, number: int) -> DateRule:
        """The date rule. Raises Denied (not found)."""
        rule = self._rules[number]
        if rule is None:
            raise Denied(Denial.NOT_FOUND)
        return rule


def _is_storable(ref: RecordRef) -> bool:
    """Whether there can be such a record. Who asks for others gets none."""
    return ref.char_type in CHAR_TYPES and 0 < ref.number < _TOO_LARGE
