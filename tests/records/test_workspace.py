"""The working set of a unit of work: savepoints leave no trace, and what was never does not get written."""

import functools
from collections.abc import Callable, Sequence

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muster.domain.records.char_types import CATALOG_ITEM, RIGHT, RecordRef
from muster.domain.records.date_rule import DateRule, Source, Spot
from muster.domain.records.record import Link, Record
from muster.domain.records.trace import Deed, Happening
from muster.ports.store.unit import Transaction
from muster.records.work.workspace import News, Workspace
from tests.records.house import House

Step = tuple[str, int, int]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["make", "change", "remove", "relate", "part", "rule", "unrule", "note", "tell", "mark", "back"]
        ),
        st.integers(0, 50),
        st.integers(0, 50),
    ),
    max_size=60,
)


async def a_workspace(house: House, tx: Transaction, films: Sequence[RecordRef]) -> Workspace:
    workspace = Workspace(tx, await house.desk.scene(tx, house.acting, house.clock.now()))
    await workspace.gather(films)
    await workspace.gather_above(films)
    await workspace.gather_below(films)
    await workspace.gather_counts(films)
    await workspace.gather_rules(films)
    await workspace.gather_heads([f"record.{CATALOG_ITEM}", f"record.{RIGHT}", "link", "rule", "trace"])
    return workspace


def a_record(workspace: Workspace, ref: RecordRef, title: str) -> Record:
    stamp = workspace.stamp
    return Record(
        ref=ref, template=1, status=1, title=title, values={}, created=stamp, updated=stamp, moved=stamp
    )  # fmt: skip


class Driver:
    """Does random things to a workspace, and remembers what it has made."""

    def __init__(self, workspace: Workspace, films: Sequence[RecordRef]) -> None:
        self.workspace = workspace
        self.refs = list(films)
        self.links: list[int] = []
        self.rules: list[int] = []
        self.marks: list[tuple[int, object]] = []

    def seen(self) -> object:
        """Everything that can be seen of the workspace."""
        space, refs = self.workspace, [ref for ref in self.refs if self.workspace.knows(ref)]
        return (
            {ref: record for ref in refs if (record := space.find(ref)) is not None},
            {ref: (space.above(ref), space.below(ref), space.parent_count(ref), space.rules_of(ref)) for ref in refs},
            {(one, other): space.between(one, other) for one in refs for other in refs},
            space.rules(),
            tuple(space.news),
        )

    def step(self, step: Step) -> None:
        """Do one thing."""
        name, one, other = step
        live = [ref for ref in self.refs if self.workspace.knows(ref) and self.workspace.find(ref) is not None]
        if live or name == "make":
            do: Callable[[int, int, list[RecordRef]], None] = getattr(self, f"_{name}")
            do(one, other, live)

    def _make(self, one: int, _: int, __: list[RecordRef]) -> None:
        ref = self.workspace.new_ref(CATALOG_ITEM if one % 2 else RIGHT)
        self.refs = list(dict.fromkeys([*self.refs, ref]))
        self.workspace.put(a_record(self.workspace, ref, f"made {one}"))

    def _change(self, one: int, other: int, live: list[RecordRef]) -> None:
        record = self.workspace.get(live[one % len(live)])
        self.workspace.put(msgspec.structs.replace(record, title=f"changed {other}"))

    def _remove(self, one: int, _: int, live: list[RecordRef]) -> None:
        ref = live[one % len(live)]
        for link in {link.number: link for link in (*self.workspace.above(ref), *self.workspace.below(ref))}.values():
            self.workspace.remove_link(link)
        self.workspace.remove(self.workspace.get(ref))

    def _relate(self, one: int, other: int, live: list[RecordRef]) -> None:
        number, stamp = self.workspace.next("link"), self.workspace.stamp
        link = Link(
            number=number,
            kind=0,
            parent=live[one % len(live)],
            child=live[other % len(live)],
            sequence=number,
            created=stamp,
            updated=stamp,
        )
        self.workspace.put_link(link)

    def _part(self, one: int, _: int, live: list[RecordRef]) -> None:
        below = self.workspace.below(live[one % len(live)])
        if below:
            self.workspace.remove_link(below[one % len(below)])

    def _rule(self, one: int, other: int, live: list[RecordRef]) -> None:
        source = Source(number=one, spot=Spot(live[other % len(live)], "b"))
        target = Spot(live[one % len(live)], "a")
        self.workspace.put_rule(DateRule(number=self.workspace.next("rule"), target=target, sources=(source,)))

    def _unrule(self, one: int, _: int, __: list[RecordRef]) -> None:
        rules = self.workspace.rules()
        if rules:
            self.workspace.remove_rule(rules[one % len(rules)])

    def _note(self, one: int, _: int, live: list[RecordRef]) -> None:
        self.workspace.note(self.workspace.get(live[one % len(live)]), Deed.CHANGED)

    def _tell(self, one: int, _: int, live: list[RecordRef]) -> None:
        self.workspace.tell(News(happening=Happening.UPDATED, what=self.workspace.get(live[one % len(live)])))

    def _mark(self, _: int, __: int, ___: list[RecordRef]) -> None:
        self.marks.append((self.workspace.mark(), self.seen()))

    def _back(self, _: int, __: int, ___: list[RecordRef]) -> None:
        if self.marks:
            mark, before = self.marks.pop()
            self.workspace.back_to(mark)
            assert self.seen() == before


