"""Requests read field by field, and refusals in the door's words."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from muster.domain.errors import BadInput, NotFound
from muster.domain.fault import Fault
from muster.surfaces.notifications.translate import categories, contacts, subscribers
from muster.surfaces.notifications.translate.reading import MOST_REFERENCES, Reading
from muster.surfaces.notifications.translate.wording import missing, worded

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("NTC-0000-0001"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "users"]), inner, max_size=2),
    max_leaves=8,
)
NAMES = [
    *("name", "description", "shortDescription", "optOutAllowed", "deleteAllowed", "note"),
    *("email", "optOuts", "directories", "recipients"),
]
BODIES = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), JSON, max_size=8)


@given(BODIES)
def test_whatever_a_body_holds_is_read_or_refused_by_its_path(content: dict[str, object]) -> None:
    for read in (categories.read_wish, categories.read_change, contacts.read_wish, contacts.read_change):
        reading = Reading(content)
        assert msgspec.structs.asdict(read(reading))
        assert all(fault.path.partition("[")[0] in content for fault in reading.faults)


@given(BODIES)
def test_whatever_recipients_are_is_read_or_refused_by_its_path(content: dict[str, object]) -> None:
    reading = Reading(content)
    subscribers.read_change(reading)
    assert all(fault.path.startswith(("recipients", "note")) for fault in reading.faults)


def test_what_is_absent_stays_unset_and_null_counts_where_it_may_stand() -> None:
    change = categories.read_change(Reading({"name": None, "description": None, "optOutAllowed": None}))

    assert (change.name, change.description, change.opt_out_allowed, change.note) == (UNSET, None, UNSET, UNSET)


def test_a_list_names_a_thousand_things_at_most() -> None:
    reading = Reading({"optOuts": [{"id": "NTC-0000-0001"}] * (MOST_REFERENCES + 1)})

    assert reading.references("optOuts", "NTC") is UNSET
    assert [fault.path for fault in reading.faults] == ["optOuts"]


def test_an_unknown_thing_is_told_by_the_id_that_was_sent() -> None:
    reading = Reading({"optOuts": [{"id": "NTC-0000-0001"}, {"id": "NTC-0000-0002"}]})
    assert reading.references("optOuts", "NTC") == (1, 2)

    with pytest.raises(BadInput) as refused, worded(reading):
        raise BadInput("no", [Fault("opt_outs[1]", "UNKNOWN_CATEGORY", "there is no such category")])

    assert [(one.path, one.message) for one in refused.value.faults] == [
        ("optOuts[1].id", "Category with id 'NTC-0000-0002' not found")
    ]


def test_a_missing_thing_is_told_by_its_id_as_the_vendor_does() -> None:
    with pytest.raises(NotFound, match="Contact with id 'CTT-1' not found"), missing("Contact", "CTT-1"):
        raise NotFound("no such contact")
    refusal = pytest.raises(BadInput, match="Contact with id 'CTT-1' not found")
    with refusal, missing("Contact", "CTT-1", in_path=False):
        raise NotFound("no such contact")
