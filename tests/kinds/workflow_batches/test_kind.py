"""What an entry becomes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.entry import EntryState, QueuedEntry
from muster.domain.ids import BatchId, BatchNumber, entry_id
from muster.domain.outcome import Refused
from muster.domain.parcel import Parcel
from muster.domain.workflow import WorkflowRef
from muster.kinds.kind import BatchFacts, Terms
from muster.kinds.workflow_batches import NAME, SINGLE, WorkflowBatches, next_notice
from muster.kinds.workflow_batches.definition import Definition, StepSetting
from muster.kinds.workflow_batches.kind import DEFAULT_INTRODUCTION, link_token
from muster.kinds.workflow_batches.messages import token_hash
from tests.kinds.workflow_batches.samples import EVERYTHING, PAY, REFUND, a_template

KIND, ALONE = WorkflowBatches(), WorkflowBatches(SINGLE)
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
OWN = (
    '{"title":"t","parameters":{},"definition":{"steps":[{"name":"notification"},{"name":"lookup-profile"}],"days":1}}'
)
BATCH = BatchId(UUID("5b0e2f7a-0000-4000-8000-000000000000"))


def facts(definition: Definition | None = REFUND) -> BatchFacts:
    template = None if definition is None else a_template(definition)
    return BatchFacts(
        number=BatchNumber(7),
        id=BATCH,
        template=template,
        link_base="https://m.test/l",
        link_key=b"secret",
        terms=Terms(),
    )


def queued(payload: str, *, position: int = 0, repeats: int = 0, attempts: int = 1) -> QueuedEntry:
    return QueuedEntry(position, EntryState.DISPATCHING, "+1 647 555-0100", payload, attempts, repeats)


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
    assert len(texts[0].rpartition("/")[2]) == 24


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


def test_a_plain_request_brings_its_own_words() -> None:
    payload = '{"title":"t","definition":{"steps":[{"name":"notification"}],"memo":"From us:"}}'

    (packed,) = ALONE.pack(facts(None), [queued(payload)])

    assert isinstance(packed, Parcel)
    assert packed.text.startswith(f"From us: {DEFAULT_INTRODUCTION} https://m.test/l/")
    assert [type(one) for one in ALONE.pack(facts(None), [queued('{"title":"t"}')])] == [Refused]


def test_a_workflow_opens_under_the_digest_of_the_token_in_its_text() -> None:
    entry = queued('{"title":"t"}', position=3)

    (packed,) = KIND.pack(facts(), [entry])
    (opened,) = KIND.openings(facts(), [entry], at=AT)

    assert isinstance(packed, Parcel)
    token = packed.text.rpartition("/")[2]
    assert token == link_token(b"secret", entry_id(BATCH, 3))
    assert (opened.position, opened.token_hash) == (3, token_hash(token))


@pytest.mark.parametrize(
    ("hours", "definition", "stands"),
    [
        (2, EVERYTHING, timedelta(hours=2)),
        (None, EVERYTHING, timedelta(hours=48)),
        (None, REFUND, timedelta(hours=2160)),
    ],
)
def test_the_entry_decides_how_long_it_stands_then_the_template_then_the_server(
    hours: int | None, definition: Definition, stands: timedelta
) -> None:
    payload = '{"title":"t"}' if hours is None else f'{{"title":"t","hours":{hours}}}'

    (opened,) = KIND.openings(facts(definition), [queued(payload)], at=AT)

    assert opened.expires_at == AT + stands


@pytest.mark.parametrize(("definition", "step"), [(EVERYTHING, 1), (PAY, 3), (REFUND, 1)])
def test_a_workflow_begins_at_the_first_step_that_needs_the_customer(definition: Definition, step: int) -> None:
    (opened,) = KIND.openings(facts(definition), [queued('{"title":"t"}')], at=AT)

    assert opened.step == step


def test_a_plain_request_opens_by_its_own_definition() -> None:
    (opened,) = ALONE.openings(facts(None), [queued(OWN)], at=AT)

    assert (opened.step, opened.expires_at) == (2, AT + timedelta(days=1))
    assert opened.notice_at is None


def test_what_may_be_over_already_is_spoken_of() -> None:
    fresh, again = queued("{}", attempts=0, position=4), queued("{}", attempts=1, position=4)

    assert (KIND.name, KIND.stands_alone, KIND.opens_workflows) == (NAME, False, True)
    assert (ALONE.name, ALONE.stands_alone, ALONE.opens_workflows) == (SINGLE, True, True)
    assert KIND.speaks_of(facts(), fresh) is None
    assert KIND.speaks_of(facts(), again) == ALONE.speaks_of(facts(), fresh) == WorkflowRef(BatchNumber(7), 4)


@given(st.integers(0, 10_000), st.integers(1, 10_000), st.integers(0, 500))
def test_a_reminder_is_one_step_ahead_and_never_in_the_last_part(stands: int, remind: int, quiet: int) -> None:
    terms = Terms(remind=timedelta(minutes=remind), quiet=timedelta(minutes=quiet))
    expires_at = AT + timedelta(minutes=stands)

    due = next_notice(AT, expires_at, terms)

    assert (due is None) == (remind + quiet > stands)
    assert due is None or due == AT + terms.remind
