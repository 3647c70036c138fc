"""Operations as the entries of a batch, and results as they are kept."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.entry import EntryState, QueuedEntry
from muster.domain.ids import BatchId, BatchNumber
from muster.domain.outcome import Refused
from muster.domain.records.char_types import RecordRef
from muster.domain.records.operation import (
    Act,
    Change,
    Copy,
    Create,
    Dates,
    Denial,
    Done,
    Draft,
    Fetch,
    FlawKind,
    Operation,
    ParentAsk,
    Relate,
    Result,
    Unrelate,
    Unusable,
)
from muster.domain.records.operation import Flaw as OneFlaw
from muster.domain.records.record import Flags, Link, LinkView, Record, Stamp, View
from muster.kinds.kind import BatchFacts, Terms
from muster.kinds.record_batches import entries, results
from muster.kinds.record_batches.kind import RecordBatches

_NUMBERS = st.integers(1, 2**63 - 1)
_EXACT = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20)
_PLAIN = st.none() | st.booleans() | _NUMBERS | st.text(st.characters(exclude_categories=["Cs"])) | _EXACT
_VALUES = st.dictionaries(
    st.text("abc_", min_size=1), _PLAIN | st.lists(_PLAIN) | st.dictionaries(st.text("xyz"), _PLAIN)
)
_DRAFTS = st.builds(
    Draft,
    title=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    template=st.none() | _NUMBERS,
    values=_VALUES,
    parents=st.none() | st.tuples(st.builds(ParentAsk, parent=st.builds(RecordRef, st.just(4), _NUMBERS))),
)
_OPERATIONS = st.one_of(
    st.builds(Fetch, group=st.just(1), number=_NUMBERS),
    st.builds(Create, group=st.just(2), reference=st.none() | st.text("ab"), draft=_DRAFTS),
    st.builds(Change, group=st.just(1), number=_NUMBERS, draft=_DRAFTS),
    st.builds(Copy, group=st.just(1), number=_NUMBERS, values=_VALUES, dates=st.sampled_from(Dates)),
    st.builds(Act, group=st.just(1), number=_NUMBERS, action=_NUMBERS),
    st.builds(Unusable, group=st.just(1)),
)


@given(operation=_OPERATIONS)
def test_an_operation_is_read_as_it_was_written(operation: Operation) -> None:
    assert entries.read(entries.written(operation)) == operation


@given(amount=_EXACT)
def test_exact_numbers_stay_exact(amount: Decimal) -> None:
    operation = Create(group=2, draft=Draft(values={"fee": amount}))
    found = entries.read(entries.written(operation))
    assert isinstance(found, Create)
    assert found.draft.values["fee"] == amount
    assert not isinstance(found.draft.values["fee"], float)


@pytest.mark.parametrize(
    ("operation", "address"),
    [
        (Fetch(group=1, number=100), "catalog-item/100"),
        (Create(group=4, draft=Draft()), "deal"),
        (Unrelate(group=0, number=301), "relationship/301"),
        (Relate(group=0, parent=RecordRef(4, 1), child=RecordRef(3, 2)), "relationship"),
    ],
)
def test_an_entry_says_what_it_is_about(operation: Operation, address: str) -> None:
    assert entries.address(operation) == address


def test_results_are_read_as_they_were_written() -> None:
    stamp = Stamp(datetime(2024, 1, 31, 12, 30, 15, 123000, UTC), 7)
    record = Record(
        ref=RecordRef(1, 5),
        template=1,
        status=16,
        title="Ärger",
        values={"genre": [{"id": 1, "value": "Drama", "xref": "D"}], "fee": Decimal("10.10"), "year": 2024},
        flags={"term_start": Flags(estimated=True)},
        created=stamp,
        updated=stamp,
        moved=stamp,
    )
    link = Link(number=9, kind=0, parent=RecordRef(4, 1), child=record.ref, sequence=9, created=stamp, updated=stamp)
    view = View(record=record, template_name="Feature", process=4, process_name="P", status_name="Greenlit", parents=1)
    told = (
        Result(group=1, number=5, done=Done.FOUND, record=view, reference="a"),
        Result(group=0, number=9, done=Done.CREATED, link=LinkView(link=link, kind_name="Default")),
        Result(
            group=2,
            number=0,
            denial=Denial.FAULTY,
            flaws=(OneFlaw(kind=FlawKind.UNKNOWN_FIELD, label="fake_field"),),
        ),
        Result(group=0, number=0, denial=Denial.END_MISSING, missing=(RecordRef(1, 9999999),)),
    )
    assert results.read(results.written(told)) == told
    assert results.read(results.NO_RESULTS) == ()


def test_nothing_of_it_can_be_carried() -> None:
    entry = QueuedEntry(0, EntryState.ACCEPTED, "deal/1", "{}", 0, 0)
    batch = BatchFacts(
        number=BatchNumber(1), id=BatchId(UUID(int=1)), template=None, link_base="", link_key=b"", terms=Terms()
    )
    assert [type(one) for one in RecordBatches().pack(batch, [entry])] == [Refused]
