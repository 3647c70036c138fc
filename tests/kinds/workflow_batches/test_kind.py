"""What an entry becomes."""

from uuid import UUID

import pytest

from muster.domain.entry import EntryState, QueuedEntry
from muster.domain.ids import BatchId
from muster.domain.outcome import Refused
from muster.domain.parcel import Parcel
from muster.kinds.kind import BatchFacts
from muster.kinds.workflow_batches import WorkflowBatches
from muster.kinds.workflow_batches.definition import Definition, StepSetting
from muster.kinds.workflow_batches.kind import DEFAULT_INTRODUCTION
from tests.kinds.workflow_batches.samples import REFUND, a_template

KIND = WorkflowBatches()
BATCH = BatchId(UUID("5b0e2f7a-0000-4000-8000-000000000000"))


def facts(definition: Definition | None = REFUND) -> BatchFacts:
    template = None if definition is None else a_template(definition)
    return BatchFacts(id=BATCH, template=template, link_base="https://m.test/l", link_key=b"secret")


def queued(payload: str, *, position: int = 0, repeats: int = 0) -> QueuedEntry:
    return QueuedEntry(position, EntryState.DISPATCHING, "+1 647 555-0100", payload, 1, repeats)


def parcel(payload: str, definition: Definition = REFUND) -> Parcel:
    (packed,) = KIND.pack(facts(definition), [queued(payload)])
    assert isinstance(packed, Parcel)
    return packed


def test_the_message_is_memo_then_introduction_then_link() -> None:
    packed = parcel('{"title":"t","memo":"Hi Jo,","parameters":{"introductoryMessage":"look here:"}}')

    assert packed.address == "+16475550100"
    assert packed.text.startswith("Hi Jo, look here: https://m.test/l/")


def test_the_template_speaks_where_the_entry_does_not() -> None:
    steps = (StepSetting(name="notification", preset={"introductoryMessage": "See:"}), *REFUND.steps[1:])

    text = parcel('{"title":"t"}', Definition(steps=steps, memo="Dear customer,")).text

    assert text.startswith("Dear customer, See: https://")
    assert parcel('{"title":"t"}').text.startswith(DEFAULT_INTRODUCTION)


def test_links_differ_and_stay_the_same_on_every_attempt() -> None:
    both = [queued('{"title":"t"}', position=n) for n in (0, 1)]

    first, second = KIND.pack(facts(), both), KIND.pack(facts(), both)

    assert first == second
    texts = [one.text for one in first if isinstance(one, Parcel)]
    assert len(set(texts)) == 2
    assert len(texts[0].rpartition("/")[2]) == 22


def test_a_repeat_is_marked() -> None:
    (packed,) = KIND.pack(facts(), [queued('{"title":"t"}', repeats=1)])

    assert isinstance(packed, Parcel)
    assert packed.repeat


def test_what_cannot_be_read_is_refused_and_spares_the_others() -> None:
    packed = KIND.pack(facts(), [queued("{"), queued('{"title":"t"}')])

    assert [type(one) for one in packed] == [Refused, Parcel]
    assert [type(one) for one in KIND.pack(facts(None), [queued("{}")])] == [Refused]


@pytest.mark.parametrize(
    ("address", "form"),
    [("+16475550100", "+16475550100"), ("1 (647) 555-0100", "+16475550100"), ("nobody", "nobody"), ("", "")],
)
def test_numbers_are_compared_in_one_form(address: str, form: str) -> None:
    assert KIND.comparable(address) == form
