"""Doing many operations as one unit of work."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from muster.domain.records.char_types import CATALOG_ITEM, RIGHT, RecordRef
from muster.domain.records.operation import (
    Act,
    Change,
    Create,
    Draft,
    Fetch,
    FetchLink,
    Operation,
    ParentAsk,
    Relate,
    Remove,
    Result,
    Unrelate,
    Unusable,
)
from muster.ports.store.unit import Transaction
from muster.records.doings import DOINGS
from muster.records.work.news import events_of
from muster.records.work.performing import perform
from muster.records.work.workspace import Workspace
from tests.records.house import House

FILMS = 4
"""How many there are at first; operations name a few more, which may or may not be there."""
refs = st.builds(RecordRef, st.sampled_from([CATALOG_ITEM, RIGHT]), st.integers(1, FILMS + 2))
drafts = st.builds(
    Draft,
    title=st.sampled_from([None, "", "a", "b"]),
    template=st.sampled_from([None, 1, 1, 1, 9]),
    values=st.dictionaries(st.sampled_from(["code", "fake"]), st.sampled_from(["", "A", "too long, much"]), max_size=1),
    parents=st.one_of(st.none(), st.tuples(st.builds(ParentAsk, parent=refs))),
    replace_parents=st.booleans(),
)
groups = st.sampled_from([CATALOG_ITEM, RIGHT])
numbers = st.integers(1, FILMS + 2)
operations: st.SearchStrategy[list[Operation]] = st.lists(
    st.one_of(
        st.builds(Create, group=groups, draft=drafts),
        st.builds(Change, group=groups, number=numbers, draft=drafts),
        st.builds(Remove, group=groups, number=numbers),
        st.builds(Fetch, group=groups, number=numbers),
        st.builds(Act, group=groups, number=numbers, action=st.sampled_from([1, 2, 3])),
        st.builds(Relate, group=st.just(0), parent=refs, child=refs, kind=st.sampled_from([0, 0, 2])),
        st.builds(Unrelate, group=st.just(0), number=st.integers(1, 6)),
        st.builds(FetchLink, group=st.just(0), number=st.integers(1, 6)),
        st.builds(Unusable, group=groups),
    ),
    max_size=12,
)


async def a_workspace(house: House, tx: Transaction) -> Workspace:
    return Workspace(tx, await house.desk.scene(tx, house.acting, house.clock.now()))


async def outcome(house: House, tx: Transaction, asked: Sequence[Operation]) -> tuple[Sequence[Result], object]:
    """What came of it, and everything that would be told."""
    workspace = await a_workspace(house, tx)
    performed = await perform(workspace, asked, DOINGS, whole=False)
    return performed.results, list(events_of(workspace))


async def furnished(house: House) -> House:
    films = [await house.have(CATALOG_ITEM, f"film {n}") for n in range(FILMS)]
    await house.link(films[0], films[1])
    await house.link(films[1], await house.have(RIGHT))
    return house


async def test_what_fails_has_no_part_in_what_comes_of_the_rest(house: House) -> None:
    await furnished(house)

    async def try_out(asked: list[Operation]) -> None:
        async with house.store.begin() as tx:
            results, told = await outcome(house, tx, asked)
            good = [one for one, result in zip(asked, results, strict=True) if result.denial is None]
            again, told_again = await outcome(house, tx, good)
        assert list(again) == [result for result in results if result.denial is None]
        assert told_again == told

    for asked in examples(operations, 60):
        await try_out(asked)


async def test_a_whole_batch_that_fails_leaves_the_workspace_as_it_was(house: House) -> None:
    await furnished(house)
    for asked in examples(operations, 40):
        async with house.store.begin() as tx:
            workspace = await a_workspace(house, tx)
            performed = await perform(workspace, [*asked, Unusable(group=CATALOG_ITEM)], DOINGS, whole=True)
            assert not performed.kept
            assert workspace.mark() == 0
            assert workspace.news == []


def examples(strategy: st.SearchStrategy[list[Operation]], count: int) -> list[list[Operation]]:
    """Random cases, for a test that has to wait for the store in each."""
    found: list[list[Operation]] = []

    @settings(max_examples=count, database=None)
    @given(strategy)
    def collect(case: list[Operation]) -> None:
        found.append(case)

    collect()
    return found
