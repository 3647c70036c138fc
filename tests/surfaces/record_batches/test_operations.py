"""From bodies to operations: the vendor's samples, what is refused, and what becomes a result of its own."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.errors import BadInput
from muster.domain.records.amortization import Method, Model, ModelPeriod
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import RecordRef
from muster.domain.records.operation import (
    Act,
    Amortize,
    Change,
    Copy,
    Create,
    Dates,
    Draft,
    Fetch,
    FetchLink,
    Operation,
    Relate,
    Unrelate,
    Unusable,
)
from muster.surfaces.record_batches.translate.lenient import decode
from muster.surfaces.record_batches.translate.operations import Asked, read_batch

MODELS = (
    Model(id=1, name="Even", method=Method.STRAIGHT_LINE),
    Model(id=77, name="Curve", periods=(ModelPeriod(id=1, split=Decimal(60)), ModelPeriod(id=2, split=Decimal(40)))),
    Model(id=78, name="Too little", periods=(ModelPeriod(id=1, split=Decimal("99.9")),)),
    Model(id=79, name="Runs", method=Method.WEIGHTED_RUNS, periods=(ModelPeriod(id=1, split=Decimal(80)),)),
    Model(id=80, name="Uncounted", method=Method.PER_RUN),
    Model(id=81, name="Standing still", method=Method.DECLINING_BALANCE, factor=Decimal(0)),
)
BLUEPRINT = Blueprint(models=MODELS)

COPY_SAMPLE = b"""
{
    "method": "COPY",
    "records": {
        "2": [
            {
                "copyRelationships": [
                    {
                        "id": 971252653,
                        "relationshipType": {
                            "relationshipTypeId": 0,
                            "relationshipTypeName": "Default"
                        },
                        "parentCharTypeId": 4,
                        "parentRecordId": 4123,
                        "parentTemplate": {
                            "templateId": 1,
                        },
                        "childCharTypeId": 2,
                        "childRecordId": 402
                    }
                ],
                "title":"New Title of Record",
                "id": 402,
                "template":{
                    "templateId": 1
                },
                "dateMathOption": "Default" // "Default", "OriginalRecord", or "CopiedRecord"
            }
        ]
    },
    "batchOptions":{
        "cancelIfRecordFails": true
    }
}
"""


def read(body: object) -> Asked:
    return read_batch(body, BLUEPRINT)


def only(method: str, entry: Mapping[str, object], group: str = "1") -> Operation:
    """The operation that one entry becomes."""
    (operation,) = read({"method": method, "records": {group: [entry]}, "amortizationModelId": 1}).operations
    return operation


# --- The vendor's samples ----------------------------------------------------------------------------------------


def test_the_sample_that_reads_records_and_a_relationship() -> None:
    asked = read(
        {
            "method": "GET",
            "batchOptions": {"cancelIfRecordFails": False},
            "records": {"1": [{"id": 100}, {"id": 101}], "3": [{"id": 200}, {"id": 201}]},
            "relationships": [{"id": 301}],
        }
    )
    fetched = [Fetch(group=group, number=number) for group, number in [(1, 100), (1, 101), (3, 200), (3, 201)]]
    assert asked == Asked(
        method="GET", whole=False, operations=(*fetched, FetchLink(group=0, number=301)), groups=(1, 3)
    )


def test_the_sample_that_creates_contacts() -> None:
    person = {
        "title": "Person 1",
        "template": {"templateId": 1},
        "characteristics": {"first_name": "John", "last_name": "Smith", "department": "Sales"},
        "referenceId": "contact1",
    }
    asked = read({"method": "POST", "records": {"2": [person]}, "batchOptions": {"cancelIfRecordFails": True}})
    draft = Draft(
        title="Person 1",
        template=1,
        values={"first_name": "John", "last_name": "Smith", "department": "Sales"},
    )
    assert asked.whole
    assert asked.operations == (Create(group=2, reference="contact1", draft=draft),)


def test_the_sample_that_copies_with_its_comment_and_its_trailing_comma() -> None:
    asked = read(decode(COPY_SAMPLE))
    assert asked.whole
    assert asked.operations == (Copy(group=2, number=402, title="New Title of Record", template=1, links=(971252653,)),)


def test_the_sample_that_copies_to_another_char_type() -> None:
    entry = {
        "copyRelationships": [{"id": 971252653}],
        "charTypeId": 4,
        "title": "New Title of Record",
        "id": 402,
        "template": {"templateId": 12},
        "characteristics": {"first_name": "John"},
        "dateMathOption": "Original Record",
    }
    assert only("COPY", entry, "2") == Copy(
        group=2,
        number=402,
        title="New Title of Record",
        template=12,
        to=4,
        values={"first_name": "John"},
        dates=Dates.ORIGINAL,
        links=(971252653,),
    )


def test_the_sample_that_takes_workflow_actions() -> None:
    asked = read(
        {
            "method": "EXECUTE-WORKFLOW",
            "records": {"1": [{"id": 100, "actionId": 1}], "3": [{"id": 201, "actionId": 4}]},
        }
    )
    assert asked.operations == (Act(group=1, number=100, action=1), Act(group=3, number=201, action=4))


def test_the_samples_that_make_and_delete_relationships() -> None:
    ends = {"parentCharTypeId": 4, "parentRecordId": 4156, "childCharTypeId": 3, "childRecordId": 131262}
    made = read({"method": "POST", "relationships": [ends]})
    gone = read({"method": "DELETE", "relationships": [{"id": 44809801}, {"id": 55489923}]})
    assert made.operations == (Relate(group=0, parent=RecordRef(4, 4156), child=RecordRef(3, 131262)),)
    assert gone.operations == (Unrelate(group=0, number=44809801), Unrelate(group=0, number=55489923))


def test_the_sample_that_amortizes() -> None:
    asked = read({"method": "CALCULATE-AMORTIZATION", "amortizationModelId": 1, "records": {"5": [{"id": 200}]}})
    assert asked.operations == (Amortize(group=5, number=200, model=1),)


# --- What is refused ---------------------------------------------------------------------------------------------

_ENTRY: dict[str, Any] = {"id": 1}
_BATCH: dict[str, Any] = {"method": "GET", "records": {"1": [_ENTRY]}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "Invalid JSON in request body."),
        ("GET", "Invalid JSON in request body."),
        ({}, "Method is required."),
        ({**_BATCH, "method": None}, "Method is required."),
        ({**_BATCH, "method": "  "}, "Method is required."),
        ({**_BATCH, "method": "PATCH"}, "Method 'PATCH' is not supported."),
        ({**_BATCH, "method": 5}, "Method '5' is not supported."),
        ({"method": "GET"}, "Batch must contain at least one record or relationship."),
        (
            {"method": "GET", "records": {}, "relationships": None},
            "Batch must contain at least one record or relationship.",
        ),
        ({"method": "GET", "records": {"1": []}}, "Batch must contain at least one record or relationship."),
        (
            {"method": "GET", "records": {"1": [_ENTRY] * 60}, "relationships": [_ENTRY] * 41},
            "Batch requests are limited to 100 records.",
        ),
        ({"method": "GET", "records": {"99": [_ENTRY]}}, "Invalid char type ID '99'."),
        ({"method": "GET", "records": {"0": [_ENTRY]}}, "Invalid char type ID '0'."),
        ({"method": "GET", "records": {"01": [_ENTRY]}}, "Invalid char type ID '01'."),
        ({"method": "GET", "records": {"x" * 500: [_ENTRY]}}, f"Invalid char type ID '{'x' * 100}'."),
        ({"method": "GET", "records": [_ENTRY]}, "Records must be an object with char type IDs as keys."),
        ({"method": "GET", "records": {"1": _ENTRY}}, "Records for char type 1 must be an array of objects."),
        ({"method": "GET", "records": {"1": [5]}}, "Records for char type 1 must be an array of objects."),
        ({"method": "GET", "records": {"1": [None]}}, "Records for char type 1 must be an array of objects."),
        ({"method": "GET", "relationships": _ENTRY}, "Relationships must be an array of objects."),
        ({"method": "GET", "relationships": [301]}, "Relationships must be an array of objects."),
        ({"method": "PUT", "relationships": [_ENTRY]}, "Method PUT is not supported for relationships."),
        ({"method": "copy", "relationships": [_ENTRY]}, "Method COPY is not supported for relationships."),
        (
            {"method": "CALCULATE-AMORTIZATION", "records": {"1": [_ENTRY]}},
            "Amortization can only be calculated for table records.",
        ),
        ({**_BATCH, "batchOptions": {"cancelIfRecordFails": "true"}}, "cancelIfRecordFails must be true or false."),
        ({**_BATCH, "batchOptions": []}, "BatchOptions must be an object."),
        ({"method": "CALCULATE-AMORTIZATION", "records": {"5": [_ENTRY]}}, "AmortizationModelId is required."),
        (
            {"method": "CALCULATE-AMORTIZATION", "records": {"5": [_ENTRY]}, "amortizationModelId": 12345},
            "Amortization model 12345 does not exist.",
        ),
        (
            {"method": "CALCULATE-AMORTIZATION", "records": {"5": [_ENTRY]}, "amortizationModelId": 78},
            "Amortization model 78 is invalid.",
        ),
        *(
            (
                {"method": "CALCULATE-AMORTIZATION", "records": {"5": [_ENTRY]}, "amortizationModelId": model},
                f"Amortization model {model} is invalid.",
            )
            for model in (79, 80, 81)
        ),
    ],
)
def test_a_batch_that_is_wrong_as_such_is_refused_with_one_sentence(body: object, message: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(body)
    assert refused.value.message == message


def test_a_hundred_entries_are_taken_and_the_limit_can_be_another() -> None:
    body = {"method": "GET", "records": {"1": [_ENTRY] * 60}, "relationships": [_ENTRY] * 40}
    assert len(read(body).operations) == 100
    with pytest.raises(BadInput, match="limited to 99 records"):
        read_batch(body, BLUEPRINT, most=99)


def test_the_first_thing_that_is_wrong_is_told() -> None:
    body: dict[str, object] = {"method": "PUT", "records": {"99": 5}, "relationships": 7, "batchOptions": 1}
    with pytest.raises(BadInput, match="Invalid char type ID"):
        read(body)


# --- Leniency ----------------------------------------------------------------------------------------------------


def test_names_are_read_in_any_case_and_numbers_as_text_and_what_is_unknown_is_ignored() -> None:
    asked = read(
        {"METHOD": " put ", "Records": {"2": [{"Id": " 402 ", "TITLE": "X", "comments": [], "Status": 5}]}, "x": 1}
    )
    assert asked.method == "PUT"
    assert asked.operations == (Change(group=2, number=402, draft=Draft(title="X")),)


def test_relationships_are_deleted_before_records_and_done_after_them_otherwise() -> None:
    body = {"records": {"5": [_ENTRY], "1": [_ENTRY]}, "relationships": [_ENTRY]}
    deleted, found = read({"method": "DELETE", **body}), read({"method": "GET", **body})
    assert [one.group for one in deleted.operations] == [0, 5, 1]
    assert [one.group for one in found.operations] == [5, 1, 0]
    assert found.groups == (5, 1)


def test_an_empty_batch_option_is_none() -> None:
    assert not read({**_BATCH, "batchOptions": None}).whole
    assert not read({**_BATCH, "batchOptions": {"cancelIfRecordFails": None}}).whole


# --- Entries that cannot be read ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "entry"),
    [
        ("GET", {}),
        ("GET", {"id": None}),
        ("GET", {"id": "abc"}),
        ("GET", {"id": Decimal("5.0")}),
        ("GET", {"id": True}),
        ("GET", {"id": 1 << 64}),
        ("PUT", {"title": "no id"}),
        ("POST", {"title": ["x"]}),
        ("POST", {"title": "x", "template": 5}),
        ("POST", {"title": "x", "template": {"templateId": "one"}}),
        ("POST", {"title": "x", "characteristics": []}),
        ("POST", {"title": "x", "parentRelationship": [5]}),
        ("POST", {"title": "x", "parentRelationship": [{"parentRecordId": 5}]}),
        ("POST", {"title": "x", "parentRelationship": [{"parentCharTypeId": 99, "parentRecordId": 5}]}),
        ("POST", {"title": "x", "relationshipUpdateRules": {"rule": "Sometimes"}}),
        ("POST", {"title": "x", "characteristicsExtended": {"day": {"estimated": "yes"}}}),
        ("POST", {"title": "x", "referenceId": {}}),
        ("POST", {"title": "x", "referenceId": "x" * 256}),
        ("EXECUTE-WORKFLOW", {"id": 5}),
        ("EXECUTE-WORKFLOW", {"id": 5, "actionId": "approve"}),
        ("COPY", {"id": 5, "dateMathOption": "Sometimes"}),
        ("COPY", {"id": 5, "charTypeId": 99}),
        ("COPY", {"id": 5, "copyRelationships": [{}]}),
        ("COPY", {"id": 5, "copyRelationships": [5]}),
        ("COPY", {"id": 5, "copyRelationships": "all"}),
        ("COPY", {"id": 5, "copyParties": "no"}),
    ],
)
def test_what_is_wrong_with_an_entry_is_no_reason_to_refuse_the_batch(method: str, entry: Mapping[str, object]) -> None:
    assert isinstance(only(method, entry), Unusable)


def test_an_entry_that_cannot_be_read_keeps_the_id_and_the_reference_that_can() -> None:
    entry = {"id": "5", "actionId": [], "referenceId": "r"}
    assert only("EXECUTE-WORKFLOW", entry) == Unusable(group=1, number=5, reference="r")
    assert only("POST", {"id": 5, "title": []}) == Unusable(group=1)
    assert only("GET", {}) == Unusable(group=1, writes=False)


@pytest.mark.parametrize("missing", ["parentCharTypeId", "parentRecordId", "childCharTypeId", "childRecordId"])
def test_a_relationship_with_an_end_missing_cannot_be_read(missing: str) -> None:
    ends = {"parentCharTypeId": 4, "parentRecordId": 1, "childCharTypeId": 3, "childRecordId": 2, missing: None}
    assert read({"method": "POST", "relationships": [ends]}).operations == (Unusable(group=0),)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        "id",
        "title",
        "template",
        "characteristics",
        "parentRelationship",
        "relationshipUpdateRules",
        "actionId",
        "referenceId",
        "charTypeId",
        "characteristicsExtended",
        "copyRelationships",
        "copyParties",
        "dateMathOption",
    ]
)
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "COPY", "EXECUTE-WORKFLOW"])


@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "COPY", "EXECUTE-WORKFLOW"]),
    st.dictionaries(NAMES, JSON, max_size=5),
)
def test_any_object_at_all_becomes_an_operation(method: str, entry: Mapping[str, object]) -> None:
    assert only(method, entry).group == 1


@given(JSON)
def test_any_body_at_all_is_read_or_refused(body: object) -> None:
    with pytest.raises(BadInput):
        read(body)


# --- What typed clients send ---------------------------------------------------------------------------------------


def test_a_typed_clients_zeros_stand_for_nothing() -> None:
    asked = only("COPY", {"id": 5, "charTypeId": 0, "template": {"templateId": 0}, "copyRelationships": True})
    assert asked == Copy(group=1, number=5, all_links=True)


def test_operations_survive_being_kept_as_json() -> None:
    asked = only("POST", {"title": 2012, "characteristics": {"n": Decimal("1.10")}})
    kept = msgspec.json.Encoder(decimal_format="number").encode(asked)
    assert b'"title":"2012"' in kept
    assert b'"n":1.10' in kept
