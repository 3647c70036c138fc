"""Files of fixtures as text: what can be read, and every fault with its place."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from muster.catalog.fixtures.fields import MOST_FAULTS
from muster.catalog.fixtures.reading import read_fixture
from muster.catalog.fixtures.samples import SAMPLES, sample, title_of
from muster.domain.document import parse
from tests.fakes.clock import FakeClock

NOW = FakeClock().now()


def faults(content: Mapping[str, object]) -> dict[str, str]:
    """The codes by their paths."""
    return {fault.path: fault.code for fault in read_fixture(content, now=NOW).faults}


def said(content: Mapping[str, object]) -> str:
    return "; ".join(fault.message for fault in read_fixture(content, now=NOW).faults)


def contact(**fields: object) -> dict[str, object]:
    return {"contacts": [{"id": "CTT-0000-0001", "email": "ada@example.com", **fields}]}


def batch(**fields: object) -> dict[str, object]:
    rest: dict[str, Any] = {"category": "NTC-0000-0006", "account": "ACC-0000-0001", "subject": "Hello"}
    return {"batches": [{"id": "MST-0000-0000-0001", "created": "2026-01-08T06:31:30Z", **rest, **fields}]}


def message(**fields: object) -> dict[str, object]:
    return batch(messages=[{"contact": "CTT-0000-0001", "status": "Sent", **fields}])


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_sound_and_has_a_title(name: str) -> None:
    fixture = read_fixture(parse(sample(name), "toml"), now=NOW)
    assert (fixture.faults, fixture.references) == ([], [])
    assert title_of(name)


def test_a_word_that_nobody_knows_is_told_with_what_may_be_meant() -> None:
    assert "did you mean contacts" in said({"contact": []})
    assert "did you mean optOuts" in said(contact(optouts=[]))
    assert "did you mean Blocked" in said(contact(status="Block"))
    assert faults(batch(messages=[{"contact": "CTT-0000-0001", "status": "Sent", "at": "x"}])) == {
        "batches[0].messages[0].at": "unknown_field"
    }


def test_every_fault_is_named_at_once() -> None:
    content: dict[str, object] = {
        "accounts": [{"id": "ACC-1", "type": "Vendor"}, "x"],
        "contacts": [
            {"id": "CTT-0000-0001", "email": "nope"},
            {"id": "CTT-0000-0001", "email": "ada@example.com", "optOuts": ["NTC-0000-0006", 7, "NTC"]},
            {"id": "CTT-0000-0002", "email": "ADA@example.com", "blockedReason": "Bounced"},
        ],
        "tokens": [{"id": "TKN-0000-0000", "account": 7}],
    }
    assert faults(content) == {
        "accounts[0].id": "invalid_id",
        "accounts[0].name": "required",
        "accounts[1]": "invalid_type",
        "contacts[0].email": "invalid_email",
        "contacts[1].id": "duplicate",
        "contacts[1].optOuts[1]": "invalid_type",
        "contacts[1].optOuts[2]": "invalid_id",
        "contacts[2].email": "duplicate",
        "contacts[2].blockedReason": "out_of_place",
        "tokens[0].id": "invalid_id",
        "tokens[0].account": "invalid_type",
    }


@pytest.mark.parametrize("text", ["two\nlines", "nul\0", "half \ud800", "x" * 201])
def test_a_name_is_one_line_that_every_store_can_keep(text: str) -> None:
    assert set(faults(contact(name=text))) == {"contacts[0].name"}


@pytest.mark.parametrize("details", [{"a": "\ud800"}, {"a": "\0"}, {"a": "x" * 10_000}, []])
def test_details_are_json_that_every_store_can_keep(details: object) -> None:
    content = {"accounts": [{"id": "ACC-0000-0001", "type": "Client", "name": "A", "details": details}]}
    assert set(faults(content)) == {"accounts[0].details"}


def test_an_id_leaves_room_for_those_to_come() -> None:
    assert faults(contact(id="CTT-9999-9999")) == {"contacts[0].id": "too_high"}
    assert faults(contact(id="CTT-9000-0000")) == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "invalid_token"),
        ("two words", "invalid_token"),
        ("idt:TKN-0000-0004:secret", "invalid_token"),
        ("idt:TKN-0000-0003:", "invalid_token"),
        ("x" * 513, "too_long"),
    ],
)
def test_a_token_that_begins_as_the_vendors_do_names_itself(text: str, code: str) -> None:
    content = {"tokens": [{"id": "TKN-0000-0003", "account": "ACC-0000-0001", "token": text}]}
    assert faults(content) == {"tokens[0].token": code}


@pytest.mark.parametrize("text", ["eyJhbGciOiJub25lIn0.e30.", "idt:TKN-0000-0003:secret"])
def test_a_token_may_be_anything_that_fits_a_header(text: str) -> None:
    assert faults({"tokens": [{"id": "TKN-0000-0003", "account": "ACC-0000-0001", "token": text}]}) == {}


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"status": "Discarded", "sent": "2026-01-09T00:00:00Z"}, "sent", "out_of_place"),
        ({"status": "Sent", "ended": "2026-01-09T00:00:00Z"}, "ended", "out_of_place"),
        ({"status": "Queued", "ended": "2026-01-09T00:00:00Z"}, "ended", "out_of_place"),
        ({"sent": "2026-01-07T00:00:00Z"}, "sent", "too_early"),
        ({"status": "Bounced", "ended": "2026-01-07T00:00:00Z"}, "ended", "too_early"),
        ({"sent": "2999-01-09T00:00:00Z"}, "sent", "in_future"),
        ({"sent": "2026-01-09T00:00:00"}, "sent", "invalid_time"),
        ({"sent": "0001-01-01T00:00:00+14:00"}, "sent", "invalid_time"),
        ({"reason": "Because!"}, "reason", "invalid_reason"),
        ({"status": None}, "status", "required"),
        ({"status": "New"}, "status", "invalid_value"),
        ({"id": "MSG-0000"}, "id", "invalid_id"),
    ],
)
def test_what_became_of_a_message_must_make_sense(fields: dict[str, object], path: str, code: str) -> None:
    assert faults(message(**fields)) == {f"batches[0].messages[0].{path}": code}


def test_nobody_gets_a_batch_twice_and_ten_thousand_do_at_most() -> None:
    one = {"contact": "CTT-0000-0001", "status": "Sent"}
    assert faults(batch(messages=[one, one])) == {"batches[0].messages[1].contact": "duplicate"}
    assert faults(batch(messages=[one] * 10_001)) == {"batches[0].messages": "too_many"}


def test_a_message_without_an_id_may_meet_one_that_has_it() -> None:
    named = {"id": "MSG-0000-0000-0001-0001", "contact": "CTT-0000-0001", "status": "Sent"}
    unnamed = {"contact": "CTT-0000-0002", "status": "Sent"}
    assert faults(batch(messages=[named, unnamed])) == {"batches[0].messages[1].id": "duplicate"}


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ({}, ""),
        ({"text": "a", "base64": "YQ=="}, ""),
        ({"base64": "###"}, ".base64"),
        ({"base64": "é"}, ".base64"),
        ({"path": "a.txt"}, ".path"),
        ({"text": "a", "contentType": "text"}, ".contentType"),
        ({"text": "a", "fileName": "../a.txt"}, ".fileName"),
        ({"text": "a", "fileName": ".."}, ".fileName"),
    ],
)
def test_an_attachment_has_a_name_and_one_content(file: dict[str, object], path: str) -> None:
    whole = {"id": "ATT-0000-0000-0001", "fileName": "a.txt", **file}
    assert set(faults(batch(attachments=[whole]))) == {f"batches[0].attachments[0]{path}"}


def test_a_thousand_faults_are_counted_and_not_all_kept() -> None:
    fixture = read_fixture({"contacts": [{}] * 1_000}, now=NOW)
    assert (len(fixture.faults), fixture.more_faults) == (MOST_FAULTS, 2_000 - MOST_FAULTS)


ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text() | some.just("NTC-0000-0001"),
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(
            some.sampled_from(["id", "email", "recipients", "users", "messages", "attachments", "text", "created"])
            | some.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)
SECTIONS = ["accounts", "buyers", "users", "groups", "tokens", "categories", "contacts", "subscribers", "batches"]


@given(some.dictionaries(some.sampled_from(SECTIONS) | some.text(), ANYTHING, max_size=4))
def test_whatever_a_file_says_is_read_or_refused(content: dict[str, object]) -> None:
    fixture = read_fixture(content, now=NOW)
    assert all(isinstance(fault.message, str) for fault in fixture.faults)
