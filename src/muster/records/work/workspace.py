"""The records that one unit of work touches: read in bulk, changed in memory, written in bulk.

A unit of work has two parts. First everything it may need is *gathered*, set by set; then operations are *done* in
memory, without waiting for anything. `mark` and `back_to` are savepoints: what is done between them leaves no trace.
`flush` writes what is left, each thing once.
"""

from collections.abc import Callable, MutableMapping, Sequence
from datetime import date
from typing import TypeVar

import msgspec

from muster.domain.errors import Unavailable
from muster.domain.records.char_types import RecordRef
from muster.domain.records.date_rule import DateRule
from muster.domain.records.process import Process, Status
from muster.domain.records.record import Gone, Link, Record, Stamp
from muster.domain.records.template import Template
from muster.domain.records.trace import Deed, Happening, Trace
from muster.ports.store.records import Writing
from muster.ports.store.unit import Transaction
from muster.records.work.scene import Actor, Scene
from muster.records.work.working_set import WorkingSet

_K = TypeVar("_K")
_V = TypeVar("_V")

__all__ = ["Actor", "Mark", "News", "Scene", "Workspace"]


class News(msgspec.Struct, frozen=True, kw_only=True):
    """A change that is to be told. `what` is the record or relationship as it stands (or stood, if deleted)."""

    happening: Happening
    what: Record | Link
    action: int = 0
    root: RecordRef | None = None
    """The module that a deleted component belonged to; of others it is found when they are told."""


Mark = int
"""A savepoint."""


class Workspace(WorkingSet):
    """The working set of one transaction, and everything that can be done to it."""

    def __init__(self, tx: Transaction, scene: Scene) -> None:
        super().__init__(tx, scene)
        self.blueprint = scene.blueprint
        self.stamp = Stamp(scene.at, scene.actor.number)
        self.today: date = scene.at.date()
        self._undo: list[Callable[[], object]] = []
        self._traces: list[Trace] = []
        self._news: list[News] = []
        self._gone: dict[RecordRef, Gone] = {}
        self._links_gone: dict[int, Gone] = {}

    # --- Looking, with the configuration -----------------------------------------------------------------------

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
        self._keep(self._heads, counter, before + 1)
        return before + 1

    def given_out(self, counter: str) -> int:
        """How many numbers of a counter were taken, and not yet written."""
        return self._heads[counter] - self._first_heads[counter]

    def new_ref(self, char_type: int) -> RecordRef:
        """The name of a record that is about to be made. All its relationships and rules are known: there are none."""
        ref = RecordRef(char_type, self.next(f"record.{char_type}"))
        for known in (self._known_above, self._known_below, self._known_rules):
            self._learn(known, ref)
        self._keep(self._counts, ref, 0)
        return ref

    def claim(self, ref: RecordRef) -> None:
        """Take a name that nobody has for a record that is about to be made, in place of the next one."""
        self.claim_number(f"record.{ref.char_type}", ref.number)
        for known in (self._known_above, self._known_below, self._known_rules):
            self._learn(known, ref)
        self._keep(self._counts, ref, 0)

    def claim_number(self, counter: str, number: int) -> None:
        """See to it that the counter does not give out `number`."""
        self._keep(self._heads, counter, max(self._heads[counter], number))

    def put(self, record: Record) -> None:
        """Make or change a record."""
        self._keep(self._records, record.ref, record)

    def remove(self, record: Record) -> None:
        """Delete a record. What hangs on it is the caller's business."""
        self._keep(self._records, record.ref, None)
        self._keep(self._gone, record.ref, Gone(what=record, at=self.stamp))

    def put_link(self, link: Link) -> None:
        """Make a relationship (they are never changed)."""
        self._keep(self._links, link.number, link)
        self._index(link)
        self._gain(link.child, 1)

        def forget() -> None:
            # The number is free again: another relationship may get it, between other records.
            del self._above[link.child][link.number]
            del self._below[link.parent][link.number]
            del self._by_pair[link.parent, link.child][link.number]

        self._undo.append(forget)

    def remove_link(self, link: Link) -> None:
        """Delete a relationship."""
        self._keep(self._links, link.number, None)
        self._keep(self._links_gone, link.number, Gone(what=link, at=self.stamp))
        self._gain(link.child, -1)

    def put_rule(self, rule: DateRule) -> None:
        """Make or change a date rule."""
        self._keep(self._rules, rule.number, rule)
        for ref in rule.refs:
            numbers = self._rules_at[ref]
            if rule.number not in numbers:
                self._keep(numbers, rule.number, None)

    def remove_rule(self, rule: DateRule) -> None:
        """Delete a date rule."""
        self._keep(self._rules, rule.number, None)

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

    def _gain(self, ref: RecordRef, more: int) -> None:
        self._keep(self._gained, ref, self._gained[ref] + more)

    def _keep(self, where: MutableMapping[_K, _V], key: _K, value: _V) -> None:
        """Set something in a mapping, so that it can be undone."""
        if key in where:
            before = where[key]
            self._undo.append(lambda: where.__setitem__(key, before))
        else:
            self._undo.append(lambda: where.__delitem__(key))
        where[key] = value

    def _learn(self, known: set[RecordRef], ref: RecordRef) -> None:
        if ref not in known:
            self._undo.append(lambda: known.discard(ref))
            known.add(ref)

    # --- Savepoints and writing --------------------------------------------------------------------------------

    def mark(self) -> Mark:
        """A savepoint. It holds until the next `flush`."""
        return len(self._undo)

    def back_to(self, mark: Mark) -> None:
        """Undo everything done since."""
        while len(self._undo) > mark:
            self._undo.pop()()

    async def flush(self) -> None:
        """Write what was done since the last time; nothing is written where nothing was. It cannot be undone then.

        Raises Unavailable where the configuration is another one by now: it is to be done anew.
        """
        if not self._undo:
            return
        if await self._tx.record_settings.blueprint_version(self.scene.tenant) != self.blueprint.version:
            raise Unavailable("the configuration was changed meanwhile")
        writing = self._writing()
        await self._store.write(self.scene.tenant, writing)
        self._take_for_granted(writing)

    def _writing(self) -> Writing:
        now = {ref: record for ref, record in self._records.items() if record is not None}
        # What was made and deleted within the same unit of work never was.
        ever = now.keys() | self._stored.keys()
        return Writing(
            added=[record for ref, record in now.items() if ref not in self._stored],
            changed=[record for ref, record in now.items() if ref in self._stored and self._stored[ref] is not record],
            removed=[one for ref, one in self._gone.items() if ref in self._stored],
            links_added=[one for one in self._links.values() if one and one.number not in self._stored_links],
            links_removed=[one for number, one in self._links_gone.items() if number in self._stored_links],
            rules_put=[one for n, one in self._rules.items() if one and self._stored_rules.get(n) is not one],
            rules_removed=[n for n, rule in self._rules.items() if rule is None and n in self._stored_rules],
            traces=[trace for trace in self._traces if trace.ref in ever],
            heads={name: head for name, head in self._heads.items() if head != self._first_heads[name]},
        )

    def _take_for_granted(self, writing: Writing) -> None:
        """What was written is what the store has now. News stays, and with it how what was deleted looked."""
        self._stored.update({record.ref: record for record in (*writing.added, *writing.changed)})
        self._stored_links.update({link.number: link for link in writing.links_added})
        self._stored_rules.update({rule.number: rule for rule in writing.rules_put})
        for number in writing.rules_removed:
            del self._stored_rules[number]
        self._first_heads.update(self._heads)
        for done in (self._traces, self._gone, self._links_gone, self._undo):
            done.clear()
