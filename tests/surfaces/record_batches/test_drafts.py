"""From the body of a record to what the record is to become."""

from muster.domain.records.char_types import RecordRef
from muster.domain.records.operation import Draft, ParentAsk, Spare
from muster.surfaces.record_batches.translate.bodies import Fields
from muster.surfaces.record_batches.translate.operations import read_change


def test_the_entity_that_the_vendors_client_sends_back_loses_nothing() -> None:
    body = {
        "Id": 100,
        "RevisionId": 0,
        "Title": "Alien",
        "Template": {"TemplateId": 1, "TemplateName": "Feature", "ProcessId": 4, "ProcessName": "Catalog items"},
        "Status": {"StatusId": 1, "StatusName": "Development"},
        "Characteristics": {
            "release_year": "1979",
            "genre": {"id": 1, "value": "Drama"},
            "budget": {"LocAmt": "1.50", "LocSym": "EUR"},
        },
        "Comments": None,
        "ParentRelationship": {
            "Id": 7,
            "RelationshipType": {"RelationshipTypeId": 0},
            "ParentCharTypeId": 4,
            "ParentRecordId": 9,
        },
        "RelationshipUpdateRules": None,
        "ParentRelationshipCount": 1,
        "CreatedDate": "2021-06-23T22:33:11.830Z",
    }
    assert read_change(Fields(body), RecordRef(1, 100)).draft == Draft(
        title="Alien",
        template=1,
        values={
            "release_year": "1979",
            "genre": {"id": 1, "value": "Drama"},
            "budget": {"locAmt": "1.50", "locSym": "EUR"},
        },
        parents=(ParentAsk(parent=RecordRef(4, 9)),),
    )


def test_parents_can_be_replaced_with_exceptions_by_name_or_number() -> None:
    rules = {
        "rule": "ReplaceAll",
        "exceptions": [
            {"parentEntityType": "deal", "parentEntityTemplateIds": ["12"], "childEntityType": "1"},
        ],
    }
    draft = read_change(Fields({"parentRelationship": [], "relationshipUpdateRules": rules}), RecordRef(1, 1)).draft
    assert draft.parents == ()
    assert draft.replace_parents
    assert draft.spared == (Spare(parent_type=4, parent_templates=(12,), child_type=1),)


def test_flags_of_dates_are_read_in_our_words() -> None:
    body = {"characteristicsExtended": {"delivery": {"Estimated": True, "BlockDateMath": False}, "other": None}}
    draft = read_change(Fields(body), RecordRef(1, 1)).draft
    assert draft.flags == {"delivery": {"estimated": True, "blocked": False}}
