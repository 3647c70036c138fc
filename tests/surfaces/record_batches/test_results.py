"""What came of operations, in the vendor's codes and texts."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from muster.domain.records.char_types import RecordRef
from muster.domain.records.operation import Denial, Done, Flaw, FlawKind, Result
from muster.domain.records.record import Record, Stamp, View
from muster.lookup.record_batches import RecordBatchState, Seen
from muster.surfaces.record_batches.translate.results import flaw_text, refusal, render_batch

Row = dict[str, Any]
"""A JSON object."""

_encode = msgspec.json.Encoder(decimal_format="number").encode
_AT = Stamp(datetime(2021, 6, 23, 22, 33, 11, 830_000, UTC), 7)

SEED_SAMPLE = r"""
{
    "batchId": 188181886,
    "batchStatus": "Errored",
    "batchResults": {
        "records": {
            "2": [
                {
                    "code": 400,
                    "message": "{\"IsValid\":false,\"IsLocked\":false,\"IsDeletable\":false,\"Errors\":[{\"Key\":\"CharDataValidation\",\"Value\":[\"Invalid field found fake_field.\"]}],\"HasConflicts\":false,\"HasBlockingConflicts\":false,\"DbValidationErrors\":[]}",
                    "id": 0,
                    "referenceId": "contact1"
                }
            ]
        },
        "relationships": []
    }
}
"""  # noqa: E501 - as the vendor prints it


def told(*results: Result, state: RecordBatchState = RecordBatchState.COMPLETE, groups: tuple[int, ...] = (1,)) -> Row:
    """The batch with these results, as it goes over the wire."""
    seen = Seen(number=1, state=state, method="GET", groups=groups, results=results, total=len(results), open=0)
    found: Row = json.loads(_encode(render_batch(seen)))["batchResults"]
    return found


def a_view(number: int = 5) -> View:
    record = Record(
        ref=RecordRef(1, number),
        template=1,
        status=1,
        title="test",
        values={"budget": {"locAmt": Decimal("1.50")}},
        created=_AT,
        updated=_AT,
        moved=_AT,
    )
    return View(record=record, template_name="Feature", process=0, process_name="", status_name="Active", parents=0)


def test_the_sample_of_a_creation_that_failed_is_told_to_the_letter() -> None:
    failed = Result(
        group=2,
        number=0,
        denial=Denial.FAULTY,
        flaws=(Flaw(kind=FlawKind.UNKNOWN_FIELD, label="fake_field"),),
        reference="contact1",
    )
    undone = Result(group=2, number=8, done=Done.CREATED, reference="contact2")
    seen = Seen(
        number=188181886,
        state=RecordBatchState.ERRORED,
        method="POST",
        groups=(2,),
        results=[failed, undone],
        total=2,
        open=0,
    )
    assert _encode(render_batch(seen)) == _encode(json.loads(SEED_SAMPLE))


def test_before_its_end_a_batch_has_no_results_at_all() -> None:
    seen = Seen(number=5, state=RecordBatchState.IN_PROGRESS, method="GET", groups=(1,), results=None, total=1, open=1)
    told = json.loads(_encode(render_batch(seen)))
    assert told == {"batchId": 5, "batchStatus": "InProgress", "total": 1, "processed": 0}


def test_a_record_that_was_found_is_shown_and_one_that_was_not_has_no_record() -> None:
    found = Result(group=1, number=5, done=Done.FOUND, record=a_view())
    missing = Result(group=1, number=999999, denial=Denial.NOT_FOUND)
    results = told(found, missing)
    assert results["relationships"] == []
    first, second = results["records"]["1"]
    assert (first["code"], first["message"], first["id"]) == (200, "Found.", 5)
    assert first["record"]["template"] == {
        "fields": [],
        "templateId": 1,
        "templateName": "Feature",
        "processId": 0,
        "processName": None,
    }
    assert first["record"]["lastUpdatedDate"] == "2021-06-23T22:33:11.830Z"
    assert "parentRelationship" not in first["record"]
    assert second == {"code": 404, "message": "Record Not Found.", "id": 999999}


def test_char_types_come_in_the_order_of_the_request_and_only_with_results() -> None:
    results = told(
        Result(group=5, number=1, done=Done.DELETED), Result(group=1, number=2, done=Done.DELETED), groups=(5, 1, 4)
    )
    assert list(results["records"]) == ["5", "1"]


def test_a_missing_end_is_told_among_the_records_of_its_char_type() -> None:
    missing = (RecordRef(4, 4958), RecordRef(1, 9999999))
    results = told(Result(group=0, number=0, denial=Denial.END_MISSING, missing=missing), groups=())
    assert results["relationships"] == []
    assert results["records"] == {
        "4": [{"code": 404, "message": "Record Not Found.", "id": 4958}],
        "1": [{"code": 404, "message": "Record Not Found.", "id": 9999999}],
    }


@pytest.mark.parametrize(
    ("state", "listed"),
    [(RecordBatchState.COMPLETE, 2), (RecordBatchState.CANCELLED, 1), (RecordBatchState.ERRORED, 1)],
)
def test_where_nothing_was_done_only_failures_are_listed(state: RecordBatchState, listed: int) -> None:
    results = told(
        Result(group=1, number=5, done=Done.UPDATED), Result(group=1, number=6, denial=Denial.LOCKED), state=state
    )
    assert len(results["records"]["1"]) == listed


def test_a_batch_that_broke_has_both_keys_and_nothing_in_them() -> None:
    assert told(state=RecordBatchState.ERRORED) == {"records": {}, "relationships": []}


@pytest.mark.parametrize("denial", list(Denial))
def test_every_denial_has_a_code_and_a_text(denial: Denial) -> None:
    refused = refusal(Result(group=1, number=5, denial=denial, action=95, status=16))
    assert refused is not None
    code, text = refused
    assert code in {400, 403, 404, 409, 500}
    assert text
    assert "{action}" not in text


@pytest.mark.parametrize("kind", list(FlawKind))
def test_every_flaw_has_a_text_without_gaps(kind: FlawKind) -> None:
    assert "{" not in flaw_text(Flaw(kind=kind, label="label", name="Name", limit=5))


def test_what_somebody_calls_a_field_is_no_pattern() -> None:
    assert flaw_text(Flaw(kind=FlawKind.UNKNOWN_FIELD, label="{limit.x}")) == "Invalid field found {limit.x}."


def test_an_action_that_is_not_available_is_named_by_number() -> None:
    denied = Result(group=1, number=5, denial=Denial.ACTION_NOT_AVAILABLE, action=95, status=16)
    assert refusal(denied) == (403, "Action 95 not available to be taken from status 16")


def test_a_verdict_collects_texts_by_key_and_says_how_the_record_stands() -> None:
    flaws = (
        Flaw(kind=FlawKind.BAD_VALUE, label="genre"),
        Flaw(kind=FlawKind.NO_TITLE),
        Flaw(kind=FlawKind.REQUIRED, label="code", name="Code"),
        Flaw(kind=FlawKind.BAD_VALUE, label="genre"),
    )
    refused = refusal(Result(group=1, number=5, denial=Denial.FAULTY, flaws=flaws, locked=False, deletable=True))
    assert refused is not None
    verdict = json.loads(refused[1])
    assert verdict["IsDeletable"]
    assert verdict["Errors"] == [
        {"Key": "CharDataValidation", "Value": ["Invalid value found for genre.", "Code (code) is required"]},
        {"Key": "TitleValidation", "Value": ["Title is required"]},
    ]