async def test_going_back_leaves_exactly_what_was_there_at_the_mark(house: House, statements: list[str]) -> None:
    films = [await house.have(CATALOG_ITEM, title) for title in "abc"]
    await house.link(films[0], films[1])
    async with house.store.begin() as tx:
        workspace = await a_workspace(house, tx, films)
        start, before = workspace.mark(), Driver(workspace, films).seen()

        @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
        @given(STEPS)
        def try_out(steps: list[Step]) -> None:
            driver = Driver(workspace, films)
            for step in steps:
                driver.step(step)
            workspace.back_to(start)
            assert driver.seen() == before

        try_out()
        statements.clear()
        await workspace.flush()
        assert statements == []


async def test_what_is_written_is_what_was_seen_last(house: House) -> None:
    films = [await house.have(CATALOG_ITEM, title) for title in "abc"]
    await house.link(films[0], films[1])
    script: list[Step] = [("make", 1, 0), ("relate", 3, 0), ("change", 1, 5), ("remove", 2, 0), ("relate", 1, 2)]
    async with house.store.begin() as tx:
        workspace = await a_workspace(house, tx, films)
        driver = Driver(workspace, films)
        for step in script:
            driver.step(step)
        seen = driver.seen()
        await workspace.flush()
        refs = driver.refs
    async with house.store.begin() as tx:
        again = await a_workspace(house, tx, refs)
        assert Driver(again, refs).seen() == seen


async def test_what_was_made_and_deleted_again_was_never_there(house: House, statements: list[str]) -> None:
    async with house.store.begin() as tx:
        workspace = await a_workspace(house, tx, [])
        ref = workspace.new_ref(CATALOG_ITEM)
        record = a_record(workspace, ref, "short")
        workspace.put(record)
        workspace.note(record, Deed.ADDED)
        workspace.remove(record)
        workspace.note(record, Deed.DELETED)
        await workspace.flush()
    assert await house.get(ref) is None
    assert await house.traces(ref) == []
    assert not [sql for sql in statements if "records_gone" in sql]


async def test_a_number_that_is_free_again_brings_no_old_ends_along(house: House) -> None:
    films = [await house.have(CATALOG_ITEM, title) for title in "abc"]
    async with house.store.begin() as tx:
        workspace = await a_workspace(house, tx, films)
        driver = Driver(workspace, films)
        mark = workspace.mark()
        driver.step(("relate", 0, 1))
        workspace.back_to(mark)
        driver.step(("relate", 0, 2))
        counts = list(map(workspace.parent_count, films))
        assert counts == [0, 0, 1]
        assert workspace.above(films[1]) == []


async def test_one_that_was_only_looked_at_is_read_anew_when_it_is_locked(house: House) -> None:
    film = await house.have(CATALOG_ITEM, "a")
    async with house.store.begin() as tx:
        workspace = Workspace(tx, await house.desk.scene(tx, house.acting, house.clock.now()))
        await workspace.gather([film], lock=False)
        looked_at = workspace.get(film)
        await workspace.gather([film])
        assert workspace.get(film) == looked_at
        assert workspace.get(film) is not looked_at


async def test_counting_parents_does_not_slow_down_with_the_number_of_relationships(house: House) -> None:
    hub = await house.have(CATALOG_ITEM, "hub")
    async with house.store.begin() as tx:
        workspace = await a_workspace(house, tx, [hub])
        driver = Driver(workspace, [hub])
        for number in range(1, 3000):
            driver.step(("make", 1, 0))
            record = a_record(workspace, driver.refs[-1], f"{number}")
            link = functools.partial(Link, kind=0, sequence=1, created=workspace.stamp, updated=workspace.stamp)
            workspace.put_link(link(number=workspace.next("link"), parent=hub, child=record.ref))
            assert workspace.parent_count(record.ref) == 1
            driver.refs = driver.refs[-1:]
